//! What `ladder` writes, from a result as it is on disk.

use loadtest::ladder::result::{Ladder, Rung};
use loadtest::report::{html, ladder};
use serde_json::json;

use super::pages::stands_alone;

fn climbed() -> Ladder {
    let rung = |number: usize, name: &str, rate: Option<f64>, us: u64| -> Rung {
        let (verdict, reason) = match rate {
            Some(rate) => (
                "pass",
                format!("Holds {rate:.1}/s; more was not asked for."),
            ),
            None => ("invalid", "It could not be climbed: no room".to_owned()),
        };
        let rung = json!({
            "number": number, "name": name, "topology": format!("ladder-{number}-{name}"),
            "description": "Some & more", "stated": ["4 pods, each 8 requests at once, 80ms a request"],
            "verdict": verdict, "reason": reason, "rate": rate, "fails_at": rate.map(|rate| rate * 1.2),
            "p50_us": us, "p99_us": 9 * us, "steps": 6, "folder": format!("{number}-{name}"),
        });
        serde_json::from_value(rung).expect("a rung")
    };
    let mut ladder = Ladder {
        schema_version: 1,
        scenario: "visits".into(),
        limits: vec!["availability >= 99% (SLO)".into(), "p90 < 500ms".into()],
        precision: 0.2,
        is_interrupted: false,
        rungs: Vec::new(),
        tool: "loadtest 0.1.0".into(),
    };
    for one in [
        rung(1, "single server", Some(8.0), 90_000),
        rung(2, "apart", Some(12.0), 88_000),
        rung(3, "load balancer", Some(20.4), 95_000),
        rung(4, "regions", Some(18.2), 99_000),
        rung(5, "lost", None, 1),
    ] {
        ladder.add(one);
    }
    ladder
}

#[test]
fn what_each_rung_bought() {
    let ladder = climbed();
    insta::assert_snapshot!("ladder_markdown", ladder::markdown(&ladder));
    let page = html::ladder::render(&ladder);
    stands_alone("ladder-made-up.html", &page);
    // plotters writes a text on lines of its own.
    let flat = page.replace('\n', "");
    for told in [
        "1 single server</text>",
        "20.4/s · ×1.70</text>",
        "18.2/s · ×0.89</text>",
        "not known</text>",
        "slept and not computed",
        "Some &amp; more",
    ] {
        assert!(flat.contains(told), "{told}");
    }
}
