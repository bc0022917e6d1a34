//! Target, defaults, data, loads, journeys.

use super::*;

#[test]
fn targets() {
    let Target::Stack(target) = stack("").target else {
        panic!("not a stack")
    };
    assert_eq!(target.spec, target_app::api::StackSpec::default());
    let text = SHORTEST.replace("target = \"http://127.0.0.1:8080/\"", "");
    let scenario = sound(&format!(
        "{text}\n[target]\nstack = \"local\"\nreplicas = 5\nzones = [\"x\", \"y\"]\nfailover = \"rds\"\nreplication = \"asynchronous\""
    ));
    let Target::Stack(target) = scenario.target else {
        panic!("not a stack")
    };
    assert_eq!(target.spec.replicas, 5);
    assert_eq!(target.spec.zones, ["x", "y"]);
    assert_eq!(target.spec.failover, target_app::api::FailoverProfile::Rds);
    assert_eq!(
        target.spec.replication,
        target_app::api::Replication::Asynchronous
    );
    let scenario = sound(&format!(
        "{text}\n[target]\nbase_url = \"https://${{env('HOST', 'shop.test')}}:8443/x\""
    ));
    assert_eq!(
        scenario.target,
        Target::Url("https://shop.test:8443/x".into())
    );
}

#[test]
fn a_topology_is_what_a_stack_is_where_the_target_says_nothing_else() {
    let text = SHORTEST.replace("target = \"http://127.0.0.1:8080/\"", "");
    let topology = |more: &str| {
        let scenario = sound(&format!("{text}\n[target]\nstack = \"local\"\n{more}"));
        let Target::Stack(stack) = scenario.target else {
            panic!("it is a stack: {:?}", scenario.target)
        };
        stack.spec
    };
    let default = target_app::api::StackSpec::default();
    assert_eq!(topology("topology = \"three-zone\""), default);
    let wider = topology("topology = \"three-zone\"\nreplicas = 6");
    assert_eq!((wider.replicas, wider.zones), (6, default.zones));
}

#[test]
fn metrics() {
    let scenario = stack(
        r#"
[[metric]]
name = "oldest job"
gauge = 'queue_oldest_seconds{queue="mail"}'
app = "task-runner"

[[metric]]
name = "orders"
counter = "orders_total"

[[metric]]
name = "statements"
histogram = "statement_seconds"
quantile = "p99"

[[metric]]
name = "hits"
share = { part = 'answers_total{result="hit"}', whole = "answers_total" }

[[gate]]
metric = "statements"
during = "steady"
expect = ["p95 < 50ms", "total > 10"]
"#,
    );
    let units: Vec<_> = scenario.metrics.iter().map(MetricSpec::unit).collect();
    use MetricUnit::{PerSecond, Ratio, Seconds};
    assert_eq!(units, [Seconds, PerSecond, Seconds, Ratio]);
    let oldest = &scenario.metrics[0];
    assert_eq!(oldest.app.as_deref(), Some("task-runner"));
    let MetricSource::Gauge { of, across } = &oldest.source else {
        panic!("a gauge: {oldest:?}")
    };
    assert_eq!(of.labels, [("queue".to_owned(), "mail".to_owned())]);
    assert_eq!(*across, Across::Max);
    let ids: Vec<_> = scenario.gates.iter().map(|gate| gate.id.as_str()).collect();
    let wanted = [
        "metric:statements/steady/p95",
        "metric:statements/steady/total",
    ];
    assert_eq!(ids, wanted);
    let GateSubject::Metric(check) = &scenario.gates[0].subject else {
        panic!("about a metric: {:?}", scenario.gates[0])
    };
    assert_eq!((check.metric, check.limit), (2, 0.05));
}

#[test]
fn arrivals() {
    let text = r#"
target = "http://127.0.0.1:8080"
[[load]]
journeys = { buy = 1, browse = 3 }
arrivals = [{ to = "40/s", over = "10s" }, { to = "20/s", over = "5s" }, { rate = "1200/min", for = "80s" }]
spread = "poisson"
max_users = 70
[[load]]
name = "trickle"
journey = "browse"
arrivals = { rate = "2/s", for = "1m" }
[[journey]]
name = "buy"
steps = { get = "/" }
[[journey]]
name = "browse"
steps = { get = "/" }
"#;
    let loads = sound(text).loads;
    assert_eq!(loads[0].name, "buy + browse");
    assert_eq!(loads[0].journeys, [(0, 1), (1, 3)]);
    let segment = |from, to, s| RateSegment {
        from,
        to,
        over: Duration::from_secs(s),
    };
    let shape = Shape::Arrivals {
        segments: vec![
            segment(0.0, 40.0, 10),
            segment(40.0, 20.0, 5),
            segment(20.0, 20.0, 80),
        ],
        spread: Spread::Poisson,
        max_users: 70,
    };
    assert_eq!(loads[0].shape, shape);
    assert_eq!(loads[1].name, "trickle");
    let shape = Shape::Arrivals {
        segments: vec![segment(2.0, 2.0, 60)],
        spread: Spread::Even,
        max_users: 50,
    };
    assert_eq!(loads[1].shape, shape);
}

#[test]
fn users() {
    let text = SHORTEST.replace(
        "{ count = 2, for = \"10s\" }",
        "[{ from = 0, to = 25, over = \"10s\" }, { count = 25, for = \"80s\" }]",
    );
    let segment = |from, to, s| UserSegment {
        from,
        to,
        over: Duration::from_secs(s),
    };
    let shape = Shape::Users {
        segments: vec![segment(0, 25, 10), segment(25, 25, 80)],
        at_once: false,
    };
    assert_eq!(sound(&text).loads[0].shape, shape);
}

#[test]
fn think_times_and_what_a_journey_does() {
    for (written, think) in [
        ("\"none\"", Think::None),
        ("\"0s\"", Think::None),
        ("\"300ms\"", Think::Constant(ms(300))),
        ("\"100ms..600ms\"", Think::Uniform(ms(100), ms(600))),
        ("\"100ms .. 0.6s\"", Think::Uniform(ms(100), ms(600))),
        ("{ exponential = \"800ms\" }", Think::Exponential(ms(800))),
    ] {
        let text = format!(
            "think = {written}\npacing = \"2s\"\non_failure = \"continue\"\nsteps = {{ get = \"/\", think = {written} }}"
        );
        let scenario = steps(&text);
        assert_eq!(scenario.journeys[0].think, think, "{written}");
        assert_eq!(scenario.steps[0].think, Some(think), "{written}");
        assert_eq!(scenario.journeys[0].pacing, Some(ms(2_000)));
        assert_eq!(scenario.journeys[0].on_failure, OnFailure::Continue);
    }
}

#[test]
fn data_sets() {
    let scenario = with("[data.customers]\ncsv = \"data/customers.csv\"\norder = \"unique\"");
    let set = &scenario.data[0];
    assert_eq!(
        (set.name.as_str(), set.order),
        ("customers", DataOrder::Unique)
    );
    assert_eq!(set.columns, ["email", "password"]);
    assert_eq!(set.rows, [["ada@x.test", "one"], ["bob@x.test", "two"]]);
}

#[test]
fn http_defaults_and_secrets() {
    let scenario = with(
        "[http]\ntimeout = \"5s\"\nredirects = false\ncookies = false\ninsecure = true\nheaders = { Authorization = \"Bearer ${env.API_KEY}\" }",
    );
    let http = &scenario.http;
    assert_eq!(http.timeout, ms(5_000));
    assert!(!http.redirects && !http.cookies && http.insecure);
    assert_eq!(render(&http.headers[0].1), "Bearer s3cr3t");
    assert!(http.headers[0].1.is_secret());
    assert_eq!(scenario.steps[0].timeout, ms(5_000));
    // Whoever prints a scenario prints no secret.
    assert!(!format!("{scenario:?}").contains("s3cr3t"));
}

#[test]
fn the_way_to_the_target() {
    let http = with(
        "[http]\nconnections = \"per-iteration\"\ncompression = [\"br\", \"gzip\"]\n\
         proxy = \"http://ada:${env.PROXY_PASSWORD}@[::1]:3128\"\n\
         [http.tls]\nca = [\"ca.pem\"]\ncertificate = \"client.pem\"\nkey = \"client.key\"\n\
         server_name = \"shop.test\"\nmin_version = \"1.3\"\nresumption = false",
    )
    .http;
    assert_eq!(http.connections, ConnectionReuse::PerIteration);
    assert_eq!(http.compression, [Coding::Brotli, Coding::Gzip]);
    let proxy = http.proxy.as_ref().unwrap();
    assert_eq!((proxy.host.as_str(), proxy.port), ("::1", 3128));
    // `ada:p@ss`
    assert_eq!(proxy.authorization.as_deref(), Some("Basic YWRhOnBAc3M="));
    assert_eq!(http.tls.authorities.len(), 1);
    assert_eq!(http.tls.identity.as_ref().unwrap().chain.len(), 1);
    assert_eq!(http.tls.min_version, TlsVersion::V1_3);
    assert!(!http.tls.resumption);
    // Whoever prints a scenario prints no secret.
    let printed = format!("{http:?}");
    assert!(
        !printed.contains("YWRh") && !printed.contains("p@ss"),
        "{printed}"
    );
}

#[test]
fn a_target_may_be_a_unix_socket() {
    let text = SHORTEST.replace("http://127.0.0.1:8080", "unix:/run/app.sock");
    let scenario = sound(&text);
    assert_eq!(scenario.target, Target::Url("unix:/run/app.sock".into()));
}

#[test]
fn whoever_verifies_no_certificate_is_told() {
    let text = format!("{SHORTEST}\n[http]\ninsecure = true");
    let told = parse_with(&text, &Overrides::default()).unwrap().warnings;
    assert_eq!(told.0.len(), 1);
    assert!(
        told.0[0]
            .message
            .starts_with("certificates are not verified")
    );
}
