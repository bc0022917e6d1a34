//! `junit.xml`: one test case per gate. Names hold no values, so that a pipeline recognises the
//! same gate from run to run; a failure's body holds everything, because some show nothing else.

use crate::gate::{GateResult, GateVerdict, Verdict};
use crate::measure::units;
use crate::report::Summary;

/// The file's text.
#[must_use]
pub fn render(summary: &Summary) -> String {
    let invalid = summary.verdict == Verdict::Invalid;
    let dirty: Vec<_> = summary
        .faults
        .iter()
        .filter(|fault| !fault.is_clean())
        .collect();
    // A run without gates still has a result: the run itself.
    let gates = summary
        .gates
        .iter()
        .map(|gate| case(summary, gate, invalid));
    let mut cases: Vec<String> = gates.collect();
    let mut errors = if invalid { cases.len() } else { 0 };
    for fault in &dirty {
        let how = fault
            .undo
            .as_ref()
            .map_or("nobody knows whether it was undone", |undo| &undo.how);
        cases.push(format!(
            "    <testcase classname=\"loadtest.{0}.undo\" name=\"undo: {1}\" time=\"0\">\n      \
             <error message=\"not undone\">{2}</error>\n    </testcase>\n",
            attribute(&summary.run.scenario),
            attribute(&fault.name),
            element(&format!(
                "{how}\n\nRun `loadtest chaos recover` before anything else."
            ))
        ));
        errors += 1;
    }
    if cases.is_empty() {
        let body = if invalid {
            errors = 1;
            format!(
                "<error message=\"invalid run\">{}</error>",
                element(&summary.reason)
            )
        } else {
            String::new()
        };
        cases.push(format!(
            "    <testcase classname=\"loadtest.{}.run\" name=\"run\" time=\"{}\">{body}</testcase>\n",
            attribute(&summary.run.scenario),
            seconds(summary.run.duration_us)
        ));
    }
    let count = |verdict| {
        let of = summary
            .gates
            .iter()
            .filter(|gate| gate.verdict == verdict)
            .count();
        if invalid { 0 } else { of }
    };
    let (failures, skipped) = (count(GateVerdict::Fail), count(GateVerdict::Inconclusive));
    let totals = format!(
        "tests=\"{}\" failures=\"{failures}\" errors=\"{errors}\" skipped=\"{skipped}\" time=\"{}\"",
        cases.len(),
        seconds(summary.run.duration_us)
    );
    let name = attribute(&summary.run.scenario);
    // Without fraction and zone: Jenkins' schema wants exactly this.
    let timestamp = summary
        .run
        .started
        .get(..19)
        .unwrap_or(&summary.run.started);
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n  \
         <testsuite name=\"loadtest.{name}\" {totals} timestamp=\"{}\" hostname=\"loadtest\">\n{}  </testsuite>\n</testsuites>\n",
        attribute(timestamp),
        cases.concat()
    )
}

fn case(summary: &Summary, gate: &GateResult, invalid: bool) -> String {
    let class = format!(
        "loadtest.{}.{}",
        summary.run.scenario,
        gate.phase.replace(": ", ".")
    );
    let body = if invalid {
        let message = attribute(&summary.reason);
        format!(
            "\n      <error message=\"invalid run: {message}\">{}</error>\n    ",
            element(&details(summary, gate))
        )
    } else {
        let message = attribute(&gate.explanation);
        match gate.verdict {
            GateVerdict::Pass => String::new(),
            GateVerdict::Fail => {
                format!(
                    "\n      <failure message=\"{message}\">{}</failure>\n    ",
                    element(&details(summary, gate))
                )
            }
            GateVerdict::Inconclusive => format!("\n      <skipped message=\"{message}\"/>\n    "),
        }
    };
    format!(
        "    <testcase classname=\"{}\" name=\"{}\" time=\"{}\">{body}</testcase>\n",
        attribute(&class),
        attribute(&gate.id),
        seconds(summary.run.duration_us)
    )
}

fn details(summary: &Summary, gate: &GateResult) -> String {
    let shown = |value: f64| gate.unit.show(value);
    let mut lines = vec![
        gate.explanation.clone(),
        format!(
            "gate:      {} ({} of the scenario)",
            gate.text,
            gate.place()
        ),
        format!("phase:     {}", gate.phase),
        format!(
            "measured:  {}",
            gate.measured.map_or("nothing".into(), shown)
        ),
        format!("limit:     {} {}", gate.op, shown(gate.limit)),
    ];
    if let Some([low, high]) = gate.interval {
        lines.push(format!(
            "interval:  {} to {} (95 %, approximate)",
            shown(low),
            shown(high)
        ));
    }
    if let Some(samples) = gate.samples {
        lines.push(format!("samples:   {}", units::count(samples)));
    }
    lines.push(format!("reproduce: {}", summary.run.command));
    lines.join("\n")
}

fn seconds(us: u64) -> String {
    format!("{:.3}", us as f64 / 1e6)
}

/// Text of an element. XML has no way to write most control characters.
fn element(text: &str) -> String {
    let allowed = |c: &char| !c.is_control() || matches!(c, '\n' | '\t');
    let clean: String = text.chars().filter(allowed).collect();
    clean
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

/// Text of a quoted attribute.
fn attribute(text: &str) -> String {
    element(text)
        .replace('"', "&quot;")
        .replace(['\n', '\t'], " ")
}
