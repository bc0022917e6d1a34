//! An operator at the keys. Every step waits for what the screen says, never for a time.

use std::fs;

use serde_json::Value;

use crate::scenario;
use crate::support::{Bench, processes_of};
use crate::terminal::Terminal;

fn events(bench: &Bench) -> Vec<Value> {
    let path = bench.run_folder().join("events.jsonl");
    let text = fs::read_to_string(path).expect("events.jsonl");
    text.lines()
        .map(|line| serde_json::from_str(line).expect("an entry"))
        .collect()
}

#[test]
fn an_operator_drives_a_drill_from_confirmation_to_report() {
    let bench = Bench::new();
    bench.file("two.toml", &by_hand());
    let mut terminal = Terminal::run(&bench, "drill two.toml");
    terminal.shows("Type `break two pods` to go on");
    terminal.types("break two pods\n");
    terminal.shows("▸ a pod dies");
    terminal.shows("▸ [driver] Say that it begins");
    terminal.types("d");
    terminal.shows("✓ [driver] Say that it begins");

    // Nobody can mark what has not happened.
    terminal.types("n");
    terminal.shows("nothing has been injected");
    healthy(&mut terminal);
    inject(&mut terminal, "a pod dies");
    terminal.shows("✓ a pod dies  over");
    terminal.types("n");
    terminal.shows("noticed “a pod dies”");
    terminal.types("tq is a letter here\u{7f}\u{7f}\u{7f}\u{7f}now\r");
    terminal.shows("note: q is a letter now");
    terminal.types("m");
    terminal.shows("mitigated “a pod dies”");
    terminal.types("n");
    terminal.shows("has been noticed");
    terminal.types("?");
    terminal.shows("any key goes back");
    terminal.types("x");

    inject(&mut terminal, "a pod hangs");
    terminal.shows("✓ a pod hangs  over");
    terminal.shows("all faults are over");
    terminal.types("q");
    let (status, screen) = terminal.ends();
    assert!(status.success(), "{status}\n{screen}");
    assert!(
        screen.contains("report.html"),
        "the screen was given back:\n{screen}"
    );

    let summary = bench.summary();
    assert_eq!(summary["ending"], "completed");
    assert_eq!(summary["drill"]["attended"], true);
    let notes = &summary["drill"]["notes"];
    assert_eq!(notes[0]["text"], "q is a letter now");
    assert!(summary["drill"]["runbook"][0]["done_us"].is_u64());
    assert!(summary["drill"]["runbook"][1]["done_us"].is_null());
    let dies = &summary["faults"][0];
    let at = |key: &str| {
        dies[key]
            .as_u64()
            .unwrap_or_else(|| panic!("{key} in {dies}"))
    };
    assert!(at("accepted_us") < at("noticed_us"));
    assert!(at("noticed_us") < at("mitigated_by_hand_us"));
    assert!(summary["faults"][1]["noticed_us"].is_null());
    let written: Vec<String> = (events(&bench).iter())
        .filter(|event| event["kind"] == "operator")
        .map(|event| {
            event["what"]["event"]
                .as_str()
                .expect("an event")
                .to_owned()
        })
        .collect();
    let expected = [
        "step-done",
        "inject",
        "noticed",
        "note",
        "mitigated",
        "inject",
        "finish",
    ];
    assert_eq!(written, expected);
    let dir = bench.run_folder().display().to_string();
    bench.loadtest(["report", &dir, "--verify"]).exits(0);
    assert_eq!(processes_of(&bench), Vec::<u32>::new(), "processes left");
}

/// Presses the key, says yes, and waits until the fault is under way.
/// Waits until there is a healthy state to compare with.
fn healthy(terminal: &mut Terminal) {
    terminal.shows_what("the third second", |screen| {
        let early = ["00:00 of", "00:01 of"]
            .iter()
            .any(|at| screen.contains(at));
        screen.contains(" of 10:00") && !early
    });
}

fn inject(terminal: &mut Terminal, fault: &str) {
    let marks = [
        format!("● {fault}  in force"),
        format!("◐ {fault}  is being taken back"),
        format!("✓ {fault}  over"),
    ];
    terminal.types("i");
    terminal.shows(&format!("Inject “{fault}”"));
    terminal.types("y");
    terminal.shows_what(&marks[0], |screen| {
        marks.iter().any(|mark| screen.contains(mark))
    });
}

/// No guard but that of faults in progress: each key press is taken or refused for a known reason.
fn by_hand() -> String {
    scenario("10m")
        .replace("healthy_before = \"300ms\"", "healthy_before = \"0s\"")
        .replace(
            "after = { fault = \"a pod dies\", recovered_for = \"300ms\" }",
            "at = \"2s\"",
        )
}

#[test]
fn a_wrong_phrase_touches_nothing() {
    let bench = Bench::new();
    bench.file("two.toml", &by_hand());
    let mut terminal = Terminal::run(&bench, "drill two.toml");
    terminal.shows("Type `break two pods` to go on");
    terminal.types("yes\n");
    let (status, screen) = terminal.ends();
    assert_eq!(status.code(), Some(2), "{screen}");
    assert!(screen.contains("nothing was touched"), "{screen}");
    assert!(!bench.path().join("reports").exists());
}

#[test]
fn an_abort_undoes_what_is_open_and_reports() {
    let bench = Bench::new();
    let held = by_hand()
        .replace("for = \"1s\"", "for = \"5m\"")
        .replace("at = \"2s\"", "at = \"0s\"")
        // Not within the other's time: by the file the two do not overlap.
        .replace("at = \"1s\"", "at = \"9m\"");
    bench.file("two.toml", &held);
    let mut terminal = Terminal::run(&bench, "drill two.toml");
    terminal.shows("Type `break two pods` to go on");
    terminal.types("break two pods\n");
    terminal.shows("▸ a pod hangs");
    healthy(&mut terminal);
    inject(&mut terminal, "a pod hangs");
    // A second one on top of it is refused, and the reason is there to be read.
    terminal.types("i");
    terminal.shows("Inject “a pod dies”");
    terminal.types("y");
    terminal.shows("[a pod dies] held back: `a pod hangs`");
    terminal.types("a");
    terminal.shows("Abort: stop the load and undo what is open? y/n");
    terminal.types("y");
    let (status, screen) = terminal.ends();
    assert_eq!(status.code(), Some(3), "{screen}");
    let summary = bench.summary();
    assert_eq!(summary["ending"], "aborted");
    let reason = summary["reason"].as_str().expect("a reason");
    assert!(reason.starts_with("Given up by the operator"), "{reason}");
    assert_eq!(summary["faults"][1]["undone"], true);
}
