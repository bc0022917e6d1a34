//! What a person or a pipeline reads, word by word.

use loadtest::report::console::{self, Colours};
use loadtest::report::{junit, markdown};

#[test]
fn console() {
    insta::assert_snapshot!(
        "console_pass",
        console::render(&super::passing(), Colours::Off)
    );
    insta::assert_snapshot!(
        "console_fail",
        console::render(&super::failing(), Colours::Off)
    );
}

#[test]
fn colours_change_nothing_but_colours() {
    let summary = super::failing();
    let mut plain = String::new();
    let mut rest = console::render(&summary, Colours::On);
    while let Some(start) = rest.find('\u{1b}') {
        plain.push_str(&rest[..start]);
        let end = rest[start..].find('m').expect("every sequence ends");
        rest = rest[start + end + 1..].to_owned();
    }
    plain.push_str(&rest);
    assert_eq!(plain, console::render(&summary, Colours::Off));
}

#[test]
fn markdown() {
    let text = markdown::render(&super::failing());
    assert!(text.len() < markdown::MOST_BYTES);
    insta::assert_snapshot!("markdown_fail", text);
}

/// The comment field of a pull request takes no more, and what failed must be in it.
#[test]
fn markdown_of_five_hundred_gates_fits_and_shows_what_failed() {
    let mut summary = super::failing();
    let failed = summary.gates.remove(0);
    let long = "a name that somebody thought to be telling | and that is not ".repeat(5);
    summary.gates = (0..500)
        .map(|number| {
            let mut gate = summary.gates[number % 6].clone();
            gate.id = format!("journey:{long}{number}/steady/p95");
            gate.explanation.clone_from(&long);
            gate
        })
        .collect();
    summary.gates.push(failed);
    let text = markdown::render(&summary);
    assert!(text.len() < markdown::MOST_BYTES, "{} bytes", text.len());
    assert!(text.contains("❌ journey:buy · p95 &lt; 20ms"), "{text}");
    assert!(text.contains("more in `report.html`"), "{text}");
    assert!(text.contains("loadtest run scenarios/checkout.toml"));
}

#[test]
fn junit() {
    insta::assert_snapshot!("junit_fail", junit::render(&super::failing()));
}

/// An invalid run can neither pass nor fail, and a fault that stays is an error of its own.
#[test]
fn junit_of_an_invalid_run_with_a_dirty_environment() {
    let mut summary = super::passing();
    summary.verdict = loadtest::gate::Verdict::Invalid;
    summary.reason = "The generator used 98 % of its cores & was the bottleneck.".into();
    if let Some(undo) = &mut summary.faults[2].undo {
        undo.done = false;
        undo.how = "the control plane does not answer".into();
    }
    summary.gates.truncate(1);
    insta::assert_snapshot!("junit_invalid", junit::render(&summary));
}

#[test]
fn summary_json() {
    let mut summary = super::passing();
    // Hundreds of numbers that say nothing to a reviewer.
    summary.distribution.iter_mut().for_each(|curve| {
        curve.response.truncate(2);
        curve.service.truncate(2);
    });
    let timeline = &mut summary.timeline;
    for column in [
        &mut timeline.requests,
        &mut timeline.scheduled,
        &mut timeline.started,
        &mut timeline.users,
    ] {
        column.truncate(2);
    }
    timeline
        .errors
        .values_mut()
        .for_each(|column| column.truncate(2));
    for column in [
        &mut timeline.p50,
        &mut timeline.p90,
        &mut timeline.p99,
        &mut timeline.max,
    ] {
        column.truncate(2);
    }
    timeline.heat.columns.truncate(2);
    summary.lanes.serving.iter_mut().for_each(|lane| {
        lane.ok.truncate(2);
        lane.failed.truncate(2);
    });
    insta::assert_snapshot!(
        "summary",
        serde_json::to_string_pretty(&summary).expect("plain data")
    );
}
