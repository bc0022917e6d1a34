//! A stack that speaks TLS: whom it lets in, what the tool makes of it, and a whole run on it.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use serde_json::Value;
use target_app::api::StackStatus;
use tokio_postgres::NoTls;

use crate::harness::User;

const SMALL: [&str; 6] = [
    "--tls",
    "--replicas",
    "1",
    "--task-runners",
    "1",
    "--zones=a,b",
];

/// A second of a scenario that loads this URL.
fn scenario(folder: &Path, url: &str, http: &str) -> String {
    let file = folder.join("scenario.toml");
    let text = format!(
        "name = \"encrypted\"\n[target]\nbase_url = \"{url}\"\n{http}\n[[load]]\njourney = \"look\"\n\
         users = [{{ count = 1, for = \"1s\" }}]\n[[journey]]\nname = \"look\"\n\
         steps = [{{ name = \"list\", get = \"/api/products\", expect = {{ status = 200 }} }}]\n\
         [[gate]]\non = \"run\"\nexpect = \"errors <= 0%\"\n"
    );
    std::fs::write(&file, text).unwrap();
    file.display().to_string()
}

fn folder_is_private(status: &StackStatus) {
    let folder = status.root.join("tls");
    for entry in std::fs::read_dir(&folder).unwrap().flatten() {
        let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{}", entry.path().display());
    }
    let mode = folder.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o700);
}

#[tokio::test]
async fn who_does_not_encrypt_is_refused_and_who_trusts_the_authority_is_served() {
    let user = User::new();
    let stack = user.up(&SMALL);
    let status = stack.status().await;
    assert!(
        status.edge_url.starts_with("https://"),
        "{}",
        status.edge_url
    );
    let ca = status.ca.clone().expect("an authority");
    assert_eq!(stack.handle.ca.as_ref(), Some(&ca));
    folder_is_private(&status);
    let told = user.succeeds(&["stack", "status"]);
    assert!(told.contains(&ca.display().to_string()), "{told}");
    assert!(!told.contains("PRIVATE"), "{told}");

    let (host, port) = status.database_endpoint.rsplit_once(':').unwrap();
    let mut plain = tokio_postgres::Config::new();
    plain.host(host).port(port.parse().unwrap());
    let refused = plain.user("shop").dbname("shop").connect(NoTls).await;
    let refused = refused.err().expect("refused");
    let words = refused.as_db_error().expect("its words").message();
    assert!(words.contains("no encryption"), "{words}");

    let folder = tempfile::tempdir().unwrap();
    let reports = folder.path().join("reports").display().to_string();
    let distrusting = scenario(folder.path(), &status.edge_url, "");
    let refused = user.run(&["run", &distrusting, "-o", &reports]);
    let words = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert_eq!(refused.status.code(), Some(2), "{words}");
    assert!(words.contains("invalid peer certificate"), "{words}");
    assert!(words.contains("`ca` in [http.tls]"), "{words}");
    let http = format!("[http.tls]\nca = \"{}\"", ca.display());
    let trusting = scenario(folder.path(), &status.edge_url, &http);
    user.succeeds(&["run", &trusting, "-o", &reports]);
}

#[test]
fn a_run_with_faults_passes_on_a_stack_that_is_encrypted() {
    let user = User::new();
    let folder = tempfile::tempdir().unwrap();
    let reports = folder.path().join("reports");
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios/checkout.toml");
    let out = reports.display().to_string();
    let shortened = ["--duration", "25s", "--scale", "0.5", "--seed", "7"];
    let run = ["run", file, "--set", "target.tls=true", "-o", &out];
    let said = user.succeeds(&[&run[..], &shortened].concat());
    assert!(said.contains("PASS"), "{said}");

    let run = std::fs::read_dir(&reports).unwrap().flatten().next();
    let summary = run.expect("a run folder").path().join("summary.json");
    let summary: Value = serde_json::from_slice(&std::fs::read(summary).unwrap()).unwrap();
    assert!(summary["connections"]["handshakes_full"].as_u64() > Some(0));
    let topology = summary["run"]["topology"].to_string();
    assert!(topology.contains("TLS"), "{topology}");
    let faults = summary["faults"].as_array().unwrap().iter();
    let failover = faults
        .filter(|fault| fault["kind"] == "db-failover")
        .count();
    assert_eq!(failover, 1);
    // What the pods tell of themselves is read with the same trust.
    let metrics = summary["gates"].as_array().unwrap().iter();
    let mut metrics = metrics.filter(|gate| gate["id"].as_str().unwrap_or("").contains("metric"));
    assert!(metrics.any(|gate| gate["verdict"] == "pass"), "{summary}");
}
