//! What `ab` and `capacity` write, from results as they are on disk: what a person reads, and pages
//! that load nothing.

use loadtest::capacity::result::Capacity;
use loadtest::report::ab::Ab;
use loadtest::report::{ab, capacity, html};
use serde_json::{Value, json};

/// Leaves a page to be looked at, and checks that it stands alone.
pub(super) fn stands_alone(name: &str, page: &str) {
    let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(path, page).expect("the target folder is writable");
    for forbidden in [
        "http:",
        "https:",
        "src=",
        "@import",
        "url(",
        "<link rel=\"stylesheet",
        "<img",
        "<iframe",
    ] {
        assert!(!page.contains(forbidden), "{name} contains `{forbidden}`");
    }
    assert!(
        !page.contains("<script>alert"),
        "{name} takes text for markup"
    );
    let ids: Vec<&str> = page
        .split(" id=\"")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .collect();
    let mut unique = ids.clone();
    unique.sort_unstable();
    unique.dedup();
    assert_eq!(unique.len(), ids.len(), "{name}: {ids:?}");
}

fn metric(name: &str, ratio: f64, interval: [f64; 2], verdict: &str) -> Value {
    json!({
        "metric": format!("steady/{name}"), "ratio": ratio, "interval": interval, "allowed": 1.1,
        "pairs": 6, "verdict": verdict,
        "explanation": format!("{name}: b is {ratio:.2}× a ({:.2}–{:.2}, 6 pairs); allowed 1.10×", interval[0], interval[1]),
    })
}

fn two_versions() -> Ab {
    let run = |pair: u32, side: &str, p99_us: u64| {
        json!({
            "pair": pair, "side": side, "run": "shop-20261121T101500Z", "folder": format!("{side}/shop"),
            "verdict": "pass", "reason": "All 3 gates held.", "counts": pair != 3,
            "requests": 4_200, "failed": 2, "p50_us": p99_us / 4, "p99_us": p99_us,
        })
    };
    let ab = json!({
        "schema_version": 1, "verdict": "fail", "exit_code": 3, "scenario": "shop",
        "reason": "b is worse than allowed. p99: b is 1.31× a (1.19–1.44, 6 pairs); allowed 1.10×",
        "a": "`./main/server`", "b": "`./branch/server`<script>alert(1)</script>", "margin": 0.1,
        "metrics": [
            metric("p50", 1.01, [0.97, 1.05], "pass"),
            metric("p95", 1.08, [1.02, 1.15], "inconclusive"),
            metric("p99", 1.31, [1.19, 1.44], "fail"),
        ],
        "runs": [run(1, "a", 42_000), run(1, "b", 55_000), run(2, "b", 54_000), run(2, "a", 41_000)],
        "tool": "loadtest 0.1.0",
    });
    serde_json::from_value(ab).expect("a result")
}

#[test]
fn two_versions_measured_in_turn() {
    let ab = two_versions();
    insta::assert_snapshot!("ab_markdown", ab::markdown(&ab));
    stands_alone("ab.html", &html::ab::render(&ab));
}

fn how_much_it_carries() -> Capacity {
    let step = |rate: f64, kind: &str, outcome: &str, p50_us: u64, p99_us: u64| {
        json!({
            "rate": rate, "kind": kind, "outcome": outcome, "is_unsure": rate < 15.0,
            "why": match outcome {
                "held" => "every limit held",
                _ => "p99 <= 400ms (SLO): missed by 510 ms (127 %)",
            },
            "run": "shop-20261121T101500Z", "folder": "shop-20261121T101500Z",
            "requests": (rate * 30.0) as u64, "failed": 0, "p50_us": p50_us, "p99_us": p99_us,
        })
    };
    let capacity = json!({
        "schema_version": 1, "verdict": "pass", "exit_code": 0, "scenario": "shop",
        "reason": "Holds 95.1/s while “zone b gone” is held; at 99.5/s it fails: p99 <= 400ms (SLO): missed by 510 ms (127 %).",
        "target": "the bundled shop, started for this run", "during": "zone b gone",
        "limits": ["availability >= 99% (SLO)", "p99 <= 400ms (SLO)"], "p99_limit_us": 400_000,
        "bounds": { "from": 10.0, "precision": 0.05 },
        "rate": 95.1, "fails_at": 99.5, "knee": 80.0,
        "steps": [
            step(10.0, "probe", "held", 8_000, 21_000),
            step(20.0, "probe", "held", 8_100, 22_000),
            step(40.0, "probe", "held", 8_500, 25_000),
            step(80.0, "probe", "held", 12_000, 61_000),
            step(160.0, "probe", "failed", 2_400_000, 5_100_000),
            step(113.0, "probe", "failed", 700_000, 1_900_000),
            step(95.1, "probe", "held", 31_000, 290_000),
            step(104.0, "probe", "failed", 320_000, 1_200_000),
            step(99.5, "probe", "failed", 120_000, 910_000),
            step(95.1, "hold", "held", 33_000, 310_000),
        ],
        "tool": "loadtest 0.1.0",
    });
    serde_json::from_value(capacity).expect("a result")
}

#[test]
fn how_much_a_target_carries() {
    let result = how_much_it_carries();
    insta::assert_snapshot!("capacity_markdown", capacity::markdown(&result));
    let page = html::capacity::render(&result);
    stands_alone("capacity.html", &page);
    for told in [
        "capacity</text>",
        "knee</text>",
        "SLO p99 400 ms</text>",
        "not held (a cross)",
    ] {
        // plotters writes a text on lines of its own.
        let page = page.replace('\n', "");
        assert!(page.contains(told), "{told}");
    }
}
