//! What a topology states of its parts, in words: a rate says nothing without it.

use target_app::api::{Confirm, StackSpec};

/// One phrase for each part: `4 pods, each 4 requests at once at 50ms`.
#[must_use]
pub fn words(spec: &StackSpec) -> Vec<String> {
    let several = |count: u32, one: &str| match count {
        1 => format!("1 {one}"),
        count => format!("{count} {one}s"),
    };
    let mut words = Vec::new();
    let pods = several(spec.replicas, "pod");
    let each = if spec.replicas == 1 { "" } else { "each " };
    words.push(match spec.service_time.zip(spec.concurrency) {
        Some((time, at_once)) => {
            format!("{pods}, {each}{at_once} requests at once, {time} a request")
        }
        None => format!("{pods}, as fast as this machine"),
    });
    words.extend(spec.database_time.map(|time| {
        let (read, write) = (time.read, time.write);
        let costs = format!("{read} a read and {write} a write");
        match spec.database_concurrency {
            Some(at_once) => format!("the database {at_once} at once, {costs}"),
            None => format!("the database in the same slots, {costs}"),
        }
    }));
    words.extend((spec.order_shards > 1).then(|| {
        let shards = spec.order_shards;
        format!("orders divided over {shards} such databases by customer")
    }));
    words.extend((spec.read_replicas > 0).then(|| several(spec.read_replicas, "read replica")));
    words.extend(spec.cache.as_ref().map(|cache| match &cache.redis {
        None => format!("each pod keeps the catalogue for {}", cache.ttl),
        Some(_) => format!("a Redis keeps the catalogue for {}", cache.ttl),
    }));
    words.extend(spec.cdn.then(|| "a CDN keeps the catalogue".to_owned()));
    words.extend(spec.distance.map(|distance| {
        let regions: Vec<&str> = spec.regions.keys().map(String::as_str).collect();
        format!("{} {distance} apart", regions.join(" and "))
    }));
    words.extend(spec.confirm_time.map(|time| match spec.confirm {
        Confirm::Inline => format!("a confirmation takes {time} of the request"),
        Confirm::Queued => format!("a confirmation takes {time} of a task runner"),
    }));
    words
}

#[cfg(test)]
mod tests {
    use target_app::topologies::{Topology, bundled};

    use super::*;

    #[test]
    fn a_rung_tells_what_its_rate_hangs_on() {
        let spec = |name| {
            Topology::parse(bundled(name).unwrap(), |_| None)
                .unwrap()
                .stack
        };
        insta::assert_snapshot!(words(&spec("ladder-1-single-server")).join("\n"), @r"
        1 pod, 8 requests at once, 80ms a request
        the database in the same slots, 32ms a read and 64ms a write
        a confirmation takes 800ms of the request
        ");
        insta::assert_snapshot!(words(&spec("ladder-5-cache")).join("\n"), @r"
        4 pods, each 8 requests at once, 80ms a request
        the database 4 at once, 32ms a read and 64ms a write
        1 read replica
        each pod keeps the catalogue for 10s
        a confirmation takes 800ms of the request
        ");
        assert_eq!(
            words(&StackSpec::default()),
            ["3 pods, as fast as this machine"]
        );
    }
}
