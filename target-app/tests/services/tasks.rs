//! Tasks over HTTP, on a real database.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::postgres::database;
use crate::stack::{Pod, answer};

async fn create(pod: &Pod, token: &str, key: &str, task: &Value) -> (StatusCode, Value) {
    let call = pod.request(Method::POST, "/api/tasks").bearer_auth(token);
    answer(call.header("Idempotency-Key", key).json(task)).await
}

async fn send(pod: &Pod, token: &str, method: Method, path: &str) -> (StatusCode, Value) {
    answer(pod.request(method, path).bearer_auth(token)).await
}

async fn titles(pod: &Pod, token: &str, query: &str) -> Vec<String> {
    let path = format!("/api/tasks{query}");
    let (status, page) = send(pod, token, Method::GET, &path).await;
    assert_eq!(status, 200, "{page}");
    let items = page["items"].as_array().unwrap().iter();
    items
        .map(|task| task["title"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn a_task_from_its_creation_to_its_end() {
    let pod = Pod::start(&database(1, 2).await).await;
    let (token, other) = (pod.sign_in(1).await, pod.sign_in(2).await);
    let later = json!({"title": "mugs", "due_at": "2999-01-01T00:00:00Z"});
    let (status, task) = create(&pod, &token, "k-1", &later).await;
    assert_eq!(status, 201, "{task}");
    assert_eq!(
        (&task["state"], &task["due_at"]),
        (&json!("scheduled"), &json!("2999-01-01T00:00:00.000000Z"))
    );
    let (status, again) = create(&pod, &token, "k-1", &json!({"title": "lamps"})).await;
    assert_eq!((status.as_u16(), &again), (200, &task), "the key decides");
    assert_eq!(create(&pod, &other, "k-1", &later).await.0, 409);
    create(&pod, &token, "k-2", &json!({"title": "whenever"})).await;
    assert_eq!(titles(&pod, &token, "?state=open").await, ["whenever"]);
    assert_eq!(titles(&pod, &token, "").await, ["mugs", "whenever"]);
    assert_eq!(titles(&pod, &other, "").await, [""; 0]);

    let due = format!("/api/tasks/{}/due", task["id"]);
    let call = pod.request(Method::PUT, &due).bearer_auth(&token);
    let (_, moved) = answer(call.json(&json!({"due_at": "2000-01-01T00:00:00Z"}))).await;
    assert_eq!(moved["state"], "due", "{moved}");
    assert_eq!(titles(&pod, &token, "?state=due").await, ["mugs"]);

    let complete = format!("/api/tasks/{}/complete", task["id"]);
    assert_eq!(send(&pod, &other, Method::POST, &complete).await.0, 404);
    let (_, done) = send(&pod, &token, Method::POST, &complete).await;
    assert_eq!(done["state"], "done", "{done}");
    let (_, still) = send(&pod, &token, Method::POST, &complete).await;
    assert_eq!(still, done, "the first time counts");
    assert_eq!(titles(&pod, &token, "?state=done").await, ["mugs"]);
    let call = pod.request(Method::PUT, &due).bearer_auth(&token);
    assert_eq!(answer(call.json(&json!({}))).await.0, 404, "it is done");
    let (_, read) = pod.get("/api/tasks/by-key/k-1").await;
    assert_eq!(
        (&read["state"], &read["copies"]),
        (&json!("done"), &json!(1))
    );
}

#[tokio::test]
async fn what_is_no_task_is_told_and_changes_nothing() {
    let pod = Pod::start(&database(1, 1).await).await;
    let token = pod.sign_in(1).await;
    let good = json!({"title": "mugs"});
    assert_eq!(create(&pod, "no token", "k", &good).await.0, 401);
    let wrong = json!({"title": "", "due_at": "soon"});
    let (status, body) = create(&pod, &token, "k", &wrong).await;
    assert_eq!(status, 422);
    assert!(
        body["fields"]["title"].is_string() && body["fields"]["due_at"].is_string(),
        "{body}"
    );
    for path in ["/api/tasks?state=lost", "/api/tasks?after=x"] {
        assert_eq!(send(&pod, &token, Method::GET, path).await.0, 422, "{path}");
    }
    let nothing = send(&pod, &token, Method::POST, "/api/tasks/x/complete").await;
    assert_eq!(nothing.0, 404);
    assert_eq!(pod.get("/api/tasks/by-key/k").await.0, 404);
    assert_eq!(titles(&pod, &token, "").await, [""; 0]);
}

#[tokio::test]
async fn pages_follow_each_other() {
    let pod = Pod::start(&database(1, 1).await).await;
    let token = pod.sign_in(1).await;
    for number in 0..21 {
        let task = json!({ "title": format!("task {number}") });
        assert_eq!(
            create(&pod, &token, &format!("k-{number}"), &task).await.0,
            201
        );
    }
    let (_, page) = send(&pod, &token, Method::GET, "/api/tasks").await;
    assert_eq!(page["items"].as_array().unwrap().len(), 20);
    let next = format!("?after={}", page["next_after"]);
    assert_eq!(titles(&pod, &token, &next).await, ["task 20"]);
}

#[tokio::test]
async fn a_pod_tells_its_version_its_database_time_and_its_cpu() {
    let pod = Pod::start_with(&database(1, 1).await, |config| config.version = "7".into()).await;
    let answer = pod
        .request(Method::GET, "/api/products")
        .send()
        .await
        .unwrap();
    assert_eq!(answer.headers()["x-version"], "7");
    let (_, page) = pod.get("/metrics").await;
    let page = page.as_str().unwrap();
    let line = |name: &str| page.lines().find(|line| line.starts_with(name));
    assert!(
        line("shop_build_info{").is_some_and(|line| line.contains("version=\"7\"")),
        "{page}"
    );
    let value = |name: &str| -> f64 {
        let line = line(name).unwrap_or_else(|| panic!("{name} in {page}"));
        line.rsplit(' ').next().unwrap().parse().unwrap()
    };
    assert!(value("shop_database_seconds_count") >= 1.0);
    assert!(value("shop_process_cpu_seconds_total") > 0.0);
}
