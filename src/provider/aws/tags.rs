//! What resources remember of a change: tags in AWS's words. Pure.

use crate::provider::{ChangeId, OpenChange, Order};

/// The change's id.
pub(super) const CHANGE: &str = "loadtest:change";
/// The run folder's name.
pub(super) const RUN: &str = "loadtest:run";
/// The fault's name.
pub(super) const FAULT: &str = "loadtest:fault";
/// Followed by a subnet: the access list that it had.
pub(super) const REPLACED: &str = "loadtest:replaced:";
/// What a queue's attribute was: `DelaySeconds=0`.
pub(super) const WAS: &str = "loadtest:was";

/// Letters of a tag's value that every service takes.
const LONGEST: usize = 200;
/// Of a zonal shift's comment.
const LONGEST_COMMENT: usize = 128;

/// Whose doing something is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mark {
    pub(super) change: ChangeId,
    pub(super) run: String,
    pub(super) fault: String,
}

impl Mark {
    /// Of the change that is ordered.
    pub(super) fn of(order: &Order) -> Self {
        Self {
            change: order.id.clone(),
            run: plain(&order.run),
            fault: plain(&order.fault),
        }
    }

    /// As tags.
    pub(super) fn tags(&self) -> [(&'static str, &str); 3] {
        [
            (CHANGE, &self.change.0),
            (RUN, &self.run),
            (FAULT, &self.fault),
        ]
    }

    /// From tags; none: they are not ours.
    pub(super) fn read<'a>(tag: impl Fn(&str) -> Option<&'a str>) -> Option<Self> {
        Some(Self {
            change: ChangeId(tag(CHANGE)?.to_owned()),
            run: tag(RUN).unwrap_or_default().to_owned(),
            fault: tag(FAULT).unwrap_or_default().to_owned(),
        })
    }

    /// As the comment of a zonal shift, which has no tags.
    pub(super) fn comment(&self) -> String {
        let Self { change, run, fault } = self;
        let mut comment = format!("loadtest change={change} run={run} fault={fault}");
        while comment.len() > LONGEST_COMMENT {
            comment.pop();
        }
        comment
    }

    /// From a comment; none: it is not ours.
    pub(super) fn of_comment(comment: &str) -> Option<Self> {
        let (change, rest) = comment
            .strip_prefix("loadtest change=")?
            .split_once(" run=")?;
        let (run, fault) = rest.split_once(" fault=").unwrap_or((rest, ""));
        Some(Self {
            change: ChangeId(change.to_owned()),
            run: run.to_owned(),
            fault: fault.to_owned(),
        })
    }

    /// As the snapshot tells it.
    pub(super) fn open(self, words: String) -> OpenChange {
        OpenChange {
            id: self.change,
            run: self.run,
            fault: self.fault,
            words,
        }
    }
}

/// Only letters that every service takes in a tag.
fn plain(text: &str) -> String {
    let allowed = |c: char| c.is_alphanumeric() || " _.:/=+-@".contains(c);
    text.chars()
        .map(|c| if allowed(c) { c } else { '_' })
        .take(LONGEST)
        .collect()
}

/// Whether the opt-in tag's value opts in: everything but a no.
pub(super) fn allows(value: &str) -> bool {
    let value = value.trim().to_lowercase();
    !matches!(value.as_str(), "false" | "no" | "off" | "0")
}

/// Why something without the opt-in must not be touched.
pub(super) fn no_opt_in(what: &str, allow: &str, value: Option<&str>) -> String {
    match value {
        Some(value) => format!("{what} has the tag {allow} = {value}"),
        None => format!("{what} lacks the tag {allow}: add it to opt in"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark() -> Mark {
        Mark {
            change: ChangeId("0190-abc".into()),
            run: "checkout-2026-11-21".into(),
            fault: "lose zone a".into(),
        }
    }

    #[test]
    fn a_mark_is_read_back_from_its_tags_and_from_its_comment() {
        let mark = mark();
        let tags = mark.tags();
        let tag = |key: &str| {
            tags.iter()
                .find(|(known, _)| *known == key)
                .map(|(_, v)| *v)
        };
        assert_eq!(Mark::read(tag), Some(mark.clone()));
        assert_eq!(Mark::of_comment(&mark.comment()), Some(mark));
        assert_eq!(Mark::of_comment("planned maintenance"), None);
    }

    #[test]
    fn a_long_name_never_cuts_off_the_change() {
        let long = Mark {
            fault: "é".repeat(300),
            ..mark()
        };
        assert!(long.comment().len() <= LONGEST_COMMENT);
        let read = Mark::of_comment(&long.comment()).expect("still ours");
        assert_eq!(read.change, long.change);
    }

    #[test]
    fn a_tag_that_says_no_is_no_opt_in() {
        assert!(allows("true") && allows("") && allows("yes"));
        assert!(!allows("false") && !allows(" No "));
    }
}
