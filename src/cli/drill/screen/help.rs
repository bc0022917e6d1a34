//! What the keys do, over everything else.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::widgets::{Block, Clear, Paragraph};

use super::style::Palette;

const HELP: &str = "\
i        inject the next fault; it asks first
n        a person noticed the fault
m        a person did something about it
t        take a note
d enter  the step of the runbook is done
a        abort: undo everything; it asks first
q ctrl-c end: undo, report; twice: leave at once
         (q after all faults: a regular end)

T0 accepted   T1 first failure  T2 detected
T3 mitigated  T4 first success  T5 SLO held again
seconds after T0; seen, mended: by people
lanes: ─ well  ▒ weak  █ gone; 1 s each

any key goes back";

pub(super) fn render(frame: &mut Frame<'_>, area: Rect, palette: Palette) {
    let rows = u16::try_from(HELP.lines().count()).unwrap_or(u16::MAX);
    let (width, height) = (52.min(area.width), (rows + 2).min(area.height));
    let place = Rect {
        x: area.x + (area.width - width) / 2,
        y: area.y + (area.height - height) / 2,
        width,
        height,
    };
    frame.render_widget(Clear, place);
    let block = Block::bordered().title(" keys ").style(palette.strong());
    frame.render_widget(Paragraph::new(HELP).block(block), place);
}
