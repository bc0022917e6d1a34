//! Starting what is tested and talking to it.

use std::net::SocketAddr;
use std::time::Duration;

use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};
use target_app::process::{Shutdown, Trigger};
use target_app::service::database::DatabaseParams;
use target_app::service::{Bound, ServeError};
use target_app::shop::{self, ShopConfig};
use tokio::task::JoinHandle;

/// Longest wait for a condition; nothing depends on it but how soon a broken test ends.
const PATIENCE: Duration = Duration::from_secs(60);

/// Port 0 of this machine.
pub(crate) const ANY: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 0);

/// Tries until there is something.
pub(crate) async fn eventually<T>(what: &str, mut attempt: impl AsyncFnMut() -> Option<T>) -> T {
    let trying = async {
        loop {
            if let Some(found) = attempt().await {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(PATIENCE, trying)
        .await
        .unwrap_or_else(|_| panic!("it never came to pass that {what}"))
}

/// Something that runs in the background of a test until it is stopped.
pub(crate) struct Running {
    pub(crate) bound: Bound,
    pub(crate) trigger: Trigger,
    pub(crate) task: JoinHandle<Result<(), ServeError>>,
}

impl Running {
    /// Starts `run` and waits until it is bound.
    pub(crate) async fn start<F>(
        run: impl FnOnce(Box<dyn FnOnce(Bound) + Send>, Shutdown) -> F,
    ) -> Self
    where
        F: Future<Output = Result<(), ServeError>> + Send + 'static,
    {
        let (trigger, shutdown) = Trigger::new();
        let (sender, receiver) = tokio::sync::oneshot::channel();
        let tell = Box::new(move |bound| sender.send(bound).expect("we wait for it"));
        let task = tokio::spawn(run(tell, shutdown));
        let bound = receiver.await.expect("it binds");
        Self {
            bound,
            trigger,
            task,
        }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.bound.address)
    }

    /// Asks it to stop and waits until it has.
    pub(crate) async fn stop(self) {
        self.trigger.pull();
        self.task.await.unwrap().unwrap();
    }
}

/// A pod and a client of it.
pub(crate) struct Pod {
    pub(crate) running: Running,
    client: reqwest::Client,
}

impl Pod {
    /// A pod with its defaults, ready.
    pub(crate) async fn start(database: &DatabaseParams) -> Self {
        Self::start_with(database, |_| {}).await
    }

    /// A pod whose configuration was changed, ready.
    pub(crate) async fn start_with(
        database: &DatabaseParams,
        change: impl FnOnce(&mut ShopConfig),
    ) -> Self {
        let mut config = ShopConfig::new(
            "shop-1",
            "a",
            ANY,
            database.clone(),
            "a session key of the tests",
        );
        config.drain_ms = 0;
        change(&mut config);
        let running = Running::start(|bound, shutdown| shop::run(config, bound, shutdown)).await;
        let pod = Self {
            running,
            client: reqwest::Client::new(),
        };
        eventually("the pod is ready", async || {
            (pod.get("/readyz").await.0 == 200).then_some(())
        })
        .await;
        pod
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, self.running.url(path))
    }

    /// Status and body of a GET.
    pub(crate) async fn get(&self, path: &str) -> (StatusCode, Value) {
        answer(self.request(Method::GET, path)).await
    }

    /// Status and body of a POST.
    pub(crate) async fn post(&self, path: &str, body: &Value) -> (StatusCode, Value) {
        answer(self.request(Method::POST, path).json(body)).await
    }

    /// The token of a seeded customer.
    pub(crate) async fn sign_in(&self, number: u32) -> String {
        let credentials = json!({
            "email": format!("customer{number}@example.test"),
            "password": format!("secret-{number}"),
        });
        let (status, session) = self.post("/api/sessions", &credentials).await;
        assert_eq!(status, 200, "{session}");
        session["token"].as_str().unwrap().to_owned()
    }

    /// Places an order.
    pub(crate) async fn order(&self, token: &str, key: &str, items: &Value) -> (StatusCode, Value) {
        let order = self
            .request(Method::POST, "/api/orders")
            .bearer_auth(token)
            .header("Idempotency-Key", key)
            .json(&json!({ "items": items }));
        answer(order).await
    }

    /// Asserts that nothing that must hold is broken, and returns the counts.
    pub(crate) async fn assert_invariants(&self) -> Value {
        let (status, found) = self.get("/api/admin/invariants").await;
        assert_eq!(status, 200, "{found}");
        assert_eq!(found["ok"], true, "{found}");
        found
    }
}

/// Status and body; the body as text when it is no JSON.
pub(crate) async fn answer(request: RequestBuilder) -> (StatusCode, Value) {
    let response = request.send().await.unwrap();
    let status = response.status();
    let text = response.text().await.unwrap();
    let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
    (status, body)
}
