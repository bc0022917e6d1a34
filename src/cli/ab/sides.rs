//! What a and b are, from the command line.

use std::path::PathBuf;

use super::AbArgs;
use crate::cli::UsageError;
use crate::cli::override_args::OverrideArgs;
use crate::gate::paired::Side;
use crate::report::redact;
use crate::scenario::{self, Overrides, Scenario, Target};

/// One of the two versions.
#[derive(Debug, Clone)]
pub(super) struct Version {
    /// In words, for people.
    pub(super) words: String,
    /// Its scenario.
    pub(super) file: PathBuf,
    /// What the command line changes in it.
    pub(super) overrides: OverrideArgs,
    /// What starts it, and where it then answers; none: it is there.
    pub(super) server: Option<(String, String)>,
}

/// Both versions.
#[derive(Debug, Clone)]
pub(super) struct Versions {
    a: Version,
    b: Version,
}

impl Versions {
    /// Which one.
    pub(super) fn get(&self, side: Side) -> &Version {
        match side {
            Side::A => &self.a,
            Side::B => &self.b,
        }
    }

    /// Of the command line; `first` is what the first file reads as.
    ///
    /// # Errors
    /// It does not say what is compared with what.
    pub(super) fn of(args: &AbArgs, first: &Scenario) -> Result<Self, UsageError> {
        let version = |words: String, file: &PathBuf| Version {
            words,
            file: file.clone(),
            overrides: args.overrides.clone(),
            server: None,
        };
        match (&args.files[..], args.urls(), args.commands()) {
            ([a, b], None, None) => Ok(Self {
                a: version(a.display().to_string(), a),
                b: version(b.display().to_string(), b),
            }),
            ([file], Some([a, b]), None) => {
                let at = |url: &String| Version {
                    overrides: OverrideArgs {
                        target: Some(url.clone()),
                        ..args.overrides.clone()
                    },
                    ..version(redact::text(url), file)
                };
                Ok(Self { a: at(a), b: at(b) })
            }
            ([file], None, Some([a, b])) => {
                let url = match &first.target {
                    Target::Url(url) => url.trim_end_matches('/').to_owned(),
                    Target::Stack(_) => return Err(UsageError(NOT_THE_SHOP.to_owned())),
                };
                let by = |command: &String| Version {
                    server: Some((command.clone(), url.clone())),
                    ..version(format!("“{}”", shown(command)), file)
                };
                Ok(Self { a: by(a), b: by(b) })
            }
            _ => Err(UsageError(match &first.target {
                Target::Stack(_) if args.files.len() == 1 => NOT_THE_SHOP.to_owned(),
                _ => TWO_SIDES.to_owned(),
            })),
        }
    }
}

/// A command without its secrets, as far as they can be told by their names.
fn shown(command: &str) -> String {
    let words: Vec<String> = command.split(' ').map(redact::argument).collect();
    words.join(" ")
}

const TWO_SIDES: &str = "it is not said what is compared with what\n  next: give two targets \
     (--a URL --b URL), two commands that start a server at the scenario's target (--a-cmd … --b-cmd …), \
     or two scenario files";

const NOT_THE_SHOP: &str = "two revisions of the bundled shop cannot be tested against each other: it is part of \
     this very binary, so there is only one of it\n  next: give two targets (--a URL --b URL), a target for two \
     commands (-t URL --a-cmd … --b-cmd …), or two scenario files that set the stack up differently";

/// The scenario as this version runs it in a pair.
///
/// # Errors
/// It has mistakes.
pub(super) fn read(version: &Version, seed: Option<u64>) -> Result<Scenario, UsageError> {
    let overrides = Overrides {
        seed: seed.or(version.overrides.seed),
        ..version.overrides.overrides()
    };
    scenario::load(&version.file, &overrides).map_err(|mistakes| UsageError(mistakes.to_string()))
}
