//! What RDS's events mean for a drill. The API gives texts; AWS's handbook gives them ids. Pure.

/// An event of interest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Meaning {
    /// As AWS's handbook numbers it.
    pub(super) id: &'static str,
    pub(super) what: What,
}

/// What it says about the change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    /// It has begun.
    Begun,
    /// Its effect is complete.
    Complete,
    /// It will not happen.
    NotAttempted,
    /// It was tried and did not succeed.
    Failed,
}

/// Words of the text, in small letters, all of which it has.
const TEXTS: [(&str, &[&str], What); 12] = [
    ("0034", &["abandoning", "failover"], What::NotAttempted),
    ("0069", &["cluster failover failed"], What::Failed),
    ("0070", &["promoting previous primary again"], What::Failed),
    (
        "0015",
        &["failover", "complete", "dns propagation"],
        What::Complete,
    ),
    ("0049", &["instance failover completed"], What::Complete),
    ("0051", &["activation completed"], What::Complete),
    ("0071", &["completed failover"], What::Complete),
    ("0013", &["instance failover started"], What::Begun),
    ("0050", &["activation started"], What::Begun),
    ("0072", &["started same az failover"], What::Begun),
    ("0073", &["started cross az failover"], What::Begun),
    ("0006", &["restarted"], What::Complete),
];

/// What an event says; none: nothing about a failover or a restart.
pub(super) fn meaning(message: &str) -> Option<Meaning> {
    let message = message.to_lowercase();
    let mut texts = TEXTS.iter();
    texts
        .find(|(_, words, _)| words.iter().all(|word| message.contains(word)))
        .map(|(id, _, what)| Meaning { id, what: *what })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_as_rds_writes_them_have_their_handbook_s_id() {
        let id = |message| meaning(message).map(|meaning| (meaning.id, meaning.what));
        for (message, wanted) in [
            ("Multi-AZ instance failover started.", ("0013", What::Begun)),
            (
                "Multi-AZ failover to standby complete - DNS propagation may take a few minutes.",
                ("0015", What::Complete),
            ),
            (
                "Abandoning user requested failover since a failover recently occurred on the database instance.",
                ("0034", What::NotAttempted),
            ),
            (
                "Multi-AZ instance failover completed",
                ("0049", What::Complete),
            ),
            (
                "Multi-AZ instance activation completed.",
                ("0051", What::Complete),
            ),
            (
                "Cluster failover failed, check the health of your cluster instances and try again.",
                ("0069", What::Failed),
            ),
            (
                "Completed failover to DB instance: shop-2",
                ("0071", What::Complete),
            ),
            (
                "Started cross AZ failover to DB instance: shop-2",
                ("0073", What::Begun),
            ),
            ("DB instance restarted", ("0006", What::Complete)),
        ] {
            assert_eq!(id(message), Some(wanted), "{message}");
        }
        assert_eq!(id("Backing up DB instance"), None);
    }
}
