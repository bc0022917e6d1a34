//! A part that runs, and what it says.

use std::io::{BufRead, BufReader};
use std::process::Child;
use std::sync::{Arc, Mutex, PoisonError};

use rustix::process::Signal;

use crate::database::{Database, PASSWORD};
use crate::support::{Bench, Run, signal, until};

/// `loadtest app …` with the database's address and password.
pub(crate) fn app(bench: &Bench, database: &Database, arguments: &[&str]) -> Run {
    let secret = bench.path().join("password");
    // Once: a part that is just starting would read a file that is being written again as empty.
    if !secret.exists() {
        std::fs::write(&secret, format!("{PASSWORD}\n")).expect("a file");
    }
    let all = [&["app"], arguments].concat();
    bench
        .loadtest(all)
        .env("DATABASE_ADDRESS", &database.address)
        .env("DATABASE_PASSWORD_FILE", &secret.display().to_string())
}

/// Ended by its own id when this goes.
pub(crate) struct Part {
    child: Child,
    said: Arc<Mutex<String>>,
}

impl Part {
    pub(crate) fn start(run: Run) -> Self {
        let mut child = run.spawn();
        let said = Arc::<Mutex<String>>::default();
        let stderr = child.stderr.take().expect("it is piped");
        let heard = Arc::clone(&said);
        std::thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                let mut all = heard.lock().unwrap_or_else(PoisonError::into_inner);
                all.push_str(&line);
                all.push('\n');
            }
        });
        Self { child, said }
    }

    pub(crate) fn said(&self) -> String {
        let said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        said.clone()
    }

    /// `http://…`, as soon as it listens.
    pub(crate) fn url(&mut self) -> String {
        let mut found = None;
        until("that it listens", || {
            let ended = self.child.try_wait().expect("a child");
            let said = self.said();
            assert!(ended.is_none(), "it ended: {said}");
            found = said.lines().find_map(|line| {
                let line: serde_json::Value = serde_json::from_str(line).ok()?;
                Some(format!("http://{}", line.get("address")?.as_str()?))
            });
            found.is_some()
        });
        found.expect("an address")
    }

    /// What stands behind these words, as soon as they are said.
    pub(crate) fn says(&mut self, words: &str) -> String {
        let mut found = None;
        until(words, || {
            let said = self.said();
            let ended = self.child.try_wait().expect("a child");
            assert!(ended.is_none(), "it ended: {said}");
            let mut lines = said.lines();
            found = lines.find_map(|line| Some(line.split_once(words)?.1.trim().to_owned()));
            found.is_some()
        });
        found.expect("it was said")
    }

    /// As Kubernetes ends a pod.
    pub(crate) fn terminate(self) -> i32 {
        self.ends_by(Signal::TERM)
    }

    /// As a person ends a run.
    pub(crate) fn interrupt(self) -> i32 {
        self.ends_by(Signal::INT)
    }

    fn ends_by(mut self, by: Signal) -> i32 {
        signal(self.child.id(), by);
        let status = self.child.wait().expect("it ends");
        status.code().unwrap_or(-1)
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The body of a page, if it answers 200.
pub(crate) fn get(url: &str) -> Option<String> {
    asked(reqwest::Client::new().get(url))
}

/// The answer to a POST of JSON, if it was a good one.
pub(crate) fn post(url: &str, body: &serde_json::Value) -> Option<serde_json::Value> {
    let answer = asked(reqwest::Client::new().post(url).json(body))?;
    serde_json::from_str(&answer).ok()
}

fn asked(request: reqwest::RequestBuilder) -> Option<String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let answer = request.send().await.ok()?;
        let answer = answer.error_for_status().ok()?;
        answer.text().await.ok()
    })
}
