//! `compare` on run folders, by the real binary: what is told first, what is beside what.

use std::path::{Path, PathBuf};
use std::process::Command;

use loadtest::measure::interval::histogram;
use loadtest::measure::interval_log::{HlogReader, HlogWriter};
use loadtest::measure::recording::HLOG;
use loadtest::report::markdown::plain;
use loadtest::report::{Summary, folder};
use tempfile::TempDir;

use super::synthetic;

/// A folder to work in, with run folders in it.
struct Bench(TempDir);

impl Bench {
    fn new() -> Self {
        Self(TempDir::new().expect("a temporary folder"))
    }

    /// The made-up run under this name, changed, with its recording.
    fn run(&self, name: &str, change: impl FnOnce(&mut Summary)) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::create_dir_all(&path).expect("writable");
        let mut run = synthetic::run(&path, synthetic::GENEROUS_P95);
        run.run.id = name.to_owned();
        change(&mut run);
        folder::write(&path, &run).expect("writable");
        path
    }

    /// `loadtest compare` of these; its exit code, and what it said.
    fn compare(&self, runs: &[&Path]) -> (i32, String) {
        let output = Command::new(env!("CARGO_BIN_EXE_loadtest"))
            .arg("compare")
            .args(runs)
            .current_dir(self.0.path())
            .output()
            .expect("the binary starts");
        let text = [&output.stdout[..], &output.stderr[..]].concat();
        let code = output.status.code().expect("it was not killed");
        (code, String::from_utf8_lossy(&text).into_owned())
    }

    fn page(&self) -> String {
        std::fs::read_to_string(self.0.path().join("compare.html")).expect("written")
    }
}

/// Half as slow again, and one fault takes longer.
fn slower(run: &mut Summary) {
    for step in &mut run.steps {
        if let Some(times) = &mut step.response_time_us {
            times.p50 = times.p50 * 3 / 2;
            times.p99 = times.p99 * 3 / 2;
        }
    }
    run.faults[1].rto_seconds = Some(9.5);
    run.run.revision = Some("a1b2c3".into());
}

/// Makes a recording half as slow again.
fn slow_down(log: &Path) {
    let text = std::fs::read(log).expect("recorded");
    let mut reader = HlogReader::new(text.as_slice());
    let file = std::fs::File::create(log).expect("writable");
    let mut writer = HlogWriter::begin(file, 0).expect("writable");
    while let Some(line) = reader.read().expect("sound") {
        let mut slower = histogram();
        for value in line.histogram.iter_recorded() {
            let time = value.value_iterated_to() * 3 / 2;
            slower
                .record_n(time, value.count_at_value())
                .expect("in range");
        }
        writer
            .write(&line.tag, line.second, &slower)
            .expect("writable");
    }
}

#[test]
fn steps_and_recoveries_stand_beside_those_of_the_reference() {
    let bench = Bench::new();
    let (a, b) = (bench.run("one", |_| {}), bench.run("two", slower));
    slow_down(&b.join(HLOG));
    let (code, said) = bench.compare(&[&a, &b]);
    assert_eq!(code, 0, "{said}");
    insta::assert_snapshot!("compare", said);
    let written = std::fs::read_to_string(bench.0.path().join("compare.md")).expect("written");
    assert!(
        said.starts_with(&plain(&written)),
        "the same on the terminal"
    );

    let page = bench.page();
    let kept = Path::new(env!("CARGO_TARGET_TMPDIR")).join("compare.html");
    std::fs::write(kept, &page).expect("the target folder is writable");
    assert!(page.contains("Like with like"));
    for told in ["1.50×", "9.50 s", "a1b2c3", "chart-steady", "chart-fault"] {
        assert!(page.contains(told), "{told}");
    }
    for forbidden in [
        "http:",
        "https:",
        "src=",
        "url(",
        "<link rel=\"stylesheet",
        "<img",
    ] {
        assert!(!page.contains(forbidden), "the page contains `{forbidden}`");
    }
}

#[test]
fn what_differs_is_told_first_and_compared_all_the_same() {
    let bench = Bench::new();
    let usual = bench.run("one", |_| {});
    let elsewhere = bench.run("two", |run| {
        run.run.machine = Some("a <b>laptop</b>".into());
        run.run.overrides = vec!["--seed=7".into(), "--scale=2".into()];
        run.verdict = loadtest::gate::Verdict::Invalid;
        run.faults.remove(0);
        run.steps.remove(0);
    });
    let (code, said) = bench.compare(&[&usual, &elsewhere]);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("no runs of one thing"), "{said}");
    assert!(
        said.contains("its options are `--scale=2`, not none"),
        "{said}"
    );
    assert!(said.contains("B is INVALID"), "{said}");
    assert!(said.contains("not in this run"), "{said}");
    let page = bench.page();
    assert!(page.contains("Not like with like"));
    assert!(page.contains("a &lt;b&gt;laptop&lt;/b&gt;"));
}

#[test]
fn without_a_recording_there_are_ratios_but_no_intervals() {
    let bench = Bench::new();
    let (a, b) = (bench.run("one", |_| {}), bench.run("two", slower));
    std::fs::remove_file(b.join(HLOG)).expect("there");
    let (code, said) = bench.compare(&[&a, &b.join("summary.json")]);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("ratios with B have no interval"), "{said}");
    assert!(said.contains("1.50× |"), "{said}");
    assert!(!said.contains("1.50× ("), "{said}");
}

#[test]
fn runs_that_cannot_be_read_are_named() {
    let bench = Bench::new();
    let run = bench.run("one", |_| {});
    let (code, said) = bench.compare(&[&run, Path::new("nowhere")]);
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("nowhere"), "{said}");
    std::fs::write(run.join(HLOG), "Tag=x,1.000,1.0").expect("writable");
    let (code, said) = bench.compare(&[&run, &run]);
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("run.hlog: line 1"), "{said}");
}
