//! Odd requests, made up from the shop's own description of its API.

use std::process::Command;

use crate::app::Deployed;
use crate::support::Bench;

/// Nothing that anybody may send makes the shop fail, and what it answers is what it describes.
#[test]
fn no_request_makes_the_shop_fail_or_answer_otherwise_than_described() {
    let bench = Bench::new();
    let deployed = Deployed::start(&bench);
    let token = deployed.sign_in("customer1@example.test", "secret-1");
    let output = Command::new("python3")
        .args(["-m", "schemathesis.cli", "run"])
        .arg(format!("{}/openapi.json", deployed.shop_url))
        .args(["--checks", "not_a_server_error,status_code_conformance"])
        .args(["--max-examples", "15", "--seed", "7", "--no-color"])
        .args(["--header", &format!("Authorization: Bearer {token}")])
        .current_dir(bench.path())
        .output()
        .expect("schemathesis: run ci/setup --test");
    let said = String::from_utf8_lossy(&output.stdout);
    let complaints = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}\n{complaints}");
    assert!(said.contains("Test cases:"), "{said}");
}
