//! T0 to T7 as a list with their distance from T0, told by a bar as well.

use super::super::escape;
use crate::measure::units;
use crate::report::charts::Colour;
use crate::report::summary::{Fault, Mark};

pub(super) fn list(fault: &Fault) -> String {
    let mut marks = fault.marks();
    let people = [
        ("noticed by a person", fault.noticed_us),
        ("mitigated by a person", fault.mitigated_by_hand_us),
    ];
    let people = people.into_iter().filter_map(|(label, at)| {
        let id = "☺";
        at.map(|at_us| Mark { id, label, at_us })
    });
    marks.extend(people);
    let last = marks.iter().map(|mark| mark.at_us).max();
    let (Some(first), Some(last)) = (fault.accepted_us, last) else {
        return String::new();
    };
    let length = (last - first.min(last)).max(1) as f64;
    let mut markup = String::from("<ol class=\"marks\">");
    for mark in &marks {
        let after = mark.at_us as f64 - first as f64;
        let distance = match mark.id {
            "T0" => "start".into(),
            _ => format!("+{}", units::duration(after)),
        };
        markup += &format!(
            "<li><b>{}</b> <span class=\"what\">{} <small>{}</small></span> {} <span class=\"after\">{distance}</span> <span class=\"at\">{}</span></li>",
            mark.id,
            mark.label,
            escape(&beside(fault, mark, first)),
            offset_bar(after.max(0.0) / length),
            units::instant(mark.at_us)
        );
    }
    markup + "</ol>"
}

/// What else is known of an instant.
fn beside(fault: &Fault, mark: &Mark, first: u64) -> String {
    let after = |at: u64| units::duration(at as f64 - first as f64);
    match mark.id {
        // Requests that hang tell late: then the first of them was sent long before it failed.
        "T1" => fault
            .first_failed_sent_us
            .filter(|sent| sent + LATE_US < mark.at_us)
            .map_or_else(String::new, |sent| format!("sent at +{}", after(sent))),
        "T2" => {
            let all = fault.detected.iter();
            let all: Vec<_> = all
                .map(|detection| format!("{} +{}", detection.by, after(detection.at_us)))
                .collect();
            all.join(" · ")
        }
        "T6" => fault.p99_before_us.map_or_else(String::new, |p99| {
            format!("p99 within 10 % of {}", units::micros(p99))
        }),
        _ => String::new(),
    }
}

/// A failure that took longer than this is worth saying when it was sent.
const LATE_US: u64 = 250_000;

fn offset_bar(share: f64) -> String {
    let x = 3.0 + (share * 150.0).clamp(0.0, 150.0);
    let (grid, fault, failed) = (
        Colour::Grid.hex(),
        Colour::Fault.hex(),
        Colour::Failed.hex(),
    );
    format!(
        "<svg aria-hidden=\"true\" width=\"156\" height=\"14\" viewBox=\"0 0 156 14\">\
         <path d=\"M3 7H153\" stroke=\"{grid}\" stroke-width=\"2\"/>\
         <path d=\"M3 7H{x:.1}\" stroke=\"{fault}\" stroke-width=\"4\"/>\
         <circle cx=\"{x:.1}\" cy=\"7\" r=\"4\" fill=\"{failed}\"/></svg>"
    )
}
