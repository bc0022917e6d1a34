//! `run.hlog` read by another implementation gives the same figures.

use std::io::Write as _;
use std::process::Command;

use super::synthetic;

/// Sums the log's histograms of one tag with the Python port of `HdrHistogram`.
const PROGRAM: &str = r"
import json, math, sys
from hdrh.histogram import HdrHistogram
from hdrh.log import HistogramLogReader
total = HdrHistogram(1, 600000000, 3)
reader = HistogramLogReader(sys.argv[1], HdrHistogram(1, 600000000, 3))
lines = 0
while True:
    one = reader.get_next_interval_histogram()
    if one is None:
        break
    lines += 1
    if one.get_tag() == sys.argv[2]:
        total.add(one)
count = total.get_total_count()
# The port rounds a quantile's rank where the others take the next whole one: ask by rank.
at = lambda q: total.get_value_at_percentile(math.ceil(round(q * count, 6)) / count * 100)
print(json.dumps([lines, count, at(0.5), at(0.9), at(0.99), at(0.999), total.get_max_value()]))
";

#[test]
fn another_implementation_reads_the_same_figures() {
    let has_package = Command::new("python3").args(["-c", "import hdrh"]).output();
    if !has_package.is_ok_and(|output| output.status.success()) {
        // Not `eprintln!`, which a passing test hides.
        let skipped = "SKIPPED run.hlog by another implementation: `pip install hdrhistogram` for python3 enables it\n";
        std::io::stderr()
            .write_all(skipped.as_bytes())
            .expect("stderr is open");
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let summary = synthetic::run(folder.path(), synthetic::GENEROUS_P95);
    for (tag, index, times) in [
        ("buy/place%20order", 2, summary.steps[2].response_time_us),
        (
            "buy/place%20order;service",
            2,
            summary.steps[2].service_time_us,
        ),
        ("browse/search", 4, summary.steps[4].response_time_us),
    ] {
        let output = Command::new("python3")
            .args(["-c", PROGRAM])
            .arg(folder.path().join("run.hlog"))
            .arg(tag)
            .output()
            .expect("python3 runs");
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        let figures: Vec<u64> = serde_json::from_slice(&output.stdout).expect("a list of numbers");
        let ours = times.expect("there were requests");
        assert_eq!(figures[1], summary.steps[index].count, "count of {tag}");
        assert_eq!(
            figures[2..],
            [ours.p50, ours.p90, ours.p99, ours.p99_9, ours.max],
            "quantiles of {tag}"
        );
        assert!(figures[0] > 1_000, "{} lines were read", figures[0]);
    }
}
