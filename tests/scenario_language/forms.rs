//! Every form of the language ends as the right part of the model.

use std::time::Duration;

use loadtest::scenario::template::{Context, Template, Value};
use loadtest::scenario::*;

use super::{parse_with, sound};

const SHORTEST: &str = r#"
target = "http://127.0.0.1:8080/"
load = { users = { count = 2, for = "10s" } }
journey = { name = "a", steps = { get = "/" } }
"#;

/// The shortest scenario with more below it.
fn with(more: &str) -> Scenario {
    sound(&format!("{SHORTEST}\n{more}"))
}

/// A journey of these steps, with data and an environment variable.
fn steps(steps: &str) -> Scenario {
    sound(&format!(
        "target = \"http://127.0.0.1:8080\"\n\
         load = {{ users = {{ count = 2, for = \"10s\" }} }}\n\
         [data.customers]\ncsv = \"data/customers.csv\"\n\
         [[journey]]\nname = \"buy\"\n{steps}"
    ))
}

fn stack(more: &str) -> Scenario {
    sound(&format!(
        "{}\n{more}",
        SHORTEST
            .replace("http://127.0.0.1:8080/", "local")
            .replace("10s", "100s")
    ))
}

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn render(template: &Template) -> String {
    let rows = [vec!["ada@x.test".to_owned(), "o\"ne".to_owned()]];
    let mut slots = vec![Value::Text("a b".into()); 8];
    let mut out = Vec::new();
    let mut context = Context {
        slots: &mut slots,
        rows: &[&rows[0]],
        random: &mut fastrand::Rng::with_seed(1),
        iteration: 4,
        user: 2,
    };
    template.render(&mut context, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn what_is_left_out_has_a_default() {
    let scenario = sound(SHORTEST);
    assert_eq!(scenario.name, "test");
    assert_eq!(scenario.seed, 99);
    assert_eq!(scenario.target, Target::Url("http://127.0.0.1:8080".into()));
    assert_eq!(scenario.http.timeout, Duration::from_secs(30));
    assert!(scenario.http.redirects && scenario.http.cookies && !scenario.http.insecure);
    assert_eq!(scenario.loads[0].name, "a");
    assert_eq!(scenario.steps[0].name, "GET /");
    assert_eq!(scenario.steps[0].timeout, Duration::from_secs(30));
    assert_eq!(scenario.journeys[0].think, Think::None);
    assert_eq!(scenario.journeys[0].on_failure, OnFailure::Stop);
    assert_eq!(scenario.slo.held_for, Duration::from_secs(3));
    assert!((scenario.slo.availability - 0.99).abs() < 1e-12);
    assert_eq!(scenario.guard.healthy_before, Duration::from_secs(3));
    assert_eq!(scenario.load_length(), Duration::from_secs(10));
    assert!(scenario.gates.is_empty() && scenario.faults.is_empty());
}

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
fn methods() {
    let scenario = steps(
        r#"steps = [{ get = "/" }, { post = "/" }, { put = "/" }, { patch = "/" }, { delete = "/" }, { head = "/" }, { options = "/" }, { method = "purge", url = "/", timeout = "2s", redirects = false }]"#,
    );
    let methods: Vec<&str> = scenario
        .steps
        .iter()
        .map(|step| step.method.as_str())
        .collect();
    assert_eq!(
        methods,
        [
            "GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "PURGE"
        ]
    );
    assert_eq!(scenario.steps[7].timeout, ms(2_000));
    assert!(!scenario.steps[7].redirects);
}

#[test]
fn json_bodies_keep_their_order_and_their_types() {
    let scenario = steps(
        r#"
[[journey.step]]
post = "/"
json = { zebra = "${customers.password}", a = [1, 2.0, true, "x"], "${customers.email}" = { n = "${iteration}", t = "n ${iteration}", d = 2026-01-01 } }
"#,
    );
    let Body::Json(template) = &scenario.steps[0].body else {
        panic!("not JSON")
    };
    let text = render(template);
    assert_eq!(
        text,
        r#"{"zebra":"o\"ne","a":[1,2.0,true,"x"],"ada@x.test":{"n":4,"t":"n 4","d":"2026-01-01"}}"#
    );
    assert!(serde_json::from_str::<serde_json::Value>(&text).is_ok());
}

#[test]
fn other_bodies() {
    let scenario = steps(
        r#"
[[journey.step]]
post = "/form"
form = { "full name" = "Ada & ${customers.email}", tag = ["x", 5], ok = true }
[[journey.step]]
post = "/raw"
body = "<a>${customers.email}</a>"
content_type = "application/xml"
[[journey.step]]
post = "/file"
body_file = "order.xml"
"#,
    );
    let Body::Form(fields) = &scenario.steps[0].body else {
        panic!("not a form")
    };
    let fields: Vec<(&str, String)> = fields
        .iter()
        .map(|(n, v)| (n.as_str(), render(v)))
        .collect();
    let text = |text: &str| text.to_owned();
    assert_eq!(
        fields,
        [
            ("full name", text("Ada & ada@x.test")),
            ("tag", text("x")),
            ("tag", text("5")),
            ("ok", text("true")),
        ]
    );
    let Body::Raw(template) = &scenario.steps[1].body else {
        panic!("not raw")
    };
    assert_eq!(render(template), "<a>ada@x.test</a>");
    let (name, value) = &scenario.steps[1].headers[0];
    assert_eq!(
        (name.as_str(), render(value).as_str()),
        ("Content-Type", "application/xml")
    );
    let Body::Raw(template) = &scenario.steps[2].body else {
        panic!("not raw")
    };
    assert!(render(template).starts_with("<order at=\"1"));
}

#[test]
fn expectations() {
    let scenario = steps(
        r#"
[[journey.step]]
get = "/long"
[journey.step.expect]
status = [200, "3xx", "404..410"]
json = { "$.a" = "present", "$.b" = "absent", "$.c" = 5, "$.d" = true, "$.e" = "x ${iteration}", "$.f" = { equals = "present" }, "$.g" = { contains = "y" }, "$.h" = { matches = "^z" } }
headers = { Content-Type = { contains = "json" }, ETag = "present" }
body_contains = ["a", "b ${iteration}"]
body_lacks = "error"
body_matches = 'total: \d+'
within = "500ms"
[[journey.step]]
get = "/short"
expect = "2xx"
"#,
    );
    let expect = &scenario.steps[0].expect;
    let statuses = [
        StatusRule::Exactly(200),
        StatusRule::Between(300, 399),
        StatusRule::Between(404, 410),
    ];
    assert_eq!(expect.status, statuses);
    let rules: Vec<String> = expect
        .json
        .iter()
        .map(|(path, rule)| {
            let rule = match rule {
                ValueRule::Present => "present".to_owned(),
                ValueRule::Absent => "absent".to_owned(),
                ValueRule::Equals(template) => format!("= {}", render(template)),
                ValueRule::Contains(template) => format!("contains {}", render(template)),
                ValueRule::Matches(pattern) => format!("matches z: {}", pattern.is_match(b"z")),
            };
            format!("{} {rule}", path.as_str())
        })
        .collect();
    let expected = [
        "$.a present",
        "$.b absent",
        "$.c = 5",
        "$.d = true",
        "$.e = x 4",
        "$.f = present",
        "$.g contains y",
        "$.h matches z: true",
    ];
    assert_eq!(rules, expected);
    let headers: Vec<&str> = expect
        .headers
        .iter()
        .map(|(name, _)| name.as_str())
        .collect();
    assert_eq!(headers, ["content-type", "etag"]);
    assert_eq!(
        expect.body_contains.iter().map(render).collect::<Vec<_>>(),
        ["a", "b 4"]
    );
    assert_eq!(expect.body_lacks.len(), 1);
    assert!(expect.body_matches.as_ref().unwrap().is_match(b"total: 17"));
    assert_eq!(expect.within, Some(ms(500)));
    assert_eq!(
        scenario.steps[1].expect.status,
        [StatusRule::Between(200, 299)]
    );
}

#[test]
fn captures_and_what_they_are_used_for() {
    let scenario = steps(
        r#"
[[journey.step]]
post = "/login"
capture = { token = "$.token", all = { json = "$..id", pick = "all" }, csrf = { regex = 'c="(\w+)"', pick = "last" }, next = { header = "Location" }, sid = { cookie = "SID", default = 7 } }
[[journey.step]]
get = "${next}"
headers = { X-A = "${token} ${csrf} ${sid}", X-B = "${key = uuid()}" }
[[journey.step]]
put = "/orders/${key}?all=${random_of(all)}"
ledger = { key = "${key}", read_back = "/orders/${key}", copies = "$.copies" }
"#,
    );
    assert_eq!(scenario.slots, 6);
    let found: Vec<(&str, usize, Pick, Option<&str>)> = scenario.steps[0]
        .captures
        .iter()
        .map(|capture| {
            (
                capture.name.as_str(),
                capture.slot,
                capture.pick,
                capture.default.as_deref(),
            )
        })
        .collect();
    let expected = [
        ("token", 0, Pick::First, None),
        ("all", 1, Pick::All, None),
        ("csrf", 2, Pick::Last, None),
        ("next", 3, Pick::First, None),
        ("sid", 4, Pick::First, Some("7")),
    ];
    assert_eq!(found, expected);
    assert!(
        matches!(&scenario.steps[0].captures[3].from, CaptureFrom::Header(name) if name == "location")
    );
    assert!(
        matches!(&scenario.steps[0].captures[4].from, CaptureFrom::Cookie(name) if name == "SID")
    );
    assert_eq!(render(&scenario.steps[1].url), "a%20b");
    let ledger = scenario.steps[2].ledger.as_ref().unwrap();
    assert_eq!(render(&ledger.read_back), "/orders/a%20b");
    assert_eq!(ledger.copies.as_ref().unwrap().as_str(), "$.copies");
}

#[test]
fn slots_are_shared_between_journeys() {
    let scenario = sound(
        r#"
target = "http://127.0.0.1:8080"
load = { journeys = { a = 1, b = 1 }, users = { count = 2, for = "10s" } }
[[journey]]
name = "a"
steps = [{ get = "/", capture = { x = "$.x", y = "$.y" } }, { get = "/${x}${y}" }]
[[journey]]
name = "b"
steps = [{ get = "/", capture = { z = "$.z" } }, { get = "/${z}" }]
"#,
    );
    assert_eq!(scenario.slots, 2);
    assert_eq!(scenario.steps[2].captures[0].slot, 0);
    assert_eq!(scenario.journeys[1].steps, 2..4);
    assert_eq!(scenario.steps[3].journey, 1);
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
fn faults() {
    let scenario = stack(
        r#"
[[fault]]
kind = "pod-kill"
at = "10s"
grace = "2s"
pods = { app = "shop", zone = "b", labels = { tier = "web" }, pick = "50%" }
[[fault]]
name = "hang"
kind = "pod-hang"
after = "pod-kill"
pods = "shop-1"
for = "5s"
[[fault]]
kind = "db-failover"
after = { fault = "hang", recovered_for = "1s" }
[[fault]]
kind = "db-crash"
at = "40s"
profile = "rds"
[[fault]]
kind = "zone-outage"
at = "50s"
zone = "c"
for = "5s"
[[fault]]
kind = "link-delay"
at = "70s"
links = { from = "edge", to = "a" }
delay = "100ms"
jitter = "20ms"
for = "5s"
[[fault]]
name = "by name"
kind = "link-delay"
at = "80s"
links = "edge->shop-*"
delay = "1ms"
for = "5s"
"#,
    );
    let faults = &scenario.faults;
    let FaultKind::PodKill { pods, grace } = &faults[0].kind else {
        panic!("not a pod-kill")
    };
    assert_eq!(*grace, ms(2_000));
    assert_eq!(
        (pods.app.as_deref(), pods.zone.as_deref()),
        (Some("shop"), Some("b"))
    );
    assert_eq!(pods.labels["tier"], "web");
    assert_eq!(pods.pick, PickCount::Percent(50));
    assert_eq!(faults[0].name, "pod-kill");
    assert_eq!(faults[0].hold, None);
    let FaultKind::PodHang { pods } = &faults[1].kind else {
        panic!("not a pod-hang")
    };
    assert_eq!(
        (pods.name.as_deref(), pods.app.as_deref(), pods.pick),
        (Some("shop-1"), None, PickCount::All)
    );
    let after = |fault, ms_| FaultStart::After {
        fault,
        recovered_for: ms(ms_),
    };
    assert_eq!(faults[1].start, after(0, 5_000));
    assert_eq!(faults[2].start, after(1, 1_000));
    let rds = Some(target_app::api::FailoverProfile::Rds);
    assert_eq!(faults[3].kind, FaultKind::DbCrash { profile: rds });
    assert_eq!(faults[4].kind, FaultKind::ZoneOutage { zone: "c".into() });
    assert_eq!(faults[4].hold, Some(ms(5_000)));
    let FaultKind::LinkDelay {
        links,
        delay,
        jitter,
    } = &faults[5].kind
    else {
        panic!("not a link-delay")
    };
    assert_eq!(
        (links.from.as_deref(), links.to.as_deref()),
        (Some("edge"), Some("a"))
    );
    assert_eq!((*delay, *jitter), (ms(100), ms(20)));
    assert!(
        matches!(&faults[6].kind, FaultKind::LinkDelay { links, .. } if links.name.as_deref() == Some("edge->shop-*"))
    );
}

#[test]
fn guard_and_slo() {
    let scenario = with(
        "[guard]\nhealthy_before = \"5s\"\nabort_when = [\"errors > 60% for 10s\", \"p99 > 5s\"]\n[slo]\navailability = 0.995\np99 = \"1s\"\nheld_for = \"2s\"",
    );
    assert_eq!(scenario.guard.healthy_before, ms(5_000));
    assert_eq!(scenario.guard.wait_at_most, ms(30_000));
    let rule = &scenario.guard.abort_when[0];
    assert_eq!(
        (rule.metric, rule.op, rule.window),
        (Metric::Errors, CompareOp::Greater, ms(10_000))
    );
    assert_eq!(scenario.guard.abort_when[1].window, ms(10_000));
    assert_eq!(
        scenario.slo,
        Slo {
            availability: 0.995,
            p99: Some(ms(1_000)),
            held_for: ms(2_000)
        }
    );
}

#[test]
fn gates_have_stable_ids_without_values() {
    let scenario = stack(
        r#"
[[fault]]
name = "lose / a pod"
kind = "pod-kill"
at = "20s"
[[gate]]
expect = "availability >= 99%"
[[gate]]
on = "journey:a"
during = "steady"
expect = ["p95 < 200ms", "service p99.9 < 1s", "p95 > 1ms", "p95 > 2ms"]
[[gate]]
on = "step:a/GET /"
during = "fault:lose / a pod"
expect = "errors < 5%"
[[gate]]
fault = "lose / a pod"
recovered_within = "15s"
unavailable = "1500ms"
failed_requests = 100
undone = true
"#,
    );
    let ids: Vec<&str> = scenario.gates.iter().map(|gate| gate.id.as_str()).collect();
    let expected = [
        "run/whole/availability",
        "journey:a/steady/p95",
        "journey:a/steady/service_p99.9",
        "journey:a/steady/p95#2",
        "journey:a/steady/p95#3",
        "step:a/GET //fault:lose / a pod/errors",
        "fault:lose / a pod/recovered_within",
        "fault:lose / a pod/unavailable",
        "fault:lose / a pod/failed_requests",
        "fault:lose / a pod/undone",
    ];
    assert_eq!(ids, expected);
    let lines: Vec<usize> = scenario.gates.iter().map(|gate| gate.line).collect();
    assert_eq!(lines, [12, 16, 16, 16, 16, 20, 23, 24, 25, 26]);
    let texts: Vec<&str> = scenario
        .gates
        .iter()
        .map(|gate| gate.text.as_str())
        .collect();
    assert_eq!(texts[0], "availability >= 99%");
    assert_eq!(
        &texts[6..],
        [
            "recovered within 15s",
            "unavailable <= 1.5s",
            "failed requests <= 100",
            "undone"
        ]
    );
    assert_eq!(
        scenario.gates[5].subject,
        GateSubject::Measured {
            scope: Scope::Step(0),
            during: PhaseSelector::Fault(0),
            check: Check {
                metric: Metric::Errors,
                op: CompareOp::Less,
                limit: 0.05
            },
        }
    );
}

#[test]
fn warnings_do_not_stop_a_run() {
    let text = r#"
target = "http://127.0.0.1:8080"
load = { journey = "a", arrivals = { rate = "1/s", for = "10s" } }
[[journey]]
name = "a"
pacing = "1s"
steps = { get = "/", capture = { unused = "$.x" } }
[[journey]]
name = "b"
steps = { get = "/" }
"#;
    let reading = parse_with(text, &Overrides::default()).unwrap();
    let told: Vec<&str> = reading
        .warnings
        .0
        .iter()
        .map(|warning| warning.message.as_str())
        .collect();
    let expected = [
        "the pacing of journey \"a\" has no effect",
        "`unused` is never used",
        "journey \"b\" is in no load: it never runs",
    ];
    assert_eq!(told, expected);
}
