//! Which runs may be compared with each other.

use sha2::{Digest, Sha256};

use crate::report::Summary;

const DIGITS: usize = 12;

/// What has to be the same in two runs for a difference of their figures to mean anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fingerprint {
    /// Hash of the scenario's text and of the command line's changes: load model, data, target.
    scenario: String,
    /// The class of machine that made the load.
    runner: String,
    /// What was loaded, in words.
    topology: String,
}

impl Fingerprint {
    /// Of a run.
    #[must_use]
    pub fn of(run: &Summary) -> Self {
        Self {
            scenario: run.run.hash.clone(),
            runner: run.run.machine.clone().unwrap_or_default(),
            topology: run.run.topology.clone().unwrap_or_default(),
        }
    }

    /// As a folder's name.
    #[must_use]
    pub fn digest(&self) -> String {
        let mut hash = Sha256::new();
        for part in [&self.scenario, &self.runner, &self.topology] {
            hash.update(part.as_bytes());
            hash.update([0]);
        }
        let digest = hash.finalize();
        let digits: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        digits[..DIGITS].to_owned()
    }

    /// Why runs of these two are not compared; empty: they are.
    #[must_use]
    pub fn differences(&self, other: &Self) -> Vec<String> {
        let mut reasons = Vec::new();
        if self.scenario != other.scenario {
            let why = "the scenario's text, or what the command line changed in it, is another";
            reasons.push(why.to_owned());
        }
        for (what, mine, theirs) in [
            ("made on", &self.runner, &other.runner),
            ("against", &self.topology, &other.topology),
        ] {
            if mine != theirs {
                reasons.push(format!(
                    "{what} {}, not {}",
                    or_unknown(theirs),
                    or_unknown(mine)
                ));
            }
        }
        reasons
    }
}

fn or_unknown(text: &str) -> String {
    match text {
        "" => "something unknown".to_owned(),
        text => format!("\"{text}\""),
    }
}
