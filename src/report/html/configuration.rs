//! 10. Configuration: what ran, how to run it again, what else lies beside this file.

use super::escape;
use crate::report::Summary;

pub(super) fn render(summary: &Summary) -> String {
    let run = &summary.run;
    let mut markup = format!(
        "<h3>Run it again</h3><pre><code>{}</code></pre>",
        escape(&run.command)
    );
    if !run.overrides.is_empty() {
        markup += &format!(
            "<p>Overrides: <code>{}</code></p>",
            escape(&run.overrides.join(" "))
        );
    }
    if !summary.siblings.is_empty() {
        markup += "<h3>Beside this file</h3><ul class=\"siblings\">";
        for sibling in &summary.siblings {
            let file = escape(&sibling.file);
            markup += &format!(
                "<li><a href=\"{file}\">{file}</a> <span>{}</span></li>",
                escape(&sibling.holds)
            );
        }
        markup += "</ul>";
    }
    if !summary.configuration.is_empty() {
        markup += &format!(
            "<details><summary>The scenario as it ran, secrets removed</summary><pre><code>{}</code></pre></details>",
            escape(&summary.configuration)
        );
    }
    markup
}
