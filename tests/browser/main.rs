//! `report.html` in a real browser: what a person can see, point at and type at.

#[path = "../support/browser/mod.rs"]
mod driver;
mod server;

mod extras;
mod looks;
mod without;

#[path = "../report/synthetic/mod.rs"]
mod synthetic;

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use driver::page;
use loadtest::report::{Summary, html};
use page::{Page, View};

/// Sections that a run with faults has, by their ids.
const SECTIONS: [&str; 9] = [
    "gates",
    "timeline",
    "recovery",
    "distribution",
    "steps",
    "connections",
    "errors",
    "quality",
    "configuration",
];

/// A run with faults that failed, recorded once: the bootstrap takes a while.
static FAILING: LazyLock<Summary> = LazyLock::new(|| {
    let folder = tempfile::tempdir().expect("a temporary folder");
    synthetic::run(folder.path(), 20_000.0)
});

/// Leaves the page where people can look at it, too.
fn written(name: &str, summary: &Summary) -> PathBuf {
    let path = left(&format!("{name}.html"));
    std::fs::write(&path, html::render(summary)).expect("the target folder is writable");
    path
}

/// A file for people to look at: `target/tmp/browser/NAME`.
fn left(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("browser");
    std::fs::create_dir_all(&folder).expect("the target folder is writable");
    folder.join(name)
}

/// The page of the failing run.
fn failing(name: &str, view: View) -> Page {
    Page::of_file(&written(name, &FAILING), view)
}
