//! Reading keys back from a target that is not ours: with its own credentials, and interrupted.

mod support;

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;

use rustix::process::Signal;
use support::Bench;

const SECRET: &str = "s3cret-of-the-reader";

/// Takes every write; what it does with reads is up to the test.
struct Target {
    url: String,
}

impl Target {
    /// `read` is told the head of each GET and answers its status; none: never.
    fn start(read: fn(&str) -> Option<u16>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        // Serves until the test's process ends; nobody joins it.
        std::thread::spawn(move || {
            for connection in listener.incoming().map_while(Result::ok) {
                std::thread::spawn(move || serve(connection, read));
            }
        });
        Self { url }
    }
}

fn serve(mut connection: TcpStream, read: fn(&str) -> Option<u16>) -> Option<()> {
    let mut requests = BufReader::new(connection.try_clone().ok()?);
    loop {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if requests.read_line(&mut head).ok()? == 0 {
                return None;
            }
        }
        let status = if head.starts_with("POST ") {
            201
        } else {
            match read(&head) {
                Some(status) => status,
                None => loop {
                    std::thread::park();
                },
            }
        };
        let answer = format!("HTTP/1.1 {status} So\r\nContent-Length: 0\r\n\r\n");
        connection.write_all(answer.as_bytes()).ok()?;
    }
}

/// A second of writes.
fn writing(url: &str) -> String {
    format!(
        r#"name = "writing"
target = "{url}"
http = {{ headers = {{ X-Team = "blue", X-Number = "${{iteration}}" }} }}
[[load]]
arrivals = [{{ rate = "50/s", for = "1s" }}]
[[journey]]
name = "write"
[[journey.step]]
name = "write"
post = "/writes"
headers = {{ Idempotency-Key = "${{key = uuid()}}" }}
[journey.step.ledger]
key = "${{key}}"
read_back = "/writes/${{key}}"
headers = {{ Authorization = "Bearer ${{env.READ_TOKEN}}" }}
[[gate]]
on = "run"
expect = "errors < 1%"
"#
    )
}

/// Files of a folder that hold a text.
fn files_with(folder: &Path, text: &str) -> Vec<String> {
    let entries = std::fs::read_dir(folder).expect("a folder");
    entries
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| {
            let bytes = std::fs::read(path).expect("a file");
            String::from_utf8_lossy(&bytes).contains(text)
        })
        .map(|path| path.display().to_string())
        .collect()
}

#[test]
fn keys_are_read_back_with_credentials_that_are_stored_nowhere() {
    // Case does not matter in header names.
    let target = Target::start(|head| {
        let head = head.to_ascii_lowercase();
        let allowed = head.contains(&format!("authorization: bearer {SECRET}"))
            && head.contains("x-team: blue")
            && !head.contains("x-number");
        Some(if allowed { 200 } else { 401 })
    });
    let bench = Bench::new();
    let scenario = bench.file("writing.toml", &writing(&target.url));
    let said = bench
        .loadtest(["run", scenario.to_str().expect("UTF-8")])
        .env("READ_TOKEN", SECRET)
        .exits(0);
    let ledger = &bench.summary()["ledger"];
    assert_eq!(ledger["acknowledged"], 50, "{ledger}");
    assert_eq!(ledger["unverified"], 0, "{ledger}");
    assert_eq!(ledger["lost"], 0, "{ledger}");
    assert_eq!(
        files_with(&bench.run_folder(), SECRET),
        Vec::<String>::new()
    );
    assert!(!(said.out() + &said.err()).contains(SECRET));
}

#[test]
fn ctrl_c_while_keys_are_read_back_still_reports() {
    let target = Target::start(|_| None);
    let bench = Bench::new();
    let scenario = bench.file("writing.toml", &writing(&target.url));
    let mut run = bench
        .loadtest(["run", scenario.to_str().expect("UTF-8")])
        .env("READ_TOKEN", SECRET)
        .spawn();
    let mut err = BufReader::new(run.stderr.take().expect("piped"));
    let mut words = String::new();
    while !words.contains("reading 50 writes back") {
        assert_ne!(err.read_line(&mut words).expect("words"), 0, "{words}");
    }
    support::signal(run.id(), Signal::INT);
    std::io::Read::read_to_string(&mut err, &mut words).expect("the rest");
    let status = run.wait().expect("it ends");
    assert_eq!(status.code(), Some(130), "{words}");
    assert!(
        words.contains("50 of 50 writes were not read back"),
        "{words}"
    );
    let summary = bench.summary();
    assert_eq!(summary["ending"], "interrupted");
    assert_eq!(summary["ledger"]["unverified"], 50, "{summary}");
    assert!(bench.run_folder().join("ledger.csv").exists());
}
