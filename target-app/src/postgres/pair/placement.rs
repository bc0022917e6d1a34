//! Which zone a standby goes to. Pure.

use std::collections::BTreeSet;

/// A zone for the standby of a primary in `primary`: not a closed one, and not the primary's own
/// unless there is only one; `preferred` if that will do, else the next in order.
pub(super) fn standby_zone<'a>(
    zones: &[&'a str],
    primary: &str,
    closed: &BTreeSet<String>,
    preferred: Option<&str>,
) -> Option<&'a str> {
    let fits = |zone: &&&str| !closed.contains(**zone) && (zones.len() == 1 || **zone != primary);
    let start = zones.iter().position(|zone| *zone == primary).unwrap_or(0);
    let in_order = || zones.iter().cycle().skip(start).take(zones.len());
    in_order()
        .filter(fits)
        .find(|zone| Some(**zone) == preferred)
        .or_else(|| in_order().find(fits))
        .copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(primary: &str, closed: &[&str], preferred: Option<&str>) -> Option<&'static str> {
        let closed = closed.iter().map(ToString::to_string).collect();
        standby_zone(&["a", "b", "c"], primary, &closed, preferred)
    }

    #[test]
    fn the_next_zone_in_order_round_the_end() {
        assert_eq!(place("a", &[], None), Some("b"));
        assert_eq!(place("c", &[], None), Some("a"));
    }

    #[test]
    fn a_preference_is_followed_where_possible() {
        assert_eq!(place("a", &[], Some("c")), Some("c"));
        assert_eq!(place("a", &["c"], Some("c")), Some("b"));
        assert_eq!(place("a", &[], Some("a")), Some("b"));
    }

    #[test]
    fn no_zone_is_left_when_the_others_are_closed() {
        assert_eq!(place("a", &["b", "c"], None), None);
    }

    #[test]
    fn a_single_zone_holds_both() {
        assert_eq!(standby_zone(&["a"], "a", &BTreeSet::new(), None), Some("a"));
    }
}
