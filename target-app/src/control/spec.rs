//! What a stack's specification may say.

use crate::api::{Autoscale, Cache, Confirm, Mischief, StackSpec, VERSION_RULE, is_version};

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
            && !zone.starts_with("shard-")
    };
    if let Some(zone) = zones.iter().find(|zone| !plain(zone)) {
        return Some(format!(
            "zone '{zone}': a zone's name is 1 to 20 letters, digits and '-', and not 'edge', 'database', 'mail' or 'shard-…'"
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
    if spec.read_replicas > 5 {
        return Some(format!(
            "{} read replicas: a stack has at most 5",
            spec.read_replicas
        ));
    }
    if spec.single_server && spec.read_replicas > 0 {
        return Some("single_server with read_replicas: they are servers of their own".into());
    }
    if spec.order_shards == 0 || spec.order_shards > 4 {
        return Some(format!(
            "order_shards = {}: orders are in 1 to 4 databases",
            spec.order_shards
        ));
    }
    if spec.single_server && spec.order_shards > 1 {
        return Some("single_server with order_shards: they are servers of their own".into());
    }
    bad_answers(mischief)
        .or_else(|| bad_version(&spec.version))
        .or_else(|| bad_scaling(spec.autoscale?))
        .or_else(|| regions(spec))
        .or_else(|| stated(spec))
        .or_else(|| mail(spec))
}

fn mail(spec: &StackSpec) -> Option<String> {
    let inline = spec.mail && spec.confirm == Confirm::Inline;
    inline.then(|| "mail with confirm = \"inline\": only task runners send mail".into())
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

/// Each zone is in one region, or there are none.
fn regions(spec: &StackSpec) -> Option<String> {
    if spec.regions.is_empty() {
        let why = "distance without regions: say which zones are in which";
        return spec.distance.map(|_| why.into());
    }
    let named = || spec.regions.values().flatten();
    if let Some(zone) = named().find(|zone| !spec.zones.contains(zone)) {
        return Some(format!("regions: there is no zone '{zone}'"));
    }
    let count = |zone: &&String| named().filter(|named| named == zone).count();
    match spec.zones.iter().find(|zone| count(zone) != 1) {
        Some(zone) => Some(format!(
            "regions: zone '{zone}' is in {} of them, and has to be in one",
            count(&zone)
        )),
        None if spec.distance.is_none() => {
            Some("regions without distance: say how far apart they are".into())
        }
        None => None,
    }
}

/// What is stated in part, or contradicts itself.
fn stated(spec: &StackSpec) -> Option<String> {
    let pods = (spec.service_time.is_some(), spec.concurrency);
    let database = (spec.database_time.is_some(), spec.database_concurrency);
    for (time, at_once, (has_time, count)) in [
        ("service_time", "concurrency", pods),
        ("database_time", "database_concurrency", database),
    ] {
        match (has_time, count) {
            (true, None) if at_once == "database_concurrency" && spec.single_server => {}
            (true, None) => {
                return Some(format!(
                    "{time} without {at_once}: say how many go on at once"
                ));
            }
            (false, Some(_)) => {
                return Some(format!("{at_once} without {time}: say what each takes"));
            }
            (_, Some(0)) => return Some(format!("{at_once} = 0: nothing would ever be done")),
            _ => {}
        }
    }
    let server = spec.single_server.then(|| single_server(spec)).flatten();
    server.or_else(|| cache(spec.cache.as_ref()?))
}

fn cache(cache: &Cache) -> Option<String> {
    match &cache.redis {
        Some(redis) => redis.target().err(),
        None => (cache.entries == 0).then(|| "cache: 0 entries are no cache".into()),
    }
}

fn single_server(spec: &StackSpec) -> Option<String> {
    if spec.replicas != 1 {
        return Some(format!(
            "single_server with {} shop pods: one server has one",
            spec.replicas
        ));
    }
    if spec.database_concurrency.is_some() {
        let why = "single_server with database_concurrency: the database's work takes the pod's slots there";
        return Some(why.into());
    }
    spec.service_time
        .is_none()
        .then(|| "single_server without service_time: there are no slots to share".into())
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
    (!is_version(version)).then(|| format!("version '{version}': a version is {VERSION_RULE}"))
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
        let text = |more: &str| {
            let topology = format!("description = \"x\"\n[stack]\nreplicas = 1\n{more}");
            let read = crate::topologies::Topology::parse(&topology, |_| None);
            objection(&read.unwrap().stack)
        };
        for (more, told) in [
            ("service_time = \"5ms\"", "without concurrency"),
            ("database_concurrency = 2", "without database_time"),
            ("single_server = true", "no slots to share"),
            (
                "cache = { ttl = \"5s\", redis = \"h:6379\" }",
                "no address of a Redis",
            ),
            ("cache = { ttl = \"5s\", entries = 0 }", "no cache"),
            ("read_replicas = 6", "at most 5"),
            ("distance = \"5ms\"", "without regions"),
            (
                "distance = \"5ms\"\nregions = { east = [\"a\"] }",
                "zone 'b' is in 0 of them",
            ),
            (
                "regions = { east = [\"a\", \"b\", \"c\"] }",
                "without distance",
            ),
        ] {
            let words = text(more).unwrap_or_default();
            assert!(words.contains(told), "{more}: {words}");
        }
        assert!(objection(&with(&["a", "edge"])).unwrap().contains("'edge'"));
    }
}
