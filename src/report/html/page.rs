//! The page around the sections.

use super::{Section, escape};
use crate::measure::units;
use crate::report::Summary;
use crate::report::charts::{Colour, LEFT, RIGHT, WIDTH};

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");

pub(super) fn render(summary: &Summary, verdict: &str, sections: &[Section]) -> String {
    let frame = Frame {
        title: format!(
            "{} · {} · {}",
            summary.verdict.word(),
            summary.run.scenario,
            summary.run.started
        ),
        lead: verdict,
        tool: &summary.run.tool,
        data: data(summary),
    };
    frame.around(sections)
}

/// What stands around the sections of any page.
pub(super) struct Frame<'a> {
    /// Of the window, as text.
    pub(super) title: String,
    /// What comes before the first section, markup.
    pub(super) lead: &'a str,
    /// Who made it, as text.
    pub(super) tool: &'a str,
    /// What the script needs, JSON that is safe inside an element.
    pub(super) data: String,
}

impl Frame<'_> {
    /// For pages without charts that have texts.
    pub(super) fn no_data() -> String {
        r#"{"texts":[]}"#.to_owned()
    }

    /// The whole page; sections without a body are left out. An empty icon keeps browsers from
    /// asking a server for one.
    pub(super) fn around(&self, sections: &[Section]) -> String {
        let present = || {
            sections
                .iter()
                .filter_map(|section| section.body.as_ref().map(|body| (section, body)))
        };
        let mut page = format!(
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <meta name=\"color-scheme\" content=\"light dark\">\n\
             <link rel=\"icon\" href=\"data:,\">\n\
             <title>{}</title>\n<style>\n{STYLE}{}</style>\n</head>\n<body>\n",
            escape(&self.title),
            dark_charts()
        );
        page += "<nav aria-label=\"Sections\"><ul>";
        for (section, _) in present() {
            page += &format!("<li><a href=\"#{}\">{}</a></li>", section.id, section.title);
        }
        page += "</ul></nav>\n<main>\n";
        page += self.lead;
        for (section, body) in present() {
            page += &format!(
                "\n<section id=\"{0}\" aria-labelledby=\"{0}-h\"><h2 id=\"{0}-h\">{1}</h2>{body}</section>",
                section.id, section.title
            );
        }
        page += &format!("\n</main>\n<footer>{}</footer>\n", escape(self.tool));
        page += &format!(
            "<script type=\"application/json\" id=\"data\">{}</script>\n",
            self.data
        );
        page += &format!("<script>\n{SCRIPT}</script>\n</body>\n</html>\n");
        page
    }
}

/// Chart colours are attributes; for dark paper the style sheet replaces them by their value.
fn dark_charts() -> String {
    let mut rules = String::from("@media screen and (prefers-color-scheme: dark) {\n");
    for colour in Colour::ALL
        .into_iter()
        .filter(|colour| colour.dark() != colour.light())
    {
        let (light, dark) = (colour.hex(), format!("#{:06X}", colour.dark()));
        rules += &format!(
            "svg [fill=\"{light}\"]{{fill:{dark}}}svg [stroke=\"{light}\"]{{stroke:{dark}}}\n"
        );
    }
    rules + "}\n"
}

/// What the script needs to tell the values under the pointer: ready texts, one per bucket.
fn data(summary: &Summary) -> String {
    let timeline = &summary.timeline;
    let shown = |column: &[Option<u64>], bucket: usize| {
        column.get(bucket).copied().flatten().map(units::micros)
    };
    let texts: Vec<String> = (0..timeline.len())
        .map(|bucket| {
            let rate = timeline.requests[bucket] as f64 / timeline.bucket_seconds as f64;
            let mut parts = vec![
                units::instant(bucket as u64 * timeline.bucket_seconds * 1_000_000),
                format!("{} requests", units::rate(rate)),
            ];
            for (name, column) in [
                ("p50", &timeline.p50),
                ("p99", &timeline.p99),
                ("slowest", &timeline.max),
            ] {
                parts.extend(shown(column, bucket).map(|time| format!("{name} {time}")));
            }
            parts.extend(
                timeline
                    .users
                    .get(bucket)
                    .map(|users| format!("{users} in progress")),
            );
            for (kind, counts) in &timeline.errors {
                let count = counts.get(bucket).copied().unwrap_or(0);
                if count > 0 {
                    parts.push(format!("{} × {}", units::count(count), kind.name()));
                }
            }
            parts.join(" · ")
        })
        .collect();
    let end = (timeline.len() as f64 * timeline.bucket_seconds as f64)
        .max(summary.run.duration_us as f64 / 1e6);
    let data = serde_json::json!({
        "bucket": timeline.bucket_seconds,
        "end": end,
        "left": f64::from(LEFT) / f64::from(WIDTH),
        "right": 1.0 - f64::from(RIGHT) / f64::from(WIDTH),
        "width": WIDTH,
        "texts": texts,
    });
    // `</script>` inside a text would end the element.
    data.to_string().replace('<', "\\u003c")
}
