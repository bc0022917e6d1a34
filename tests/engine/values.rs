//! Headers, bodies, cookies and captures.

use loadtest::measure::outcome::ErrorKind;
use loadtest::scenario::extract::JsonPath;
use loadtest::scenario::template::Template;
use loadtest::scenario::{Body, Capture, CaptureFrom, Pick, Step};

use crate::bench::{get, once, once_at, one, post, scenario};
use crate::server::Server;

#[test]
fn headers_of_the_scenario_and_the_step_are_joined() {
    let server = Server::start();
    let text = Template::literal;
    let step = Step {
        headers: vec![
            ("X-Both".into(), text("step")),
            ("X-Step".into(), text("1")),
        ],
        body: Body::Json(text(r#"{"a":1}"#)),
        ..post("/created", "")
    };
    let form = Step {
        body: Body::Form(vec![("a".into(), text("1")), ("b".into(), text("x+y"))]),
        ..post("/created", "")
    };
    let hosted = Step {
        headers: vec![("host".into(), text("shop.example"))],
        ..get("/ok")
    };
    let empty = Step {
        body: Body::None,
        ..post("/created", "")
    };
    let mut plan = scenario(vec![step, form, hosted, empty], one());
    plan.http.headers = vec![
        ("x-both".into(), text("scenario")),
        ("User-Agent".into(), text("mine")),
    ];
    let left = once_at(plan, &server);
    assert_eq!(
        left.outcome.totals.iterations_failed,
        0,
        "{:?}",
        left.samples()
    );
    let seen = server.seen();
    assert_eq!(seen[0].headers["x-both"], "step");
    assert_eq!(seen[0].headers["user-agent"], "mine");
    assert_eq!(seen[0].headers["content-type"], "application/json");
    assert_eq!(seen[0].body, r#"{"a":1}"#);
    assert_eq!(
        seen[1].headers["content-type"],
        "application/x-www-form-urlencoded"
    );
    assert_eq!(seen[1].body, "a=1&b=x+y");
    assert_eq!(seen[2].headers["host"], "shop.example");
    assert!(!seen[2].headers.contains_key("content-length"));
    assert_eq!(seen[3].headers["content-length"], "0");
    assert_eq!(left.sum(0).sent, 7);
}

#[test]
fn cookies_live_as_long_as_an_iteration() {
    let server = Server::start();
    let steps = || vec![get("/ok"), get("/set-cookie"), get("/ok")];
    let mut plan = scenario(steps(), crate::bench::arrivals(2.0, 1.0, 1));
    plan.journeys[0].on_failure = loadtest::scenario::OnFailure::Continue;
    crate::bench::run(plan, &server.url());
    let cookies: Vec<bool> = server
        .seen_at("/ok")
        .iter()
        .map(|seen| {
            seen.headers
                .get("cookie")
                .is_some_and(|c| c == "sid=c0ffee")
        })
        .collect();
    assert_eq!(cookies, [false, true, false, true]);

    let without = Server::start();
    let mut plan = scenario(steps(), one());
    plan.http.cookies = false;
    once_at(plan, &without);
    assert!(
        without
            .seen()
            .iter()
            .all(|seen| !seen.headers.contains_key("cookie"))
    );
}

fn capturing(from: CaptureFrom, default: Option<&str>) -> Step {
    Step {
        captures: vec![Capture {
            name: "thing".into(),
            slot: 0,
            from,
            pick: Pick::First,
            default: default.map(str::to_owned),
        }],
        ..get("/json")
    }
}

#[test]
fn a_capture_that_finds_nothing_fails_unless_it_has_a_default() {
    let path = |text: &str| CaptureFrom::Json(JsonPath::parse(text).unwrap());
    let (left, _server) = once(vec![
        capturing(path("$.token"), None),
        capturing(path("$.missing"), None),
        capturing(path("$.missing"), Some("x")),
        capturing(CaptureFrom::Header("x-number".into()), None),
        capturing(CaptureFrom::Cookie("sid".into()), None),
    ]);
    for step in [0, 2, 3] {
        assert_eq!(left.sum(step).ok, 1, "step {step}: {:?}", left.samples());
    }
    for step in [1, 4] {
        assert_eq!(
            left.sum(step).errors,
            [(ErrorKind::Capture, 1)],
            "step {step}"
        );
    }
}
