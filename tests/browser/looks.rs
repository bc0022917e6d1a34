//! Light, dark, narrow, printed, long. Each leaves a picture in `target/tmp/browser`.

use loadtest::report::html;

use super::page::{Page, View};
use super::{FAILING, SECTIONS, failing, left, synthetic, written};

/// Mean of red, green and blue of an element's computed colour, 0…255.
fn lightness(page: &mut Page, selector: &str, property: &str) -> f64 {
    page.number(&format!(
        "getComputedStyle(document.querySelector(\"{selector}\")).{property}\
         .match(/\\d+/g).slice(0, 3).reduce((a, b) => a + Number(b), 0) / 3"
    ))
}

fn keep(page: &mut Page, name: &str) {
    let picture = page.picture();
    assert!(picture.starts_with(b"\x89PNG") && picture.len() > 50_000);
    std::fs::write(left(name), picture).expect("the target folder is writable");
}

#[test]
fn dark_mode_changes_the_paper_the_text_and_the_charts() {
    const LABEL: &str = "#timeline svg text";
    let mut page = failing("schemes", View::default());
    keep(&mut page, "light.png");
    assert!(lightness(&mut page, "body", "backgroundColor") > 200.0);
    assert!(lightness(&mut page, "body", "color") < 80.0);
    assert!(lightness(&mut page, LABEL, "fill") < 120.0);
    page.show(View {
        scheme: "dark",
        ..View::default()
    });
    keep(&mut page, "dark.png");
    assert!(lightness(&mut page, "body", "backgroundColor") < 50.0);
    assert!(lightness(&mut page, "body", "color") > 180.0);
    assert!(lightness(&mut page, LABEL, "fill") > 140.0);
}

#[test]
fn a_narrow_page_does_not_scroll_sideways() {
    let view = View {
        width: 360,
        height: 740,
        ..View::default()
    };
    let mut page = failing("narrow", view);
    keep(&mut page, "narrow.png");
    assert_eq!(page.number("innerWidth"), 360.0);
    let widest = page.number("document.documentElement.scrollWidth");
    assert!(widest <= 360.0, "the page is {widest} px wide");
    // Nothing may hang out of it either: only what scrolls by itself may be wider.
    let outside = page.eval(
        "[...document.querySelectorAll('main > *, section > *')].filter(e => e.getBoundingClientRect().right > 361).map(e => e.outerHTML.slice(0, 80))",
    );
    assert_eq!(outside, serde_json::json!([]));
}

#[test]
fn print_has_every_section_and_none_of_the_controls() {
    let view = View {
        width: 794,
        media: "print",
        ..View::default()
    };
    let mut page = failing("print", view);
    for section in SECTIONS {
        let height = page.number(&format!(
            "document.getElementById('{section}').getBoundingClientRect().height"
        ));
        assert!(height > 40.0, "{section} is {height} px high");
    }
    for control in ["nav", ".readout", ".js"] {
        let shown = format!("document.querySelector('{control}').checkVisibility()");
        assert_eq!(page.eval(&shown), false, "{control}");
    }
    let widest = page.number("document.documentElement.scrollWidth");
    assert!(widest <= 794.0, "the print is {widest} px wide");
    let printed = page.print();
    assert!(printed.starts_with(b"%PDF"));
    std::fs::write(left("print.pdf"), printed).expect("the target folder is writable");
}

#[test]
fn ten_minutes_of_twenty_steps_and_five_faults_are_small_and_quick_to_point_at() {
    let long = synthetic::ten_minutes(&FAILING);
    let size = html::render(&long).len();
    assert!(size <= 1_500_000, "{size} bytes");
    let mut page = Page::of_file(&written("long", &long), View::default());
    let script = page.number(
        "[...document.scripts].filter(s => s.type !== 'application/json').reduce((n, s) => n + s.textContent.length, 0)",
    );
    assert!(
        script > 0.0 && script <= 10.0 * 1024.0,
        "{script} bytes of script"
    );
    page.point_at("svg[aria-labelledby^='chart-heatmap']", 0.5);
    let text = page.text("document.querySelector('.readout').textContent");
    assert!(text.contains("p99"), "{text}");
    assert_eq!(page.complaints(), Vec::<String>::new());
    keep(&mut page, "long.png");
}
