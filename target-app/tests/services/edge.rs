//! The edge: sharing out, health, draining, what it adds to messages.

use std::sync::atomic::Ordering;

use serde_json::Value;
use target_app::edge::admin_api::{HealthEvent, Stats, Target, TargetState};
use target_app::edge::{self, EdgeConfig};

use crate::backend::Backend;
use crate::stack::{ANY, Running, eventually};

/// An edge and its admin API.
pub(crate) struct Edge {
    pub(crate) running: Running,
    pub(crate) client: reqwest::Client,
}

impl Edge {
    /// An edge with these targets, all of them healthy.
    pub(crate) async fn start(targets: Vec<Target>, change: impl FnOnce(&mut EdgeConfig)) -> Self {
        let mut config = EdgeConfig::new(ANY, ANY);
        config.health.interval_ms = 10;
        config.health.timeout_ms = 60_000;
        change(&mut config);
        let running = Running::start(|bound, shutdown| edge::run(config, bound, shutdown)).await;
        let edge = Self {
            running,
            client: reqwest::Client::new(),
        };
        let count = targets.len();
        edge.set_targets(&targets).await;
        eventually("all targets are healthy", async || {
            let stats = edge.stats().await;
            let healthy = stats.targets.values().filter(|target| target.healthy);
            (healthy.count() == count).then_some(())
        })
        .await;
        edge
    }

    pub(crate) fn admin(&self, path: &str) -> String {
        format!("http://{}{path}", self.running.bound.admin.unwrap())
    }

    pub(crate) async fn set_targets(&self, targets: &[Target]) {
        let put = self.client.put(self.admin("/targets")).json(targets);
        assert_eq!(put.send().await.unwrap().status(), 200);
    }

    pub(crate) async fn stats(&self) -> Stats {
        let stats = self.client.get(self.admin("/stats")).send().await.unwrap();
        stats.json().await.unwrap()
    }

    pub(crate) async fn events(&self, after: u64) -> Vec<HealthEvent> {
        let path = format!("/health-events?after={after}&wait_ms=60000");
        let events = self.client.get(self.admin(&path)).send().await.unwrap();
        events.json().await.unwrap()
    }

    pub(crate) async fn get(&self, path: &str) -> reqwest::Response {
        self.client
            .get(self.running.url(path))
            .send()
            .await
            .unwrap()
    }

    /// Who answered a request that would rather be answered in this zone.
    async fn name_near(&self, zone: &str) -> String {
        let request = self.client.get(self.running.url("/"));
        let answer = request.header("x-prefer-zone", zone).send().await.unwrap();
        let echo: Value = answer.json().await.unwrap();
        echo["name"].as_str().unwrap().to_owned()
    }

    /// Who answered.
    pub(crate) async fn name(&self) -> String {
        let echo: Value = self.get("/").await.json().await.unwrap();
        echo["name"].as_str().unwrap().to_owned()
    }
}

#[tokio::test]
async fn requests_are_shared_out_evenly_and_counted() {
    let (a, b) = (Backend::start("a").await, Backend::start("b").await);
    let edge = Edge::start(vec![a.target(), b.target()], |_| {}).await;
    for _ in 0..10 {
        edge.name().await;
    }
    assert_eq!((a.requests(), b.requests()), (5, 5));
    // A request is over when its answer is at the edge's end, just before it is at ours.
    let stats = edge.stats().await;
    assert_eq!(stats.targets["a"].counts.requests, 5);
    assert_eq!(stats.zones["zone-of-b"].requests, 5);
    assert_eq!(
        (stats.targets["a"].counts.failures, stats.unroutable),
        (0, 0)
    );
    assert!(stats.targets["a"].counts.mean_us > 0);
    let metrics = edge
        .client
        .get(edge.admin("/metrics"))
        .send()
        .await
        .unwrap();
    let metrics = metrics.text().await.unwrap();
    assert!(
        metrics.contains(
            "edge_target_requests_total{target=\"a\",zone=\"zone-of-a\",version=\"1\"} 5"
        ),
        "{metrics}"
    );
    edge.running.stop().await;
}

#[tokio::test]
async fn a_preferred_zone_answers_as_long_as_it_has_a_target_in_rotation() {
    let (a, b) = (Backend::start("a").await, Backend::start("b").await);
    let edge = Edge::start(vec![a.target(), b.target()], |_| {}).await;
    for _ in 0..4 {
        assert_eq!(edge.name_near("zone-of-b").await, "b");
    }
    for _ in 0..2 {
        edge.name_near("no such zone").await;
    }
    assert_eq!(
        (a.requests(), b.requests()),
        (1, 5),
        "an unknown zone is no wish"
    );

    let mut draining = b.target();
    draining.state = TargetState::Draining;
    edge.set_targets(&[a.target(), draining]).await;
    assert_eq!(edge.name_near("zone-of-b").await, "a");
    // Not in rotation for another reason: nobody listens any more.
    edge.set_targets(&[a.target(), b.target()]).await;
    b.kill().await;
    assert_eq!(edge.name_near("zone-of-b").await, "a");
}

#[tokio::test]
async fn messages_say_where_they_came_through() {
    let a = Backend::start("a").await;
    let edge = Edge::start(vec![a.target()], |_| {}).await;
    let sent = edge
        .client
        .post(edge.running.url("/path?q=1"))
        .header("x-forwarded-for", "192.0.2.1")
        .header("connection", "x-private")
        .header("x-private", "1")
        .body("the body")
        .send()
        .await
        .unwrap();
    assert_eq!(sent.headers()["x-pod"], "a");
    assert_eq!(sent.headers()["x-zone"], "zone-of-a");
    let echo: Value = sent.json().await.unwrap();
    assert_eq!(
        (&echo["method"], &echo["path"], &echo["body"]),
        (&"POST".into(), &"/path?q=1".into(), &"the body".into())
    );
    let headers = &echo["headers"];
    assert_eq!(headers["x-forwarded-for"], "192.0.2.1, 127.0.0.1");
    assert_eq!(headers["x-forwarded-proto"], "http");
    assert_eq!(
        headers["x-forwarded-host"],
        edge.running.bound.address.to_string()
    );
    assert_eq!(headers["x-private"], Value::Null);
}

#[tokio::test]
async fn a_target_that_fails_its_checks_goes_out_and_comes_back() {
    let (a, b) = (Backend::start("a").await, Backend::start("b").await);
    let edge = Edge::start(vec![a.target(), b.target()], |_| {}).await;
    let seen = edge.events(0).await.len() as u64;

    a.knobs.ready.store(false, Ordering::SeqCst);
    let down = edge.events(seen).await;
    assert_eq!(
        (&*down[0].target, &*down[0].zone, down[0].healthy),
        ("a", "zone-of-a", false)
    );
    assert_eq!(down[0].reason, "/readyz answered 503");
    for _ in 0..4 {
        assert_eq!(edge.name().await, "b");
    }
    a.knobs.ready.store(true, Ordering::SeqCst);
    let up = edge.events(seen + 1).await;
    assert_eq!((&*up[0].target, up[0].healthy), ("a", true));
    assert!(up[0].at > down[0].at);
    let names = [edge.name().await, edge.name().await];
    assert!(names.contains(&"a".into()), "{names:?}");
}

#[tokio::test]
async fn a_draining_target_finishes_what_it_has_and_gets_nothing_new() {
    let (a, b) = (Backend::start("a").await, Backend::start("b").await);
    let edge = Edge::start(vec![a.target()], |_| {}).await;
    let slow = tokio::spawn(edge.client.get(edge.running.url("/slow")).send());
    eventually("the slow request is at a", async || {
        (a.requests() == 1).then_some(())
    })
    .await;

    let mut draining = a.target();
    draining.state = TargetState::Draining;
    edge.set_targets(&[draining, b.target()]).await;
    eventually("b is healthy", async || {
        edge.stats().await.targets["b"].healthy.then_some(())
    })
    .await;
    for _ in 0..4 {
        assert_eq!(edge.name().await, "b");
    }
    // Even removed from the list it is let finish, and still told of.
    edge.set_targets(&[b.target()]).await;
    assert_eq!(edge.stats().await.targets["a"].counts.in_flight, 1);
    a.knobs.permits.add_permits(1);
    let answer = slow.await.unwrap().unwrap();
    assert_eq!(answer.text().await.unwrap(), "a");
    eventually("a is forgotten", async || {
        (!edge.stats().await.targets.contains_key("a")).then_some(())
    })
    .await;
}

#[tokio::test]
async fn the_freest_target_is_asked_when_told_so() {
    let (a, b) = (Backend::start("a").await, Backend::start("b").await);
    let edge = Edge::start(vec![a.target(), b.target()], |config| {
        config.policy = edge::Policy::LeastConnections;
    })
    .await;
    let slow = tokio::spawn(edge.client.get(edge.running.url("/slow")).send());
    let busy = eventually("the slow request arrived", async || {
        [&a, &b].into_iter().find(|backend| backend.requests() == 1)
    })
    .await;
    for _ in 0..4 {
        assert_ne!(edge.name().await, busy.knobs.name);
    }
    busy.knobs.permits.add_permits(1);
    slow.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_stopping_edge_finishes_what_it_has() {
    let a = Backend::start("a").await;
    let edge = Edge::start(vec![a.target()], |_| {}).await;
    let slow = tokio::spawn(edge.client.get(edge.running.url("/slow")).send());
    eventually("the slow request is at a", async || {
        (a.requests() == 1).then_some(())
    })
    .await;
    edge.running.trigger.pull();
    eventually("nothing new is accepted", async || {
        let fresh = reqwest::Client::new();
        fresh.get(edge.running.url("/")).send().await.err()
    })
    .await;
    a.knobs.permits.add_permits(1);
    assert_eq!(slow.await.unwrap().unwrap().text().await.unwrap(), "a");
    edge.running.task.await.unwrap().unwrap();
}

#[tokio::test]
async fn an_admin_api_open_to_the_world_is_refused() {
    let config = EdgeConfig::new(ANY, "0.0.0.0:0".parse().unwrap());
    let (_trigger, shutdown) = target_app::process::Trigger::new();
    let error = edge::run(config, |_| {}, shutdown).await.unwrap_err();
    assert!(error.to_string().contains("not loopback"), "{error}");
}
