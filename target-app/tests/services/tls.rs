//! Encrypted from the shopper to the pod, and nobody in between who is not who he says.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream};
use std::path::PathBuf;

use target_app::edge::admin_api::Stats;
use target_app::edge::{self, EdgeConfig};
use target_app::service::database::DatabaseParams;
use target_app::service::tls::{Authority, ServerFiles};
use target_app::shop::{self, ShopConfig};

use crate::backend::target;
use crate::stack::{ANY, Running, eventually};

/// An authority, and the folder that it puts files into.
struct Certified {
    authority: Authority,
    folder: tempfile::TempDir,
}

impl Certified {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let authority = Authority::new("test").unwrap();
        std::fs::write(folder.path().join("ca.pem"), authority.certificate()).unwrap();
        Self { authority, folder }
    }

    fn ca(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    fn issue(&self, name: &str) -> ServerFiles {
        let here = [IpAddr::V4(Ipv4Addr::LOCALHOST)];
        let issued = self.authority.issue(name, &here).unwrap();
        issued.write(self.folder.path(), name).unwrap()
    }

    /// A client that trusts this authority and no other.
    fn client(&self) -> reqwest::Client {
        let ca = reqwest::Certificate::from_pem(self.authority.certificate().as_bytes());
        let builder = reqwest::Client::builder().no_proxy();
        builder.tls_certs_only([ca.unwrap()]).build().unwrap()
    }
}

/// A pod without a database: alive, and encrypted.
async fn pod(name: &str, tls: ServerFiles) -> Running {
    let nowhere = DatabaseParams {
        address: "127.0.0.1:9".into(),
        user: "shop".into(),
        password: "".into(),
        name: "shop".into(),
        ca: None,
    };
    let mut config = ShopConfig::new(name, "a", ANY, nowhere, "a session key of the tests");
    config.drain_ms = 0;
    config.tls = Some(tls);
    Running::start(|bound, shutdown| shop::run(config, bound, shutdown)).await
}

/// An encrypted edge in front of `shop-1` at that address.
async fn edge(certified: &Certified, pod: SocketAddr) -> Running {
    let mut config = EdgeConfig::new(ANY, ANY);
    config.targets = vec![target("shop-1", pod)];
    config.health.path = "/healthz".into();
    config.health.interval_ms = 10;
    config.tls = Some(certified.issue("edge"));
    config.target_ca = Some(certified.ca());
    Running::start(|bound, shutdown| edge::run(config, bound, shutdown)).await
}

async fn stats(edge: &Running) -> Stats {
    let url = format!("http://{}/stats", edge.bound.admin.unwrap());
    reqwest::get(url).await.unwrap().json().await.unwrap()
}

fn https(running: &Running, path: &str) -> String {
    format!("https://{}{path}", running.bound.address)
}

#[tokio::test]
async fn who_trusts_the_authority_is_served_and_who_does_not_encrypt_is_not() {
    let certified = Certified::new();
    let shop = pod("shop-1", certified.issue("shop-1")).await;
    let edge = edge(&certified, shop.bound.address).await;
    eventually("the pod is in rotation", async || {
        stats(&edge).await.targets["shop-1"].healthy.then_some(())
    })
    .await;
    // Whoever connects and says nothing keeps nobody waiting.
    let _silent = [&edge, &shop].map(|server| TcpStream::connect(server.bound.address).unwrap());
    let trusting = certified.client();
    let answer = trusting.get(https(&edge, "/healthz")).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["x-pod"], "shop-1");
    for server in [&edge, &shop] {
        let plain = reqwest::get(server.url("/healthz")).await;
        assert!(plain.is_err(), "{plain:?}");
    }
    edge.stop().await;
    shop.stop().await;
}

#[tokio::test]
async fn a_pod_whose_certificate_is_of_another_authority_is_not_served() {
    let (certified, other) = (Certified::new(), Certified::new());
    let imposter = pod("shop-1", other.issue("shop-1")).await;
    let edge = edge(&certified, imposter.bound.address).await;
    let trouble = eventually("a check fails", async || {
        stats(&edge).await.targets["shop-1"].trouble.clone()
    })
    .await;
    assert!(trouble.contains("invalid peer certificate"), "{trouble}");
    let asked = certified.client().get(https(&edge, "/healthz")).send();
    let refused = asked.await.unwrap();
    assert_eq!(refused.status(), 502);
    let words = refused.text().await.unwrap();
    assert!(words.contains("invalid peer certificate"), "{words}");
    assert!(!stats(&edge).await.targets["shop-1"].healthy);
    edge.stop().await;
    imposter.stop().await;
}

#[tokio::test]
async fn a_pod_cannot_be_taken_for_another_one() {
    let certified = Certified::new();
    let other = pod("shop-2", certified.issue("shop-2")).await;
    let edge = edge(&certified, other.bound.address).await;
    let trouble = eventually("a check fails", async || {
        stats(&edge).await.targets["shop-1"].trouble.clone()
    })
    .await;
    assert!(trouble.contains("shop-1"), "{trouble}");
    edge.stop().await;
    other.stop().await;
}

#[tokio::test]
async fn an_edge_without_its_certificate_does_not_begin() {
    let certified = Certified::new();
    let mut files = certified.issue("edge");
    files.certificate = certified.folder.path().join("absent.pem");
    let mut config = EdgeConfig::new(ANY, ANY);
    config.tls = Some(files);
    let (_trigger, shutdown) = target_app::process::Trigger::new();
    let error = edge::run(config, |_| panic!("it is bound"), shutdown).await;
    let words = error.unwrap_err().to_string();
    assert!(words.contains("absent.pem"), "{words}");
}
