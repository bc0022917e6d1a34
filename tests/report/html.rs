//! `report.html`: small, self-contained, well-formed, complete.

use loadtest::report::{Summary, html};

/// Where the page of a made-up run is left to be looked at.
fn kept(name: &str, page: &str) {
    let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(path, page).expect("the target folder is writable");
}

#[test]
fn it_is_small_and_loads_nothing() {
    for (name, summary) in [
        ("report-pass.html", super::passing()),
        ("report-fail.html", super::failing()),
    ] {
        let page = html::render(&summary);
        kept(name, &page);
        // The icon is a part of the page itself.
        let page = page.replacen("<link rel=\"icon\" href=\"data:,\">", "", 1);
        assert!(page.len() < 400_000, "{} bytes", page.len());
        for forbidden in [
            "http:", "https:", "src=", "@import", "url(", "<link", "<img", "<iframe",
        ] {
            assert!(!page.contains(forbidden), "{name} contains `{forbidden}`");
        }
        let script = page.split("<script>").nth(1).expect("one inline script");
        assert!(script.len() < 10 * 1024, "{} bytes of script", script.len());
    }
}

#[test]
fn every_tag_is_closed_in_order_and_every_id_is_unique() {
    let page = html::render(&super::failing());
    let body = page.split("<body>").nth(1).expect("a body");
    let markup = body
        .split("<script")
        .next()
        .expect("text before the script");
    let mut open: Vec<&str> = Vec::new();
    for tag in markup
        .split('<')
        .skip(1)
        .map(|rest| rest.split('>').next().expect("a tag ends"))
    {
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(
                open.pop(),
                Some(name.trim()),
                "closed out of order before {:?}",
                open.last()
            );
        } else if !tag.ends_with('/') {
            open.push(tag.split([' ', '\n']).next().expect("a tag has a name"));
        }
    }
    assert_eq!(open, Vec::<&str>::new(), "left open");

    let mut ids: Vec<&str> = markup
        .split(" id=\"")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .collect();
    let count = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), count);
    for target in markup
        .split("href=\"#")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
    {
        assert!(ids.contains(&target), "#{target} leads nowhere");
    }
}

#[test]
fn it_answers_in_its_first_screen() {
    let page = html::render(&super::passing());
    let head = page
        .split("id=\"gates\"")
        .next()
        .expect("text before the gates");
    for answer in [
        "PASS",
        "All 7 gates held",
        "3 of 3",
        "4.22 s",
        "of 3,402 acknowledged",
        "99.17 %",
    ] {
        assert!(
            head.contains(answer),
            "`{answer}` is not in the first screen"
        );
    }
    for section in [
        "gates",
        "timeline",
        "recovery",
        "distribution",
        "steps",
        "errors",
        "quality",
        "configuration",
    ] {
        assert!(
            page.contains(&format!("<section id=\"{section}\"")),
            "no section `{section}`"
        );
    }
    for chart in [
        "lanes",
        "latency",
        "heatmap",
        "errors",
        "rate",
        "users",
        "budget",
        "distribution",
    ] {
        assert!(
            page.contains(&format!("<title id=\"chart-{chart}-t\">")),
            "no chart `{chart}`"
        );
    }
}

#[test]
fn free_text_cannot_become_markup() {
    let mut summary = super::passing();
    let evil = "</script><script>alert(1)</script>\" onload='x'";
    summary.run.scenario = evil.into();
    summary.reason = evil.into();
    summary.faults[0].name = evil.into();
    summary.lanes.faults[0].name = evil.into();
    summary.errors[0].sample = Some(evil.into());
    summary.configuration = evil.into();
    let page = html::render(&summary);
    assert!(!page.contains("<script>alert"));
    assert!(!page.contains("onload='"));
}

/// A run with nothing in it still has a page, and says so instead of showing zeros.
#[test]
fn an_empty_run_is_told_apart_from_a_fast_one() {
    let mut summary: Summary = super::passing();
    summary.faults.clear();
    summary.gates.clear();
    summary.errors.clear();
    summary.ledger = None;
    summary.books = None;
    summary.canary = None;
    summary.lanes = loadtest::report::summary::Lanes::default();
    summary.distribution.clear();
    summary.requests.availability = None;
    summary.requests.response_time_us = None;
    summary.timeline = loadtest::report::summary::Timeline::default();
    let page = html::render(&summary);
    assert!(page.contains("The scenario sets no gate"));
    assert!(page.contains("No request failed."));
    for section in ["timeline", "recovery", "distribution"] {
        assert!(
            !page.contains(&format!("<section id=\"{section}\"")),
            "`{section}` has nothing to say"
        );
    }
    assert!(!page.contains("Writes lost"));
}

#[test]
fn ten_minutes_of_twenty_steps_and_five_faults_stay_under_the_limit() {
    let page = html::render(&super::synthetic::ten_minutes(&super::passing()));
    kept("report-long.html", &page);
    assert!(page.len() < 1_500_000, "{} bytes", page.len());
}
