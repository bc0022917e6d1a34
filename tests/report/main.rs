//! Every report of one made-up run.

mod synthetic;

#[test]
fn the_summary_survives_its_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let summary = synthetic::run(folder.path(), synthetic::GENEROUS_P95);
    let text = serde_json::to_string_pretty(&summary).expect("plain data");
    println!("{} bytes; {}", text.len(), summary.reason);
    for g in &summary.gates {
        println!(
            "{:?} {} {} {:?} {}",
            g.verdict, g.id, g.text, g.interval, g.explanation
        );
    }
    let back: loadtest::report::Summary = serde_json::from_str(&text).expect("its own format");
    assert_eq!(back, summary);
}

#[test]
fn the_page_is_small_and_loads_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, limit) in [("pass", synthetic::GENEROUS_P95), ("fail", 20_000.0)] {
        let summary = synthetic::run(folder.path(), limit);
        let page = loadtest::report::html::render(&summary);
        println!("{name}: {} bytes, {}", page.len(), summary.reason);
        let out =
            std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("report-{name}.html"));
        std::fs::write(out, &page).expect("the target folder is writable");
    }
}
