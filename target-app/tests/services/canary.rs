//! Canary writes: once per key, read back through the writer.

use reqwest::Method;
use serde_json::json;

use crate::postgres::database;
use crate::stack::{Pod, answer};

#[tokio::test]
async fn a_canary_write_is_there_once_however_often_it_is_sent() {
    let pod = Pod::start(&database(1, 1).await).await;
    let put = async |key: &str| {
        let path = format!("/api/canary/{key}");
        answer(pod.request(Method::PUT, &path)).await
    };
    assert_eq!(pod.get("/api/canary/0b1e-4").await.0, 404);
    let there = json!({"key": "0b1e-4", "copies": 1});
    let (status, written) = put("0b1e-4").await;
    assert_eq!((status.as_u16(), &written), (201, &there));
    let (status, again) = put("0b1e-4").await;
    assert_eq!((status.as_u16(), &again), (200, &there));
    let (status, read) = pod.get("/api/canary/0b1e-4").await;
    assert_eq!((status.as_u16(), &read), (200, &there));
}

#[tokio::test]
async fn a_key_that_is_none_is_refused_and_never_there() {
    let pod = Pod::start(&database(1, 1).await).await;
    for key in ["a%2Fb", "a%00b", &"x".repeat(129)] {
        let path = format!("/api/canary/{key}");
        let (status, body) = answer(pod.request(Method::PUT, &path)).await;
        assert_eq!(status, 422, "{key}");
        assert!(body["fields"]["key"].is_string(), "{body}");
        assert_eq!(pod.get(&path).await.0, 404, "{key}");
    }
}
