//! What the time was spent on, as bars; and the slowest of them in words.

use super::super::escape;
use crate::measure::recovery::HELD;
use crate::measure::units;
use crate::report::charts::Colour;
use crate::report::summary::{Fault, Stage, Towards};

/// `Users waited longest for “pools reconnect”: 287 ms of 317 ms.`
pub(super) fn slowest(fault: &Fault) -> String {
    fault.slowest_words().map_or_else(String::new, |words| {
        let mut letters = words.chars();
        let first = letters.next().map(|c| c.to_uppercase().to_string());
        let sentence = first.unwrap_or_default() + letters.as_str();
        format!("<p class=\"lead\">{}.</p>", escape(&sentence))
    })
}

pub(super) fn bars(fault: &Fault) -> String {
    let mut markup = String::new();
    for (towards, heading) in [
        (Towards::Users, "T0 to T5: until users were served"),
        (Towards::Redundancy, "T0 to T7: until redundancy was back"),
    ] {
        let stages: Vec<&Stage> = fault
            .stages
            .iter()
            .filter(|stage| stage.towards == towards)
            .collect();
        let (Some(first), Some(last)) = (stages.first(), stages.last()) else {
            continue;
        };
        let (from, to) = (first.from_us, last.to_us.max(first.from_us + 1));
        markup += &format!("<h4>{heading}</h4><ol class=\"stages\">");
        for stage in &stages {
            markup += &format!(
                "<li><span>{}</span> {} <span class=\"after\">{}</span></li>",
                escape(&stage.name),
                bar(stage, from, to),
                units::micros(stage.length_us())
            );
        }
        markup += "</ol>";
    }
    markup
}

/// Where on the way it lay.
fn bar(stage: &Stage, from: u64, to: u64) -> String {
    let share = |at: u64| 150.0 * (at - from) as f64 / (to - from) as f64;
    let (left, right) = (share(stage.from_us), share(stage.to_us));
    let colour = match stage.name.as_str() {
        HELD => Colour::Grid,
        _ => Colour::Fault,
    };
    format!(
        "<svg aria-hidden=\"true\" width=\"156\" height=\"14\" viewBox=\"0 0 156 14\">\
         <path d=\"M3 7H153\" stroke=\"{}\" stroke-width=\"2\"/>\
         <rect x=\"{:.1}\" y=\"2\" width=\"{:.1}\" height=\"10\" fill=\"{}\"/></svg>",
        Colour::Grid.hex(),
        3.0 + left,
        (right - left).max(1.5),
        colour.hex()
    )
}
