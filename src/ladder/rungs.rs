//! The bundled ladder, and which part of one is climbed.

use std::ops::RangeInclusive;
use std::str::FromStr;

/// The bundled topologies of the ladder, from the bottom up. A further rung is a line here and a
/// file in `target-app/topologies`.
pub const BUNDLED: &[&str] = &[
    "ladder-1-single-server",
    "ladder-2-apart",
    "ladder-3-load-balancer",
    "ladder-4-read-replicas",
    "ladder-5-cache",
    "ladder-6-cdn",
    "ladder-7-regions",
    "ladder-8-queue",
    "ladder-9-shards",
];

/// What a rung is called: `ladder-3-load-balancer` is the `load balancer`, `mine/two-pods.toml`
/// are `two pods`.
#[must_use]
pub fn name(topology: &str) -> String {
    let file = topology.rsplit('/').next().unwrap_or(topology);
    let stem = file.strip_suffix(".toml").unwrap_or(file);
    let stem = match stem
        .strip_prefix("ladder-")
        .and_then(|rest| rest.split_once('-'))
    {
        Some((number, rest)) if number.parse::<u32>().is_ok() => rest,
        _ => stem,
    };
    stem.replace(['-', '_'], " ")
}

/// Which rungs are climbed, numbered from 1: `3`, `2..4`, `5..`, `..3`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    from: usize,
    to: Option<usize>,
}

impl Part {
    /// Their numbers on a ladder of so many.
    ///
    /// # Errors
    /// None of them is on it.
    pub fn of(&self, rungs: usize) -> Result<RangeInclusive<usize>, String> {
        let to = self.to.unwrap_or(rungs);
        if self.from > rungs || to > rungs {
            return Err(format!("the ladder has rungs 1..{rungs}"));
        }
        Ok(self.from..=to)
    }
}

impl FromStr for Part {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` names no rungs: write 3, 2..4, 5.. or ..3");
        let number = |text: &str| match text.parse() {
            Ok(0) | Err(_) => Err(wrong()),
            Ok(number) => Ok(number),
        };
        let (from, to) = match text.split_once("..") {
            None => (number(text)?, Some(number(text)?)),
            Some(("", "")) => return Err(wrong()),
            Some(("", to)) => (1, Some(number(to)?)),
            Some((from, "")) => (number(from)?, None),
            Some((from, to)) => (number(from)?, Some(number(to)?)),
        };
        match to {
            Some(to) if to < from => Err(wrong()),
            to => Ok(Self { from, to }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rungs_are_called_by_what_they_add() {
        assert_eq!(name("ladder-3-load-balancer"), "load balancer");
        assert_eq!(name("mine/two-pods.toml"), "two pods");
        assert_eq!(name("ladder-of-mine"), "ladder of mine");
    }

    #[test]
    fn a_part_is_a_number_or_a_range() {
        let part = |text: &str| text.parse::<Part>().and_then(|part| part.of(9));
        assert_eq!(part("3"), Ok(3..=3));
        assert_eq!(part("2..4"), Ok(2..=4));
        assert_eq!(part("5.."), Ok(5..=9));
        assert_eq!(part("..3"), Ok(1..=3));
        for wrong in ["0", "..", "4..2", "x", "1..0"] {
            assert!(part(wrong).is_err(), "{wrong}");
        }
        assert_eq!(part("8..12"), Err("the ladder has rungs 1..9".into()));
    }

    #[test]
    fn every_bundled_rung_is_a_bundled_topology() {
        for rung in BUNDLED {
            assert!(target_app::topologies::bundled(rung).is_some(), "{rung}");
        }
    }
}
