//! What the script adds: a crosshair with values, and tables that sort.

use super::page::{Page, View, address_of};
use super::{FAILING, failing, written};

const CHART: &str = "svg[aria-labelledby^='chart-latency']";
const READOUT: &str = "document.querySelector('.readout')";

#[test]
fn it_loads_nothing_and_complains_about_nothing() {
    let path = written("loads", &FAILING);
    let mut page = Page::of_file(&path, View::default());
    page.point_at(CHART, 0.5);
    assert_eq!(page.complaints(), Vec::<String>::new());
    assert_eq!(page.requests(), [address_of(&path)]);
}

/// Where the crosshair stands, as a share of the chart's width.
fn crosshair(page: &mut Page) -> f64 {
    page.number(&format!(
        "(() => {{ const s = document.querySelector(\"{CHART}\"), b = s.getBoundingClientRect(); \
         return (s.querySelector('.cross').getBoundingClientRect().left - b.left) / b.width; }})()"
    ))
}

#[test]
fn the_crosshair_follows_the_pointer_over_all_charts_and_tells_values() {
    let mut page = failing("pointer", View::default());
    assert_eq!(page.eval(&format!("{READOUT}.hidden")), true);
    let mut texts = Vec::new();
    for share in [0.3, 0.6] {
        page.point_at(CHART, share);
        assert_eq!(page.eval(&format!("{READOUT}.hidden")), false);
        // A bucket is a second of 110, on five sixths of the width.
        let at = crosshair(&mut page);
        assert!((at - share).abs() < 0.01, "{at} for {share}");
        texts.push(page.text(&format!("{READOUT}.textContent")));
    }
    assert_ne!(texts[0], texts[1]);
    for text in &texts {
        assert!(
            text.contains("requests") && text.contains("p99"),
            "{text:?} tells values"
        );
    }
    // One line in each chart, all at one instant.
    let spread = "(() => { const x = [...document.querySelectorAll('.cross')].map(l => l.getBoundingClientRect().left); \
                  return x.length < 5 ? 1e9 : Math.max(...x) - Math.min(...x); })()";
    assert!(page.number(spread) < 1.0);
    page.point_at("h1", 0.5);
    assert_eq!(page.eval(&format!("{READOUT}.hidden")), true);
}

#[test]
fn the_crosshair_is_moved_by_keys() {
    let mut page = failing("keys", View::default());
    page.focus(CHART);
    page.press("ArrowRight");
    let first = page.text(&format!("{READOUT}.textContent"));
    assert!(first.starts_with("0.000 s"), "{first}");
    let before = crosshair(&mut page);
    page.press("ArrowRight");
    page.press("ArrowRight");
    let third = page.text(&format!("{READOUT}.textContent"));
    assert!(third.starts_with("2.000 s"), "{third}");
    assert!(crosshair(&mut page) > before);
    page.press("ArrowLeft");
    let second = page.text(&format!("{READOUT}.textContent"));
    assert!(second.starts_with("1.000 s"), "{second}");
    page.press("Escape");
    assert_eq!(page.eval(&format!("{READOUT}.hidden")), true);
    assert_eq!(page.complaints(), Vec::<String>::new());
}

/// The counts of requests in the table of steps, in the order shown.
fn requests_of_steps(page: &mut Page) -> Vec<f64> {
    let counts = page.eval(
        "[...document.querySelector('#steps table').tBodies[0].rows].map(r => Number(r.cells[1].dataset.v))",
    );
    let counts = counts.as_array().expect("rows").iter();
    counts
        .map(|count| count.as_f64().expect("a count"))
        .collect()
}

fn descending(counts: &[f64]) -> bool {
    counts.is_sorted_by(|a, b| a >= b)
}

#[test]
fn a_table_is_sorted_by_a_click_and_by_the_keyboard() {
    const HEADING: &str = "#steps thead tr:last-child th:nth-child(2)";
    let mut page = failing("sort", View::default());
    let sort = format!("document.querySelector('{HEADING}').getAttribute('aria-sort')");
    let original = requests_of_steps(&mut page);
    assert!(original.len() > 2 && !descending(&original), "{original:?}");

    page.click(&format!("{HEADING} button"));
    let sorted = requests_of_steps(&mut page);
    assert!(descending(&sorted), "{sorted:?}");
    assert_eq!(page.eval(&sort), "descending");

    page.focus(&format!("{HEADING} button"));
    page.press("Enter");
    let sorted = requests_of_steps(&mut page);
    assert!(sorted.is_sorted(), "{sorted:?}");
    assert_eq!(page.eval(&sort), "ascending");
}
