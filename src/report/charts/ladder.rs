//! What each rung bought: its rate as a bar, over that of the rung before.

use super::canvas::Canvas;
use super::scale::Axis;
use super::{Chart, Colour, LegendMark, Plot, finish, item, scale};
use crate::ladder::result::{Ladder, Rung};
use crate::measure::units;

const LANE: u32 = 76;

/// One bar per rung, the first on top. None when no rung's rate is known.
#[must_use]
pub fn ladder(result: &Ladder) -> Option<Chart> {
    let highest = result.highest()?;
    let rungs = &result.rungs;
    let height = LANE * u32::try_from(rungs.len()).unwrap_or(u32::MAX / LANE) + 62;
    let x = scale::linear(highest * 1.22, |rate| format!("{rate}/s"));
    let y = Axis {
        from: 0.0,
        to: rungs.len() as f64,
        ticks: Vec::new(),
    };
    let drawn = Plot {
        height,
        x: &x,
        y: &y,
    }
    .draw(|canvas| {
        let mut before = None;
        for (index, rung) in rungs.iter().enumerate() {
            let bottom = (rungs.len() - index - 1) as f64;
            bar(canvas, bottom, rung, before);
            before = rung.rate;
        }
    });
    let (id, title) = ("chart-ladder", "What each rung bought");
    let description = format!(
        "The highest rate that each rung held within the limits, iterations per second. {}",
        result.headline()
    );
    Some(Chart {
        id: id.into(),
        title: title.into(),
        svg: finish(id, title, &description, height, &drawn),
        description,
        legend: vec![
            item(
                "held by the rung before as well",
                Colour::Baseline,
                LegendMark::Area,
            ),
            item("what the rung bought", Colour::Served, LegendMark::Area),
            item("what it cost", Colour::Failed, LegendMark::Line),
        ],
    })
}

fn bar(canvas: &mut Canvas<'_>, bottom: f64, rung: &Rung, before: Option<f64>) {
    let across = (bottom + 0.2, bottom + 0.8);
    canvas.lane_name(bottom + 0.5, &format!("{} {}", rung.number, rung.name));
    let Some(rate) = rung.rate else {
        canvas.beside((0.0, 0.0), bottom + 0.5, "not known");
        return;
    };
    let kept = before.map_or(0.0, |before| before.min(rate));
    canvas.block((0.0, kept), across, Colour::Baseline, 0.55);
    canvas.block((kept, rate), across, Colour::Served, 1.0);
    let furthest = before.map_or(rate, |before| before.max(rate));
    if furthest > rate {
        canvas.outline((rate, furthest), across, Colour::Failed);
    }
    let gain = rung
        .gain()
        .map_or(String::new(), |gain| format!(" · {gain}"));
    let told = format!("{}{gain}", units::rate(rate));
    canvas.beside((0.0, furthest), bottom + 0.5, &told);
}
