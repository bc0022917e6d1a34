//! The trace that a request belongs to, on its way to the database.

use reqwest::Method;
use serde_json::json;

use crate::postgres::{connect, database};
use crate::stack::{Pod, answer};

const ID: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

#[tokio::test]
async fn a_session_of_the_database_is_named_after_the_request_that_it_works_for() {
    let params = database(3, 1).await;
    // One connection, so that it is known which.
    let pod = Pod::start_with(&params, |config| config.pool_size = 1).await;
    let looker = connect(&params).await;
    let names = async || -> Vec<String> {
        let look = "SELECT application_name FROM pg_stat_activity WHERE datname = $1";
        let rows = looker.query(look, &[&params.name]).await.unwrap();
        rows.iter().map(|row| row.get(0)).collect()
    };
    let traced = pod
        .request(Method::GET, "/api/products")
        .header("traceparent", format!("00-{ID}-00f067aa0ba902b7-01"));
    assert_eq!(answer(traced).await.0, 200);
    let told = names().await;
    assert!(told.contains(&format!("shop-1 {ID}")), "{told:?}");

    assert_eq!(pod.get("/api/products").await.0, 200);
    let told = names().await;
    assert!(!told.iter().any(|name| name.contains(ID)), "{told:?}");
}

#[tokio::test]
async fn a_header_that_is_no_trace_is_not_passed_on() {
    let params = database(3, 1).await;
    let pod = Pod::start_with(&params, |config| config.pool_size = 1).await;
    for odd in ["00-'; DROP TABLE orders; --", "", "00-xyz-1-01"] {
        let request = pod.request(Method::GET, "/api/products");
        let (status, page) = answer(request.header("traceparent", odd)).await;
        assert_eq!((status.as_u16(), &page["total"]), (200, &json!(3)), "{odd}");
    }
}
