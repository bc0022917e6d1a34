//! Every form an answer can take is read to its end, and nothing else is taken for one.

use std::time::Duration;

use loadtest::measure::outcome::ErrorKind;
use loadtest::scenario::extract::{JsonPath, Pattern};
use loadtest::scenario::template::Template;
use loadtest::scenario::{Expect, StatusRule, Step, ValueRule};

use crate::bench::{get, once, post, scenario, users};

fn containing(path: &str, text: &str) -> Step {
    Step {
        expect: Expect {
            body_contains: vec![Template::literal(text)],
            ..Expect::default()
        },
        ..get(path)
    }
}

#[test]
fn bodies_are_complete_however_they_are_framed() {
    let steps = vec![
        containing("/chunked", "hello world"),
        containing("/interim", "after the hints"),
        containing("/until-close", "until the end"),
        containing("/close", "bye"),
        containing("/slow-body", "first and last"),
        Step {
            method: "HEAD".into(),
            ..get("/head")
        },
        get("/none"),
        get("/ok"),
    ];
    let count = steps.len();
    let (left, server) = once(steps);
    for step in 0..count {
        let sum = left.sum(step);
        assert_eq!(
            (sum.ok, sum.failed),
            (1, 0),
            "step {step}: {:?}",
            left.samples()
        );
    }
    assert_eq!(left.sum(0).received, 11);
    assert_eq!(left.sum(5).received, 0);
    // One connection, and a new one after each answer that closed it.
    assert_eq!(server.connections() - probes(), 3);
}

/// The connection that looks whether the target can be reached.
fn probes() -> usize {
    1
}

#[test]
fn a_body_too_long_to_keep_is_read_and_counted() {
    let (left, server) = once(vec![get("/large"), get("/ok")]);
    assert_eq!(left.sum(0).received, 20 << 20);
    assert_eq!(left.sum(1).ok, 1);
    assert_eq!(server.connections() - probes(), 1);
}

#[test]
fn what_is_no_complete_answer_is_an_error_of_its_kind() {
    let hang = Step {
        timeout: Duration::from_millis(200),
        ..get("/hang")
    };
    let cases = [
        (get("/reset"), ErrorKind::Reset),
        (get("/silent-close"), ErrorKind::Reset),
        (get("/cut"), ErrorKind::Reset),
        (get("/nonsense"), ErrorKind::Protocol),
        (hang, ErrorKind::Timeout),
        (get("/broken"), ErrorKind::Status),
        (get("http://127.0.0.1:1/"), ErrorKind::Connect),
        (get("http://no-such-host.invalid/"), ErrorKind::Dns),
        (get("/loop"), ErrorKind::Protocol),
    ];
    let kinds: Vec<ErrorKind> = cases.iter().map(|(_, kind)| *kind).collect();
    let (left, _server) = once(cases.into_iter().map(|(step, _)| step).collect());
    for (step, kind) in kinds.into_iter().enumerate() {
        assert_eq!(left.sum(step).errors, [(kind, 1)], "step {step}");
    }
    let hung = left.sum(4);
    assert!(hung.service.max() >= 200_000, "{}", hung.service.max());
    let broken = left.samples().into_iter().find(|s| s.step == 5).unwrap();
    assert_eq!(broken.status, Some(503));
    assert_eq!(broken.pod.as_deref(), Some("pod-1"));
    assert_eq!(broken.request, "GET /broken");
    assert!(broken.message.contains("got 503"), "{}", broken.message);
    assert!(!broken.message.contains("s3cret"), "{}", broken.message);
}

#[test]
fn expectations_decide_what_passes() {
    let expecting = |expect: Expect| Step {
        expect,
        ..get("/json")
    };
    let path = |text: &str| JsonPath::parse(text).unwrap();
    let equals = |text: &str| ValueRule::Equals(Template::literal(text));
    let steps = vec![
        expecting(Expect {
            status: vec![StatusRule::Between(200, 299)],
            json: vec![
                (path("$.token"), ValueRule::Present),
                (path("$.none"), ValueRule::Absent),
                (path("$.total"), equals("3")),
                (path("$.items[*].id"), equals("12")),
            ],
            headers: vec![("x-number".into(), equals("7"))],
            body_matches: Some(Pattern::parse("\"id\":1\\d").unwrap()),
            ..Expect::default()
        }),
        expecting(Expect {
            status: vec![StatusRule::Exactly(201)],
            ..Expect::default()
        }),
        expecting(Expect {
            json: vec![(path("$.total"), equals("4"))],
            ..Expect::default()
        }),
        expecting(Expect {
            body_lacks: vec![Template::literal("token")],
            ..Expect::default()
        }),
        expecting(Expect {
            headers: vec![("x-number".into(), equals("8"))],
            ..Expect::default()
        }),
        Step {
            expect: Expect {
                within: Some(Duration::from_millis(5)),
                ..Expect::default()
            },
            ..get("/slow-body")
        },
    ];
    let (left, _server) = once(steps);
    assert_eq!(left.sum(0).ok, 1, "{:?}", left.samples());
    assert_eq!(left.sum(1).errors, [(ErrorKind::Status, 1)]);
    for step in 2..6 {
        assert_eq!(
            left.sum(step).errors,
            [(ErrorKind::Expectation, 1)],
            "step {step}"
        );
    }
    let unequal = left.samples().into_iter().find(|s| s.step == 2).unwrap();
    assert!(
        unequal
            .message
            .starts_with("expected JSON path $.total to be `4`, it is `3`"),
        "{}",
        unequal.message
    );
}

#[test]
fn redirects_keep_or_change_the_method_and_stop_where_told() {
    let steps = vec![
        get("/moved"),
        post("/see-other", "body"),
        post("/kept", "body"),
        Step {
            redirects: false,
            ..get("/moved")
        },
    ];
    let (left, server) = once(steps);
    for step in 0..4 {
        assert_eq!(left.sum(step).ok, 1, "step {step}: {:?}", left.samples());
    }
    let landed: Vec<(String, String, String)> = server
        .seen()
        .into_iter()
        .filter(|seen| seen.path.starts_with("/landed"))
        .map(|seen| (seen.method, seen.path, seen.body))
        .collect();
    let expected = [
        ("GET", "/landed?x=1", ""),
        ("GET", "/landed", ""),
        ("POST", "/landed", "body"),
    ];
    let expected = expected.map(|(a, b, c)| (a.to_owned(), b.to_owned(), c.to_owned()));
    assert_eq!(landed, expected);
}

#[test]
fn an_unreachable_target_is_told_before_anything_starts() {
    let plan = scenario(vec![get("/")], users(1, Duration::from_secs(1)));
    let refused = crate::bench::begin(plan.clone(), "http://127.0.0.1:1", Default::default());
    let text = refused.err().expect("nothing listens there").to_string();
    assert!(
        text.contains("http://127.0.0.1:1 cannot be reached"),
        "{text}"
    );
    assert!(text.contains("next:"), "{text}");
    let bad = crate::bench::begin(plan, "shop.example", Default::default());
    assert!(bad.err().unwrap().to_string().contains("is no target"));
}
