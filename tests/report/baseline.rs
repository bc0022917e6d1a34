//! `baseline` and `gate` on run folders, by the real binary: what is kept, what counts, what fails.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use loadtest::measure::window::PhaseKind;
use loadtest::report::summary::Latency;
use loadtest::report::{Summary, folder};
use tempfile::TempDir;

use super::passing;

/// A folder to work in, with run folders and baselines.
struct Bench(TempDir);

impl Bench {
    fn new() -> Self {
        Self(TempDir::new().expect("a temporary folder"))
    }

    /// A finished run whose steady times are `level` times the usual ones.
    fn run(&self, number: u32, level: f64) -> PathBuf {
        self.run_like(number, |run| {
            for curve in &mut run.distribution {
                for point in &mut curve.response {
                    point.us = (point.us as f64 * level).round() as u64;
                }
            }
            for phase in &mut run.phases {
                if phase.kind == PhaseKind::Steady {
                    phase.response_time_us = phase.response_time_us.map(|time| slower(time, level));
                }
            }
        })
    }

    fn run_like(&self, number: u32, change: impl FnOnce(&mut Summary)) -> PathBuf {
        let mut run = passing();
        run.run.id = format!("checkout-20261121T10{number:02}00Z");
        change(&mut run);
        let path = self.0.path().join(&run.run.id);
        std::fs::create_dir_all(&path).expect("writable");
        folder::write(&path, &run).expect("writable");
        path
    }

    /// `loadtest` in this folder, with `--baseline`; its exit code and what it said.
    fn loadtest(&self, baseline: &str, args: &[&str], folders: &[PathBuf]) -> (i32, String) {
        let output = Command::new(env!("CARGO_BIN_EXE_loadtest"))
            .args(args)
            .args(folders)
            .args(["--baseline", baseline])
            .current_dir(self.0.path())
            .env("NO_COLOR", "1")
            .output()
            .expect("the binary starts");
        said(&output)
    }

    /// Ten usual runs, kept.
    fn with_baseline(place: &str) -> Self {
        let bench = Self::new();
        bench.git(&["init", "--quiet"]);
        let runs: Vec<PathBuf> = (0..10)
            .map(|number| bench.run(number, 1.0 + f64::from(number % 5) * 0.01))
            .collect();
        let (code, said) = bench.loadtest(place, &["baseline", "add"], &runs);
        assert_eq!(code, 0, "{said}");
        bench
    }

    fn git(&self, args: &[&str]) -> String {
        let output = Command::new("git")
            .arg("-C")
            .arg(self.0.path())
            .args(args)
            .output()
            .expect("git is there");
        said(&output).1
    }
}

fn said(output: &Output) -> (i32, String) {
    let text = [&output.stdout[..], &output.stderr[..]].concat();
    let code = output.status.code().expect("it was not killed");
    (code, String::from_utf8_lossy(&text).into_owned())
}

fn slower(time: Latency, level: f64) -> Latency {
    let times = |us: u64| (us as f64 * level).round() as u64;
    Latency {
        p50: times(time.p50),
        p95: times(time.p95),
        p99: times(time.p99),
        ..time
    }
}

fn read(path: &Path) -> Summary {
    folder::read(path).expect("a summary")
}

#[test]
fn what_is_slower_than_allowed_fails_and_every_report_says_so() {
    for place in ["dir:kept", "git:loadtest-baselines"] {
        let bench = Bench::with_baseline(place);
        let same = bench.run(20, 1.01);
        let (code, said) = bench.loadtest(place, &["gate"], std::slice::from_ref(&same));
        assert_eq!(code, 0, "{said}");
        let compared = read(&same).baseline.expect("compared");
        assert_eq!(compared.runs.len(), 10);
        // The runs were up to 4 % slower than the fastest of them.
        for point in &compared.envelope {
            let spread = point.high_us as f64 / point.low_us as f64;
            assert!((spread - 1.04).abs() < 0.001, "{point:?}");
        }
        assert!(compared.envelope.len() > 20, "{:?}", compared.envelope);

        let slow = bench.run(21, 1.5);
        let (code, said) = bench.loadtest(place, &["gate"], std::slice::from_ref(&slow));
        assert_eq!(code, 3, "{said}");
        let file = |name: &str| std::fs::read_to_string(slow.join(name)).expect("written");
        assert!(file("report.html").contains("Ratios to the baseline"));
        assert!(file("report.html").contains("steady in 10 runs of the baseline"));
        assert!(file("junit.xml").contains("baseline/steady/p99"));
        assert!(
            file("summary.md").contains("allowed 1.10×"),
            "{}",
            file("summary.md")
        );
        // Judged again, it is the same again.
        let (code, _) = bench.loadtest(place, &["gate"], std::slice::from_ref(&slow));
        assert_eq!(code, 3);
        let gates = read(&slow).gates;
        let about_baseline = gates.iter().filter(|gate| gate.id.starts_with("baseline/"));
        assert_eq!(about_baseline.count(), 3);
    }
}

#[test]
fn an_accepted_change_starts_a_new_epoch() {
    let bench = Bench::with_baseline("dir:kept");
    let slow = bench.run(20, 1.5);
    let why = ["baseline", "accept", "--why", "prices are checked twice"];
    let (code, said) = bench.loadtest("dir:kept", &why, std::slice::from_ref(&slow));
    assert_eq!(code, 0, "{said}");
    let next = bench.run(21, 1.5);
    let (code, said) = bench.loadtest("dir:kept", &["gate"], std::slice::from_ref(&next));
    assert_eq!(code, 0, "{said}");
    let compared = read(&next).baseline.expect("compared");
    assert_eq!(compared.runs, ["checkout-20261121T102000Z"]);
    let why = compared.not_judged.expect("one run is too few");
    assert!(why.contains("1 comparable runs of the 5"), "{why}");
    let (_, listed) = bench.loadtest("dir:kept", &["baseline", "list"], &[]);
    assert!(listed.contains("11 runs, 1 of them count"), "{listed}");
}

#[test]
fn runs_of_another_machine_are_refused_with_the_reason() {
    let bench = Bench::with_baseline("dir:kept");
    let elsewhere = bench.run_like(20, |run| run.run.machine = Some("a laptop".into()));
    let (code, said) = bench.loadtest("dir:kept", &["gate"], std::slice::from_ref(&elsewhere));
    assert_eq!(code, 0, "{said}");
    let why = read(&elsewhere)
        .baseline
        .and_then(|baseline| baseline.not_judged);
    let why = why.expect("nothing to compare with");
    assert!(why.contains("not \"a laptop\""), "{why}");
    // Two that differ are no runs of one candidate.
    let usual = bench.run(21, 1.0);
    let (code, said) = bench.loadtest("dir:kept", &["gate"], &[elsewhere, usual]);
    assert_eq!(code, 2, "{said}");
}

#[test]
fn a_run_that_did_not_pass_is_not_kept() {
    let bench = Bench::new();
    let invalid = bench.run_like(0, |run| run.verdict = loadtest::gate::Verdict::Invalid);
    let (code, said) = bench.loadtest("dir:kept", &["baseline", "add"], &[invalid]);
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("Only runs that passed"), "{said}");
    assert!(!bench.0.path().join("kept").exists());
}

#[test]
fn a_git_baseline_touches_neither_the_working_tree_nor_the_index_and_is_pushed() {
    let remote = TempDir::new().unwrap();
    let origin = remote.path().to_str().unwrap();
    let bench = Bench::new();
    bench.git(&["init", "--quiet"]);
    bench.git(&["init", "--quiet", "--bare", origin]);
    bench.git(&["remote", "add", "origin", origin]);
    let place = "git:loadtest-baselines@origin";
    let before = bench.git(&["status", "--porcelain"]);
    for number in 0..2 {
        let run = bench.run(number, 1.0);
        let (code, said) = bench.loadtest(place, &["baseline", "add"], &[run]);
        assert_eq!(code, 0, "{said}");
    }
    let after = bench.git(&["status", "--porcelain"]);
    assert_eq!(before, "");
    assert!(
        after.lines().all(|line| line.starts_with("?? checkout-")),
        "{after}"
    );
    let pushed = bench.git(&[
        "--git-dir",
        origin,
        "log",
        "--oneline",
        "loadtest-baselines",
    ]);
    assert_eq!(pushed.lines().count(), 2, "{pushed}");
    // Whoever clones it afresh finds the same.
    bench.git(&["update-ref", "-d", "refs/heads/loadtest-baselines"]);
    let (_, listed) = bench.loadtest(place, &["baseline", "list"], &[]);
    assert!(listed.contains("2 runs, 2 of them count"), "{listed}");
}

#[test]
fn wrong_places_and_metrics_are_told_with_what_to_write() {
    let bench = Bench::new();
    let run = bench.run(0, 1.0);
    let one = std::slice::from_ref(&run);
    let (code, said) = bench.loadtest("s3:bucket", &["gate"], one);
    assert_eq!(code, 2);
    assert!(said.contains("dir:FOLDER"), "{said}");
    let (code, said) = bench.loadtest("dir:kept", &["gate", "--metric", "p99"], one);
    assert_eq!(code, 2);
    assert!(said.contains("steady/p99"), "{said}");
    let (code, said) = bench.loadtest("git:nowhere", &["baseline", "list"], &[]);
    assert_eq!(code, 2, "{said}");
}
