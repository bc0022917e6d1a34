//! Every report of one made-up run.

mod baseline;
mod compare;
mod gates;
mod hdr;
mod html;
mod junit;
mod ladder;
mod pages;
mod recording;
mod sample;
mod schema;
mod snapshots;
mod synthetic;

#[path = "../support/mod.rs"]
mod support;

use std::sync::LazyLock;

use loadtest::report::{Summary, folder};

/// Recorded once: the bootstrap takes a while in an unoptimised build.
static PASSING: LazyLock<Summary> = LazyLock::new(|| recorded(synthetic::GENEROUS_P95));
static FAILING: LazyLock<Summary> = LazyLock::new(|| recorded(20_000.0));

/// The made-up run that holds all its gates.
fn passing() -> Summary {
    PASSING.clone()
}

/// The same with a limit that it misses.
fn failing() -> Summary {
    FAILING.clone()
}

/// The run with this limit, without its recording.
fn recorded(p95_limit_us: f64) -> Summary {
    let folder = tempfile::tempdir().expect("a temporary folder");
    synthetic::run(folder.path(), p95_limit_us)
}

#[test]
fn a_run_folder_is_rendered_again_from_its_summary_alone() {
    let summary = passing();
    let recorded = tempfile::tempdir().expect("a folder");
    folder::write(recorded.path(), &summary).expect("writable");
    let again = tempfile::tempdir().expect("a folder");
    let read = folder::read(recorded.path()).expect("just written");
    assert_eq!(read, summary);
    folder::render(again.path(), &read).expect("writable");
    for file in ["report.html", "junit.xml", "summary.md"] {
        let (first, second) = (recorded.path().join(file), again.path().join(file));
        assert!(
            std::fs::read(&first).expect(file) == std::fs::read(&second).expect(file),
            "{file} differs"
        );
    }
    let leftovers = std::fs::read_dir(recorded.path()).expect("there").flatten();
    assert!(
        leftovers
            .into_iter()
            .all(|entry| !entry.file_name().to_string_lossy().ends_with(".part"))
    );
}

#[test]
fn the_same_seed_gives_the_same_summary() {
    assert_eq!(recorded(synthetic::GENEROUS_P95), passing());
}

#[test]
fn a_missed_limit_decides_verdict_and_exit_code() {
    let summary = failing();
    assert_eq!(
        (summary.verdict, summary.exit_code),
        (loadtest::gate::Verdict::Fail, 3)
    );
    assert_eq!(
        summary.reason,
        "1 of 7 gates failed: journey:buy/steady, p95 < 20ms: 24.7 ms, missed by 4.70 ms (24 %)."
    );
}
