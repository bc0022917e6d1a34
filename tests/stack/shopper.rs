//! Shoppers who buy through the edge all the time and remember what was confirmed to them.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::harness::LIMIT;

/// Some shoppers.
pub(crate) struct Shopper {
    shared: Arc<Shared>,
    buying: JoinSet<()>,
}

struct Shared {
    http: reqwest::Client,
    url: String,
    token: String,
    stop: AtomicBool,
    confirmed: AtomicUsize,
    refused: AtomicUsize,
    keys: Mutex<Vec<String>>,
}

impl Shopper {
    /// Signs in as the first customer and begins to buy.
    pub(crate) async fn start(edge_url: &str) -> Self {
        Self::start_as(1, edge_url).await
    }

    /// Signs in and begins to buy.
    pub(crate) async fn start_as(customer: u32, edge_url: &str) -> Self {
        let http = reqwest::Client::builder()
            .no_proxy()
            .timeout(Duration::from_secs(5))
            .build()
            .unwrap();
        let customer = json!({
            "email": format!("customer{customer}@example.test"),
            "password": format!("secret-{customer}"),
        });
        let session = http
            .post(format!("{edge_url}/api/sessions"))
            .json(&customer);
        let session: Value = session.send().await.unwrap().json().await.unwrap();
        let shared = Arc::new(Shared {
            http,
            url: edge_url.to_owned(),
            token: session["token"].as_str().expect("a token").to_owned(),
            stop: AtomicBool::new(false),
            confirmed: AtomicUsize::new(0),
            refused: AtomicUsize::new(0),
            keys: Mutex::new(Vec::new()),
        });
        let mut buying = JoinSet::new();
        for _ in 0..3 {
            let shared = shared.clone();
            buying.spawn(async move { shared.buy().await });
        }
        Self { shared, buying }
    }

    /// Orders confirmed so far.
    pub(crate) fn confirmed(&self) -> usize {
        self.shared.confirmed.load(Ordering::Relaxed)
    }

    /// Orders that got any other answer, or none, so far.
    pub(crate) fn refused(&self) -> usize {
        self.shared.refused.load(Ordering::Relaxed)
    }

    /// Waits until so many are confirmed.
    pub(crate) async fn until_confirmed(&self, count: usize) {
        let since = Instant::now();
        while self.confirmed() < count {
            assert!(
                since.elapsed() < LIMIT,
                "only {} of {count} orders",
                self.confirmed()
            );
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Stops buying and reads every confirmed order back: how many there are, and which are lost.
    pub(crate) async fn settle(mut self) -> (usize, Vec<String>) {
        self.shared.stop.store(true, Ordering::Relaxed);
        while let Some(ended) = self.buying.join_next().await {
            ended.unwrap();
        }
        let keys = std::mem::take(&mut *self.shared.keys.lock().unwrap());
        let mut lost = Vec::new();
        for key in &keys {
            if !self.shared.is_there(key).await {
                lost.push(key.clone());
            }
        }
        (keys.len(), lost)
    }
}

impl Shared {
    async fn buy(&self) {
        while !self.stop.load(Ordering::Relaxed) {
            let key = uuid::Uuid::new_v4().to_string();
            let order = json!({ "items": [{ "product": 1, "quantity": 1 }] });
            let call = self
                .http
                .post(format!("{}/api/orders", self.url))
                .bearer_auth(&self.token)
                .header("Idempotency-Key", &key)
                .json(&order);
            // Anything else is no confirmation, and is allowed to fail while things break.
            if call.send().await.is_ok_and(|answer| answer.status() == 201) {
                self.keys.lock().unwrap().push(key);
                self.confirmed.fetch_add(1, Ordering::Relaxed);
            } else {
                self.refused.fetch_add(1, Ordering::Relaxed);
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Whether the shop knows the order; asked until it gives a clear answer.
    async fn is_there(&self, key: &str) -> bool {
        let since = Instant::now();
        loop {
            let url = format!("{}/api/orders/by-key/{key}", self.url);
            let answer = self.http.get(url).bearer_auth(&self.token).send().await;
            match answer.map(|answer| answer.status().as_u16()) {
                Ok(200) => return true,
                Ok(404) => return false,
                other => assert!(since.elapsed() < LIMIT, "no clear answer: {other:?}"),
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}
