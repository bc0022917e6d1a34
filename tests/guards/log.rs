//! What a run left behind, as its files tell it.

use serde_json::Value;

use crate::support::Bench;

/// `events.jsonl` of the only run, in the order of writing.
pub(crate) struct Log(Vec<Value>);

impl Log {
    pub(crate) fn of(bench: &Bench) -> Self {
        let path = bench.run_folder().join("events.jsonl");
        let text = std::fs::read_to_string(path).expect("events.jsonl");
        let lines = text.lines().map(serde_json::from_str);
        Self(lines.collect::<Result<_, _>>().expect("JSON"))
    }

    /// Where this happened to the fault of this number.
    pub(crate) fn at(&self, fault: usize, event: &str) -> Option<usize> {
        let found = |line: &Value| holds(line, "event", event) && holds(line, "fault", fault);
        self.0.iter().position(found)
    }

    /// Where a guard stopped the run.
    pub(crate) fn abort(&self) -> Option<usize> {
        self.0.iter().position(|line| line["kind"] == "abort")
    }

    /// What the fault of this number waited for, in turn.
    pub(crate) fn waits(&self, fault: usize) -> Vec<&str> {
        let lines = self.0.iter();
        lines
            .filter(|line| holds(line, "event", "waiting") && holds(line, "fault", fault))
            .filter_map(|line| find(line, "why")?.as_str())
            .collect()
    }
}

fn holds<T>(line: &Value, key: &str, value: T) -> bool
where
    Value: PartialEq<T>,
{
    find(line, key).is_some_and(|found| *found == value)
}

/// A key of the line, or of what it tells.
fn find<'v>(line: &'v Value, key: &str) -> Option<&'v Value> {
    let nested = line.as_object()?.values().find_map(|value| value.get(key));
    line.get(key).or(nested)
}

/// The files that every run leaves, however it ended.
pub(crate) fn assert_reported(bench: &Bench) {
    for file in [
        "summary.json",
        "report.html",
        "junit.xml",
        "summary.md",
        "samples.csv",
    ] {
        let path = bench.run_folder().join(file);
        let length = std::fs::metadata(&path).map_or(0, |known| known.len());
        assert!(length > 0, "{file} is missing or empty");
    }
}

/// Verdicts of the gates on the fault of this name.
pub(crate) fn verdicts<'s>(summary: &'s Value, fault: &str) -> Vec<&'s str> {
    let prefix = format!("fault:{fault}/");
    let gates = summary["gates"].as_array().expect("gates").iter();
    gates
        .filter(|gate| {
            gate["id"]
                .as_str()
                .is_some_and(|id| id.starts_with(&prefix))
        })
        .filter_map(|gate| gate["verdict"].as_str())
        .collect()
}

pub(crate) fn text<'v>(value: &'v Value, pointer: &str) -> &'v str {
    let found = value.pointer(pointer).and_then(Value::as_str);
    found.unwrap_or_else(|| panic!("{pointer} in {value}"))
}

pub(crate) fn count(value: &Value, pointer: &str) -> u64 {
    let found = value.pointer(pointer).and_then(Value::as_u64);
    found.unwrap_or_else(|| panic!("{pointer} in {value}"))
}
