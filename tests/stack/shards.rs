//! Orders divided over two primaries by customer: everybody finds theirs, and one of the two may be
//! lost without the other's customers noticing.

use std::collections::BTreeSet;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use target_app::api::{Action, ChangeRequest, FailoverMode, StackStatus};

use crate::harness::{User, settled_books};
use crate::shopper::Shopper;

const TWO_SHARDS: &str = "description = \"x\"
[stack]
zones = [\"a\", \"b\"]
replicas = 2
products = 20
customers = 10
order_shards = 2
mail = true
";

/// Somebody who buys.
struct Customer {
    http: reqwest::Client,
    url: String,
    token: String,
}

impl Customer {
    /// Customer 1 is at home in shard 2, customer 2 in shard 1, and so on.
    async fn seeded(number: u32, url: &str) -> Self {
        let who = json!({
            "email": format!("customer{number}@example.test"),
            "password": format!("secret-{number}"),
        });
        Self::enter("sessions", &who, url).await
    }

    async fn new(name: &str, url: &str) -> Self {
        let email = format!("{name}@example.test");
        let who = json!({ "email": email, "name": name, "password": "secret of mine" });
        Self::enter("customers", &who, url).await
    }

    async fn enter(how: &str, who: &Value, url: &str) -> Self {
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let answer = http.post(format!("{url}/api/{how}")).json(who);
        let session: Value = answer.send().await.unwrap().json().await.unwrap();
        let token = session["token"]
            .as_str()
            .unwrap_or_else(|| panic!("{session}"));
        Self {
            token: token.to_owned(),
            url: url.to_owned(),
            http,
        }
    }

    async fn call(
        &self,
        method: Method,
        path: &str,
        key: &str,
        body: &Value,
    ) -> (StatusCode, Value) {
        let call = self.http.request(method, format!("{}{path}", self.url));
        let call = call.bearer_auth(&self.token).header("Idempotency-Key", key);
        let answer = call.json(body).send().await.unwrap();
        let status = answer.status();
        (status, answer.json().await.unwrap_or_default())
    }

    async fn get(&self, path: &str) -> (StatusCode, Value) {
        self.call(Method::GET, path, "none", &Value::Null).await
    }

    /// Puts something into the cart and orders it.
    async fn buys(&self, key: &str) -> Value {
        let item = json!({ "product": 3, "quantity": 2 });
        let (status, cart) = self.call(Method::POST, "/api/cart/items", key, &item).await;
        assert_eq!(status, 200, "{cart}");
        let (status, order) = self
            .call(Method::POST, "/api/orders", key, &json!({}))
            .await;
        assert_eq!(status, 201, "{order}");
        order
    }
}

fn topology(user: &User) -> String {
    user.file("two-shards.toml", TWO_SHARDS)
}

#[tokio::test]
async fn everybody_finds_theirs_and_the_books_are_of_both() {
    let user = User::new();
    let stack = user.up(&["--topology", &topology(&user)]);
    let status = stack.status().await;
    assert_eq!((status.shards.len(), status.healthy), (1, true));
    let url = &status.edge_url;
    // Eleven and twelve registered after the second database was filled.
    let customers = [
        Customer::seeded(1, url).await,
        Customer::seeded(2, url).await,
        Customer::new("eleven", url).await,
        Customer::new("twelve", url).await,
    ];
    let mut numbers = BTreeSet::new();
    for (index, customer) in customers.iter().enumerate() {
        let key = format!("key-{index}");
        let order = customer.buys(&key).await;
        numbers.insert(order["id"].as_i64());
        let (_, read) = customer.get(&format!("/api/orders/by-key/{key}")).await;
        assert_eq!((&read["id"], &read["copies"]), (&order["id"], &json!(1)));
        let (_, history) = customer.get("/api/orders").await;
        assert_eq!(history["items"], json!([order]), "and nobody else's");
        assert_eq!(customer.get("/api/cart").await.1["items"], json!([]));
        let again = json!({ "items": [{ "product": 3, "quantity": 1 }] });
        let (status, same) = customer
            .call(Method::POST, "/api/orders", &key, &again)
            .await;
        assert_eq!((status, &same["id"]), (StatusCode::OK, &order["id"]));
    }
    assert_eq!(numbers.len(), 4, "no number twice");
    assert_eq!(customers[0].get("/api/orders/by-key/nobodys").await.0, 404);

    let found = settled_books(&status).await;
    assert_eq!(found["ok"], true, "{found}");
    assert_eq!((&found["orders"], &found["emails"]), (&json!(4), &json!(4)));

    // A key in both: a second order behind a ledger's back.
    for customer in &customers[..2] {
        customer.buys("shared").await;
    }
    let (_, read) = customers[0].get("/api/orders/by-key/shared").await;
    assert_eq!(read["copies"], 2);
    let found = settled_books(&status).await;
    let broken = found["rules"].as_array().unwrap().iter();
    let broken: Vec<_> = broken.filter(|rule| rule["violations"] != 0).collect();
    assert_eq!(broken.len(), 1, "{found}");
    assert_eq!(broken[0]["name"], "one-shard-per-key");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_loss_of_one_is_not_the_others() {
    let user = User::new();
    let stack = user.up(&["--topology", &topology(&user)]);
    let before = stack.status().await;
    let hit = Shopper::start_as(1, &before.edge_url).await;
    let spared = Shopper::start_as(2, &before.edge_url).await;
    let crash = Action::FailOverDatabase {
        mode: FailoverMode::Crash,
        profile: None,
        shard: 2,
    };
    stack.change("crash", crash).await;
    stack.client().undo("crash").await.unwrap();
    let after = stack.status().await;
    assert!(after.healthy, "{:?}", after.problems);
    assert_eq!(after.database, before.database, "the first is left alone");
    let leads_to = |status: &StackStatus| status.shards[0].endpoint_target.clone();
    assert_eq!(leads_to(&before).as_deref(), Some("shard-2-db-1"));
    assert_eq!(leads_to(&after).as_deref(), Some("shard-2-db-2"));
    let bought = hit.confirmed();
    hit.until_confirmed(bought + 5).await;
    assert_eq!(spared.refused(), 0, "of {}", spared.confirmed());
    for shopper in [hit, spared] {
        let (confirmed, lost) = shopper.settle().await;
        assert_eq!(lost, Vec::<String>::new(), "of {confirmed}");
    }
    assert_eq!(settled_books(&after).await["ok"], true);

    let third = Action::FailOverDatabase {
        mode: FailoverMode::Planned,
        profile: None,
        shard: 3,
    };
    let request = ChangeRequest {
        run: "test-run".into(),
        fault: "third".into(),
        action: third,
    };
    let refused = stack.client().change("third", &request).await;
    let refused = refused.unwrap_err().to_string();
    assert!(refused.contains("there is no shard 3"), "{refused}");
}
