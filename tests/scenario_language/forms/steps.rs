//! Requests and what is done with their answers.

use super::*;

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
