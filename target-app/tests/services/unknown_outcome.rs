//! When the database falls silent: recovery, and honesty about what is not known.

use serde_json::json;

use crate::postgres::database;
use crate::relay::{Mode, Relay};
use crate::stack::{Pod, eventually};

#[tokio::test]
async fn a_commit_without_an_answer_is_told_as_unknown_and_settled_by_its_key() {
    let mut params = database(1, 1).await;
    let relay = Relay::start(params.address.clone()).await;
    params.address = relay.address.to_string();
    let pod = Pod::start_with(&params, |config| config.query_timeout_ms = 300).await;
    let token = pod.sign_in(1).await;
    let items = json!([{"product": 1, "quantity": 1}]);

    relay.set(Mode::SwallowCommitAnswer);
    let (status, body) = pod.order(&token, "in-doubt", &items).await;
    assert_eq!(
        (status.as_u16(), &body["outcome"]),
        (504, &json!("unknown")),
        "{body}"
    );
    relay.set(Mode::Pass);

    let order = eventually("the order can be read", async || {
        let (status, order) = pod.get("/api/orders/by-key/in-doubt").await;
        (status == 200).then_some(order)
    })
    .await;
    let (status, again) = pod.order(&token, "in-doubt", &items).await;
    assert_eq!(
        (status.as_u16(), &again),
        (200, &order),
        "it had been committed"
    );
    assert_eq!(pod.assert_invariants().await["orders"], 1);
}

#[tokio::test]
async fn a_pool_of_connections_that_all_fell_silent_recovers_with_the_next_request() {
    let mut params = database(1, 1).await;
    let relay = Relay::start(params.address.clone()).await;
    params.address = relay.address.to_string();
    let pod = Pod::start(&params).await;
    let token = pod.sign_in(1).await;
    let items = json!([{"product": 1, "quantity": 1}]);
    // Enough at the same time that the pool has several connections to lose.
    let (a, b, c, d) = tokio::join!(
        pod.order(&token, "1", &items),
        pod.order(&token, "2", &items),
        pod.order(&token, "3", &items),
        pod.order(&token, "4", &items),
    );
    assert!([a, b, c, d].iter().all(|(status, _)| *status == 201));

    relay.set(Mode::SilenceOpen);
    let (status, body) = pod.order(&token, "5", &items).await;
    assert_eq!(
        status, 201,
        "idle connections are checked before they are used: {body}"
    );
    assert_eq!(pod.assert_invariants().await["orders"], 5);
}
