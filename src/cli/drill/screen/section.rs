//! Sections one below the other, each with its share of the room.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::widgets::Paragraph;

use super::style::Palette;

/// A heading and lines.
pub(super) struct Section<'b> {
    pub(super) title: String,
    /// Fewer lines make no sense.
    pub(super) least: u16,
    /// More lines are not needed.
    pub(super) most: u16,
    /// The lines for this width and as many rows.
    pub(super) lines: Box<dyn Fn(usize, usize) -> Vec<Line<'b>> + 'b>,
}

/// Paints sections from top to bottom.
pub(super) fn stack(
    frame: &mut Frame<'_>,
    area: Rect,
    sections: Vec<Section<'_>>,
    palette: Palette,
) {
    let wishes: Vec<(u16, u16)> = (sections.iter())
        .map(|section| match section.most {
            0 => (0, 0),
            most => (section.least.min(most) + 1, most + 1),
        })
        .collect();
    let mut top = area.y;
    for (section, rows) in sections.iter().zip(share(area.height, &wishes)) {
        if rows < 2 {
            continue;
        }
        let bar = "─".repeat(usize::from(area.width).saturating_sub(section.title.len() + 4));
        let heading = format!("── {} {bar}", section.title);
        let mut lines = vec![Line::styled(heading, palette.dim())];
        lines.extend((section.lines)(
            usize::from(area.width),
            usize::from(rows - 1),
        ));
        let place = Rect {
            y: top,
            height: rows,
            ..area
        };
        frame.render_widget(Paragraph::new(lines), place);
        top += rows;
    }
}

/// Rows for each of these wishes (least, most): first what each needs at least, in their order, then
/// what is left to those that want more, in their order too.
fn share(mut rows: u16, wishes: &[(u16, u16)]) -> Vec<u16> {
    let mut shares: Vec<u16> = Vec::with_capacity(wishes.len());
    for (least, _) in wishes {
        let given = if rows >= *least { *least } else { 0 };
        rows -= given;
        shares.push(given);
    }
    for (given, (_, most)) in shares.iter_mut().zip(wishes) {
        if *given > 0 {
            let more = most.saturating_sub(*given).min(rows);
            *given += more;
            rows -= more;
        }
    }
    shares
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_comes_first_is_served_first() {
        assert_eq!(share(20, &[(3, 5), (2, 4), (3, 30)]), [5, 4, 11]);
        assert_eq!(share(8, &[(3, 5), (2, 4), (3, 30)]), [3, 2, 3]);
        assert_eq!(share(4, &[(3, 5), (2, 4), (3, 30)]), [4, 0, 0]);
        assert_eq!(share(1, &[(3, 5)]), [0]);
    }
}
