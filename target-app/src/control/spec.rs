//! What a stack's specification may say.

use crate::api::{Autoscale, Mischief, StackSpec};

/// Why a stack cannot be as specified; `None` when it can.
#[must_use]
pub fn objection(spec: &StackSpec) -> Option<String> {
    let zones = &spec.zones;
    if zones.is_empty() || zones.len() > 9 {
        return Some(format!("{} zones: a stack has one to nine", zones.len()));
    }
    let plain = |zone: &String| {
        (1..=20).contains(&zone.len())
            && zone.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
            && zone != "edge"
            && zone != "database"
            && zone != "mail"
    };
    if let Some(zone) = zones.iter().find(|zone| !plain(zone)) {
        return Some(format!(
            "zone '{zone}': a zone's name is 1 to 20 letters, digits and '-', and not 'edge', 'database' or 'mail'"
        ));
    }
    let twice = |(index, zone): &(usize, &String)| zones[..*index].contains(zone);
    if let Some((_, zone)) = zones.iter().enumerate().find(twice) {
        return Some(format!("zone '{zone}' is there twice"));
    }
    if spec.replicas == 0 || spec.replicas > 50 {
        return Some(format!("{} shop pods: a stack has 1 to 50", spec.replicas));
    }
    if spec.task_runners > 20 {
        return Some(format!(
            "{} task runners: a stack has at most 20",
            spec.task_runners
        ));
    }
    let mischief = &spec.mischief;
    if mischief.drop_order == Some(0) || mischief.double_order == Some(0) {
        return Some("mischief: every 0th order is none; 1 is every order".into());
    }
    bad_answers(mischief)
        .or_else(|| bad_version(&spec.version))
        .or_else(|| bad_scaling(spec.autoscale?))
}

fn bad_scaling(autoscale: Autoscale) -> Option<String> {
    let Autoscale { min, max, .. } = autoscale;
    if min == 0 || min > max || max > 50 {
        return Some(format!(
            "autoscale: {min} to {max} pods: a stack has 1 to 50, and min is not above max"
        ));
    }
    let targets = [autoscale.target_in_flight, autoscale.target_cpu_percent];
    if !targets
        .iter()
        .any(|target| target.is_some_and(|target| target > 0))
    {
        return Some("autoscale: set target_in_flight or target_cpu_percent, above 0".into());
    }
    None
}

/// Why a shop cannot answer so badly; `None` when it can.
pub(super) fn bad_answers(mischief: &Mischief) -> Option<String> {
    match mischief {
        Mischief {
            errors_ppm: Some(ppm),
            ..
        } if !(1..=1_000_000).contains(ppm) => Some(format!(
            "{ppm} parts per million of errors: there are 1 to 1000000"
        )),
        Mischief {
            delay_ms: Some(delay),
            ..
        } if !(1..=60_000).contains(delay) => {
            Some(format!("{delay} ms of delay: there are 1 to 60000"))
        }
        _ => None,
    }
}

/// Why a version cannot be called so; `None` when it can.
pub(super) fn bad_version(version: &str) -> Option<String> {
    let fits = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    let sound = (1..=32).contains(&version.len()) && version.chars().all(fits);
    (!sound).then(|| {
        format!("version '{version}': a version is 1 to 32 letters, digits, '.', '_' and '-'")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_the_default_and_names_what_is_wrong() {
        assert_eq!(objection(&StackSpec::default()), None);
        let with = |zones: &[&str]| StackSpec {
            zones: zones.iter().map(ToString::to_string).collect(),
            ..StackSpec::default()
        };
        assert!(objection(&with(&[])).unwrap().contains("0 zones"));
        assert!(
            objection(&with(&["a", "b", "a"]))
                .unwrap()
                .contains("'a' is there twice")
        );
        assert!(objection(&with(&["a", "edge"])).unwrap().contains("'edge'"));
    }
}
