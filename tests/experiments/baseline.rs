//! `run --baseline`: runs again while the comparison cannot be decided, and no longer.

use std::path::PathBuf;

use loadtest::measure::window::PhaseKind;
use loadtest::report::summary::Latency;
use loadtest::report::{Summary, folder};

use super::support::target::{Reply, Target};
use super::support::{Bench, Said, signal, until};

/// A bench with a scenario of two seconds, and six runs of it as the baseline.
struct Kept {
    bench: Bench,
    target: Target,
}

impl Kept {
    /// The baseline's steady times are so many times those of a real run.
    fn at(levels: [f64; 6]) -> Self {
        let bench = Bench::new();
        let target = Target::serve(|_| Reply::Ok("ok".into()));
        let kept = Self { bench, target };
        kept.scenario("2s");
        let first = kept
            .bench
            .loadtest(["run", "short.toml", "-o", "first"])
            .exits(0);
        assert!(first.out().contains("PASS"), "{}", first.out());
        let run = read(&only(&kept.bench.path().join("first")));
        for (number, level) in levels.into_iter().enumerate() {
            let folder = kept.keep(&run, number, level);
            kept.bench
                .loadtest(["baseline", "add", &folder, "--baseline", "dir:kept"])
                .exits(0);
        }
        kept
    }

    fn scenario(&self, length: &str) {
        let text = format!(
            "target = \"{}\"\nload = {{ users = {{ count = 2, for = \"{length}\" }} }}\n\
             journey = {{ name = \"ask\", think = \"5ms\", steps = {{ get = \"/\" }} }}\n",
            self.target.url
        );
        self.bench.file("short.toml", &text);
    }

    fn keep(&self, run: &Summary, number: usize, level: f64) -> String {
        let mut run = run.clone();
        run.run.id = format!("short-20261121T10{number:02}00Z");
        for phase in &mut run.phases {
            if phase.kind == PhaseKind::Steady {
                phase.response_time_us = phase.response_time_us.map(|times| scaled(times, level));
            }
        }
        let path = self.bench.path().join(&run.run.id);
        std::fs::create_dir_all(&path).expect("writable");
        folder::write(&path, &run).expect("writable");
        run.run.id
    }

    fn run(&self, code: i32, more: &[&str]) -> Said {
        let words = ["run", "short.toml", "--baseline", "dir:kept"];
        self.bench
            .loadtest(words.iter().chain(more).copied())
            .exits(code)
    }

    /// The run folders under `reports/`, in order of time.
    fn folders(&self) -> Vec<PathBuf> {
        let reports = std::fs::read_dir(self.bench.path().join("reports")).expect("reports/");
        let mut folders: Vec<PathBuf> = reports
            .map(|entry| entry.expect("an entry").path())
            .collect();
        folders.sort();
        folders
    }
}

fn only(reports: &std::path::Path) -> PathBuf {
    let entry = std::fs::read_dir(reports).expect("a folder").next();
    entry.expect("a run").expect("an entry").path()
}

fn read(folder: &std::path::Path) -> Summary {
    folder::read(folder).expect("a summary")
}

fn scaled(times: Latency, level: f64) -> Latency {
    let times_level = |us: u64| ((us as f64 * level).round() as u64).max(1);
    Latency {
        p50: times_level(times.p50),
        p95: times_level(times.p95),
        p99: times_level(times.p99),
        ..times
    }
}

/// So different from each other that no run could ever be told from them.
const ANYTHING: [f64; 6] = [0.02, 0.1, 0.5, 2.0, 10.0, 50.0];

#[test]
fn while_it_cannot_be_told_it_runs_again() {
    let kept = Kept::at(ANYTHING);
    let said = kept.run(0, &["--reruns", "1"]);
    let folders = kept.folders();
    assert_eq!(folders.len(), 2, "{folders:?}");
    assert!(
        said.err().contains("inconclusive: run 2 of at most 2"),
        "{}",
        said.err()
    );
    assert!(
        said.err().contains("still inconclusive after 2 runs"),
        "{}",
        said.err()
    );
    let compared = folders
        .iter()
        .map(|folder| read(folder).baseline.expect("compared"));
    let candidates: Vec<usize> = compared.map(|baseline| baseline.candidates.len()).collect();
    assert_eq!(
        candidates,
        [1, 2],
        "the second is judged together with the first"
    );
    for folder in folders {
        let page =
            std::fs::read_to_string(folder.join("report.html")).expect("a report of its own");
        assert!(page.contains("Ratios to the baseline"));
    }
    // For those who asked for certainty it is a failure.
    let said = kept.run(5, &["--reruns", "0", "--strict"]);
    assert_eq!(kept.folders().len(), 3, "{}", said.err());
}

#[test]
fn what_is_surely_slower_fails_at_once_and_what_is_not_is_recorded() {
    let slow = Kept::at([0.001; 6]);
    let said = slow.run(3, &["--record"]);
    assert_eq!(slow.folders().len(), 1, "{}", said.err());
    assert!(said.out().contains("allowed 1.10×"), "{}", said.out());

    let quick = Kept::at([1_000.0; 6]);
    let said = quick.run(0, &["--record", "--metric", "steady/p50"]);
    assert_eq!(quick.folders().len(), 1, "{}", said.err());
    let listed = quick
        .bench
        .loadtest(["baseline", "list", "--baseline", "dir:kept"]);
    assert!(listed.exits(0).out().contains("7 runs, 7 of them count"));
}

#[test]
fn a_place_that_cannot_be_used_is_told_before_anything_is_started() {
    let kept = Kept::at(ANYTHING);
    let run = ["run", "short.toml", "--baseline", "git:nowhere"];
    kept.bench.loadtest(run).exits(2);
    assert!(!kept.bench.path().join("reports").exists());
}

#[test]
fn ctrl_c_ends_all_runs_and_not_only_the_one_that_goes_on() {
    let kept = Kept::at(ANYTHING);
    kept.scenario("60s");
    let before = kept.target.seen().len();
    let words = ["run", "short.toml", "--baseline", "dir:kept"];
    let mut run = kept.bench.loadtest(words).spawn();
    until("the load", || kept.target.seen().len() > before);
    signal(run.id(), rustix::process::Signal::INT);
    assert_eq!(run.wait().expect("a child").code(), Some(130));
    assert_eq!(kept.folders().len(), 1);
}
