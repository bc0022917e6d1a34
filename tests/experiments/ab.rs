//! `ab`: both versions in turn, each from a fresh start, and a verdict on their ratio.

use serde_json::Value;

use super::support::target::{Reply, Target};
use super::support::{Bench, processes_of, signal, until};

/// Asks `/` by two users for so long.
fn scenario(target: &str, length: &str) -> String {
    format!(
        "name = \"ask\"\ntarget = \"{target}\"\nload = {{ users = {{ count = 2, for = \"{length}\" }} }}\n\
         journey = {{ name = \"ask\", think = \"5ms\", steps = {{ get = \"/\" }} }}\n"
    )
}

fn ok() -> Target {
    Target::serve(|_| Reply::Ok("ok".into()))
}

/// One that takes its time: far more than chance could make of the other.
fn slow() -> Target {
    Target::serve(|_| {
        std::thread::park_timeout(std::time::Duration::from_millis(40));
        Reply::Ok("ok".into())
    })
}

/// `ab.json` of the only result under `reports/`, and where it is.
fn result(bench: &Bench) -> (std::path::PathBuf, Value) {
    let folder = bench.run_folder();
    let text = std::fs::read_to_string(folder.join("ab.json")).expect("ab.json");
    (folder, serde_json::from_str(&text).expect("JSON"))
}

/// `a`, `b` … of the runs, in their order.
fn order(result: &Value) -> String {
    let runs = result["runs"].as_array().expect("runs").iter();
    runs.map(|run| run["side"].as_str().expect("a side"))
        .collect()
}

#[test]
fn two_targets_in_turn_and_the_slower_one_fails() {
    let (quick, slow) = (ok(), slow());
    let bench = Bench::new();
    bench.file("ask.toml", &scenario(&quick.url, "1s"));
    let both = [
        "ab", "ask.toml", "--a", &quick.url, "--b", &slow.url, "--pairs", "4",
    ];
    let said = bench.loadtest(both).exits(3);
    let (folder, result) = result(&bench);
    assert_eq!(order(&result), "abbaabba");
    assert_eq!(
        (&result["verdict"], &result["exit_code"]),
        (&"fail".into(), &3.into())
    );
    let metric = &result["metrics"][0];
    assert_eq!(metric["verdict"], "fail");
    assert!(metric["ratio"].as_f64().expect("a ratio") > 1.1);
    assert!(
        said.out().contains("b is worse than allowed. p50: b is "),
        "{}",
        said.out()
    );
    // Every run keeps its own report, and all pages say the same.
    for run in result["runs"].as_array().expect("runs") {
        let run = folder.join(run["folder"].as_str().expect("a folder"));
        assert!(run.join("report.html").exists(), "{}", run.display());
    }
    for page in ["ab.html", "ab.md"] {
        let text = std::fs::read_to_string(folder.join(page)).expect(page);
        assert!(text.contains("b is worse than allowed"), "{page}");
    }
    // Both runs of a pair have the same users.
    let seed = |n: usize| {
        let run = folder.join(result["runs"][n]["folder"].as_str().expect("a folder"));
        let text = std::fs::read_to_string(run.join("summary.json")).expect("a summary");
        let summary: Value = serde_json::from_str(&text).expect("JSON");
        summary["run"]["seed"].clone()
    };
    assert_eq!(seed(0), seed(1));
    assert_ne!(seed(0), seed(2));
}

#[test]
fn two_scenarios_of_which_b_is_the_quicker() {
    let (quick, slow) = (ok(), slow());
    let bench = Bench::new();
    bench.file("a.toml", &scenario(&slow.url, "1s"));
    bench.file("b.toml", &scenario(&quick.url, "1s"));
    let both = [
        "ab",
        "a.toml",
        "b.toml",
        "--pairs",
        "4",
        "--metric",
        "steady/p50",
    ];
    let said = bench.loadtest(both).exits(0);
    assert!(
        said.out().contains("b is no worse than allowed"),
        "{}",
        said.out()
    );
}

/// A server in three lines, of which two answer differently.
fn serve(port: u16, more: &str) -> String {
    format!(
        "exec python3 -c '\nimport http.server, time\n\
         class H(http.server.BaseHTTPRequestHandler):\n  \
           protocol_version = \"HTTP/1.1\"\n  \
           def do_GET(self):\n    {more}\n    self.send_response(200)\n    \
             self.send_header(\"Content-Length\", \"2\")\n    self.end_headers()\n    self.wfile.write(b\"ok\")\n  \
           def log_message(self, *a): pass\n\
         http.server.ThreadingHTTPServer((\"127.0.0.1\", {port}), H).serve_forever()'"
    )
}

/// A port that nobody has.
fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address").port()
}

#[test]
fn commands_are_started_before_their_runs_and_ended_after_them() {
    let bench = Bench::new();
    let port = free_port();
    bench.file(
        "ask.toml",
        &scenario(&format!("http://127.0.0.1:{port}"), "1s"),
    );
    let (a, b) = (serve(port, "pass"), serve(port, "time.sleep(0.05)"));
    let both = [
        "ab", "ask.toml", "--a-cmd", &a, "--b-cmd", &b, "--pairs", "4",
    ];
    bench.loadtest(both).exits(3);
    assert_eq!(order(&result(&bench).1), "abbaabba");
    assert_eq!(processes_of(&bench), [0_u32; 0], "nothing of them is left");
}

#[test]
fn a_command_that_does_not_come_up_is_told_with_its_own_words() {
    let bench = Bench::new();
    let port = free_port();
    bench.file(
        "ask.toml",
        &scenario(&format!("http://127.0.0.1:{port}"), "1s"),
    );
    let fails = "echo no such database >&2; exit 7";
    let both = ["ab", "ask.toml", "--a-cmd", fails, "--b-cmd", fails];
    let said = bench.loadtest(both).exits(2);
    assert!(said.err().contains("no such database"), "{}", said.err());
    let silent = [
        "ab", "ask.toml", "--a-cmd", "sleep 60", "--b-cmd", "sleep 60",
    ];
    let said = bench
        .loadtest(silent.into_iter().chain(["--ready-within", "300ms"]))
        .exits(2);
    assert!(
        said.err().contains("did not answer within"),
        "{}",
        said.err()
    );
    // What answers already would be measured instead.
    let other = ok();
    let at = [
        "ab", "ask.toml", "-t", &other.url, "--a-cmd", "sleep 60", "--b-cmd", "sleep 60",
    ];
    let said = bench.loadtest(at).exits(2);
    assert!(said.err().contains("answers at"), "{}", said.err());
    assert_eq!(processes_of(&bench), [0_u32; 0]);
}

#[test]
fn ctrl_c_ends_the_run_and_the_server_and_tells_what_is_known() {
    let bench = Bench::new();
    let port = free_port();
    let url = format!("http://127.0.0.1:{port}");
    bench.file("ask.toml", &scenario(&url, "60s"));
    let serves = serve(port, "pass");
    let mut run = bench
        .loadtest(["ab", "ask.toml", "--a-cmd", &serves, "--b-cmd", &serves])
        .spawn();
    until("the first run", || {
        bench.path().join("reports").is_dir() && hlog_of_a(&bench)
    });
    signal(run.id(), rustix::process::Signal::INT);
    assert_eq!(run.wait().expect("a child").code(), Some(130));
    assert_eq!(result(&bench).1["exit_code"], 130);
    assert_eq!(processes_of(&bench), [0_u32; 0]);
}

/// Whether a's first run has recorded anything.
fn hlog_of_a(bench: &Bench) -> bool {
    let runs = std::fs::read_dir(bench.run_folder().join("a"))
        .into_iter()
        .flatten();
    let mut runs = runs.filter_map(Result::ok);
    runs.any(|run| run.path().join("run.hlog").exists())
}

#[test]
fn what_is_not_said_or_cannot_be_is_refused() {
    let bench = Bench::new();
    bench.file("ask.toml", &scenario("http://127.0.0.1:9", "1s"));
    let said = bench.loadtest(["ab", "ask.toml"]).exits(2);
    assert!(said.err().contains("compared with what"), "{}", said.err());
    bench.file("shop.toml", &scenario("local", "1s"));
    let shop = ["ab", "shop.toml", "--a-cmd", "true", "--b-cmd", "true"];
    for words in [&shop[..2], &shop[..]] {
        let said = bench.loadtest(words.iter().copied()).exits(2);
        assert!(
            said.err().contains("part of this very binary"),
            "{}",
            said.err()
        );
    }
    let few = [
        "ab", "ask.toml", "--a", "http://a", "--b", "http://b", "--pairs", "3",
    ];
    bench.loadtest(few).exits(2);
    assert!(
        !bench.path().join("reports").exists(),
        "nothing was started"
    );
}
