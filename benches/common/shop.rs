//! A shop's scenario and answer, on which the hot parts are measured.

use std::fmt::Write as _;
use std::path::Path;

use loadtest::scenario::surroundings::Nowhere;
use loadtest::scenario::template::{Context, Value};
use loadtest::scenario::{self, Overrides, Scenario};

const SHOP: &str = r#"
name = "shop"
[target]
base_url = "http://127.0.0.1"
[[load]]
journey = "shop"
users = [{ count = 1, for = "10s" }]

[[journey]]
name = "shop"

[[journey.step]]
name = "log in"
post = "/api/sessions"
json = { email = "user-${user()}@shop.example" }
capture = { token = "$.token", product = "$.items[1].id" }

[[journey.step]]
name = "order"
post = "/api/orders?for=${product}"
headers = { Authorization = "Bearer ${token}" }
json = { product = "${product}", token = "${token}", quantity = "${random(1, 3)}" }
expect = { status = 201, json = { "$.token" = "present", "$.total" = 10, "$.error" = "absent", "$.items[1].id" = "${product}" } }
"#;

/// A scenario with templates, captures and checks.
pub(crate) fn shop() -> Scenario {
    let parsed = scenario::parse(
        SHOP,
        Path::new("shop.toml"),
        &Overrides::default(),
        &Nowhere,
    );
    match parsed {
        Ok(reading) => reading.scenario,
        Err(mistakes) => panic!("{}", mistakes.render(false)),
    }
}

/// About a kilobyte, as an API answers: a token, a list of products, a total.
pub(crate) fn answer() -> String {
    let mut items = String::new();
    for id in 0..10 {
        let comma = if id > 0 { "," } else { "" };
        let _ = write!(
            items,
            r#"{comma}{{"id":{},"sku":"MUG-{id:04}","name":"Mug number {id}, blue","price_cents":1299,"stock":99}}"#,
            id * 7 + 1
        );
    }
    format!(
        r#"{{"token":"eyJhbGciOiJIUzI1NiJ9.c2hvcHBlcg.abcdef","items":[{items}],"total":10,"page":{{"number":1}}}}"#
    )
}

/// What templates are rendered with.
pub(crate) fn context<'c>(slots: &'c mut [Value], random: &'c mut fastrand::Rng) -> Context<'c> {
    Context {
        slots,
        rows: &[],
        random,
        iteration: 7,
        user: 3,
        run: 1,
    }
}

/// What the first step captured.
pub(crate) fn captured() -> Vec<Value> {
    vec![
        Value::Text("eyJhbGciOiJIUzI1NiJ9.c2hvcHBlcg.abcdef".into()),
        Value::Text("8".into()),
    ]
}
