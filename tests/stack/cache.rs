//! A cache that all pods share: given from outside, checked before anything is started, its
//! password shown to nobody.

use crate::harness::{User, eventually};
use crate::redis::{PASSWORD, Redis};

/// A topology file whose pods share this cache.
fn topology(user: &User, redis: &str) -> String {
    let cache = format!("cache = {{ ttl = \"60s\", redis = \"{redis}\" }}");
    let rest = "replicas = 2\ntask_runners = 0\nproducts = 50\ncustomers = 5";
    let text = format!("description = \"x\"\n[stack]\n{rest}\n{cache}\n");
    user.file("cached.toml", &text)
}

/// What `stack up` says to this address; the exit code has to be 2, and nothing may be there.
fn refused(redis: &str) -> String {
    let user = User::new();
    let file = topology(&user, redis);
    let output = user.run(&["stack", "up", "--topology", &file]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(user.handle("default").is_none());
    assert!(!said.contains("hunter2"), "{said}");
    said
}

#[test]
fn an_address_that_is_none_or_leads_nowhere_is_told_before_anything_is_started() {
    let said = refused("http://:hunter2@127.0.0.1:1/0");
    assert!(said.contains("redis://host:6379/0"), "{said}");
    let said = refused("redis://:hunter2@127.0.0.1:1/0");
    assert!(
        said.contains("no Redis is to be had at redis://•••@127.0.0.1:1/0"),
        "{said}"
    );
    let said = refused("redis://:${env.NO_SUCH_VARIABLE}@127.0.0.1:1/0");
    assert!(said.contains("NO_SUCH_VARIABLE is not set"), "{said}");

    let redis = Redis::start();
    redis.ask(&["PING"]);
    let said = refused(&format!("redis://:hunter2@127.0.0.1:{}/0", redis.port));
    assert!(said.to_lowercase().contains("password"), "{said}");
}

#[tokio::test]
async fn all_pods_share_it_and_nobody_is_shown_its_password() {
    let redis = Redis::start();
    redis.ask(&["PING"]);
    let user = User::new();
    let address = format!(
        "redis://:${{env.CACHE_PASSWORD}}@127.0.0.1:{}/0",
        redis.port
    );
    let file = topology(&user, &address);
    let mut up = user.command(&["stack", "up", "--topology", &file]);
    let up = up.env("CACHE_PASSWORD", PASSWORD).output().unwrap();
    assert!(up.status.success(), "{up:?}");
    let stack = user.running("default");
    let status = stack.status().await;

    let pods = status.pods.iter().map(|pod| &pod.address);
    for pod in pods.clone() {
        reqwest::get(format!("http://{pod}/api/products/7"))
            .await
            .unwrap();
    }
    let keys = eventually("a key in the cache", || {
        Some(redis.ask(&["KEYS", "*"])).filter(|keys| !keys.is_empty())
    });
    assert!(keys.contains("-default-"), "the stack's own: {keys}");
    assert!(keys.ends_with(":product:7"), "one for all pods: {keys}");

    let shown = format!("redis://•••@127.0.0.1:{}/0", redis.port);
    let told = user.succeeds(&["stack", "status", "--json"]);
    assert!(told.contains(&shown), "{told}");
    let mut told = vec![told];
    for log in std::fs::read_dir(status.root.join("logs")).unwrap() {
        told.push(std::fs::read_to_string(log.unwrap().path()).unwrap());
    }
    for secret in [PASSWORD, "let%2Fme%40in"] {
        assert!(!told.iter().any(|text| text.contains(secret)), "{told:?}");
    }
}
