//! What is left without scripts, and under a content policy that removes scripts and styles.

use loadtest::report::html;

use super::page::{Page, View};
use super::server::serve_as_jenkins;
use super::{FAILING, SECTIONS, failing};

/// What the four questions of a hurried reader are answered by.
fn assert_tells_all(page: &mut Page) {
    let text = page.text("document.body.innerText");
    for answer in [
        "FAIL",
        "p95 < 20ms: 24.7 ms, missed by 4.70 ms",
        "Longest recovery",
        "of 3,402 acknowledged",
    ] {
        assert!(text.contains(answer), "`{answer}` is not in the page");
    }
    for section in SECTIONS {
        let shown = page.text(&format!("document.getElementById('{section}').innerText"));
        assert!(shown.len() > 40, "section {section} is empty: {shown}");
    }
    let charts = "[...document.querySelectorAll('figure svg[role=img]')].map(s => s.getBoundingClientRect()).filter(b => b.width > 300 && b.height > 60).length";
    let figures = page.number("document.querySelectorAll('figure').length");
    assert!(figures >= 9.0, "{figures} charts");
    assert_eq!(page.number(charts), figures, "every chart is to be seen");
}

/// Whether a chart's own colours are drawn: what was served is neither black nor nothing.
fn assert_has_colours(page: &mut Page) {
    let fills = page.eval(
        "[...new Set([...document.querySelectorAll('#timeline svg [fill]')].map(e => getComputedStyle(e).fill))]",
    );
    let fills = fills.as_array().expect("colours");
    assert!(fills.len() > 8, "{fills:?}");
}

#[test]
fn everything_is_readable_without_scripts() {
    let view = View {
        scripts: false,
        ..View::default()
    };
    let mut page = failing("without-scripts", view);
    assert_tells_all(&mut page);
    assert_eq!(
        page.number("document.querySelectorAll('.cross').length"),
        0.0
    );
    // What needs a script is not even offered.
    assert_eq!(
        page.eval("document.querySelector('.js').checkVisibility()"),
        false
    );
    let buttons = page.number("document.querySelectorAll('th button').length");
    assert_eq!(buttons, 0.0);
}

#[test]
fn the_verdict_and_the_charts_survive_the_policy_of_jenkins() {
    let address = serve_as_jenkins(html::render(&FAILING));
    let mut page = Page::open(&address, View::default());
    // The policy is in force: neither style nor script.
    assert_eq!(
        page.text("getComputedStyle(document.body).backgroundColor"),
        "rgba(0, 0, 0, 0)"
    );
    assert_eq!(
        page.number("document.querySelectorAll('.cross').length"),
        0.0
    );
    assert_tells_all(&mut page);
    assert_has_colours(&mut page);
    assert_eq!(page.requests(), [address]);
    std::fs::write(super::left("jenkins.png"), page.picture()).expect("writable");
}
