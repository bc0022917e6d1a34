//! A plot with axes, and the few things that are drawn on it.

use plotters::chart::{ChartBuilder, ChartContext};
use plotters::coord::Shift;
use plotters::coord::types::RangedCoordf64;
use plotters::prelude::{
    Cartesian2d, DrawingArea, IntoDrawingArea, PathElement, Polygon, Rectangle, SVGBackend, Text,
};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, IntoFont, IntoTextStyle, ShapeStyle, TextStyle};

use super::scale::Axis;
use super::{Colour, LEFT, RIGHT, WIDTH};

const TOP: u32 = 14;
const BOTTOM: u32 = 48;
/// Height of labels, drawing units: twice that on paper.
const TEXT: u32 = 26;

/// Size and axes of a plot.
#[derive(Debug)]
pub(super) struct Plot<'a> {
    pub(super) height: u32,
    pub(super) x: &'a Axis,
    pub(super) y: &'a Axis,
}

type Context<'a> = ChartContext<'a, SVGBackend<'a>, Cartesian2d<RangedCoordf64, RangedCoordf64>>;

/// What one draws on. Drawing into memory cannot fail, so nothing here returns an error.
pub(super) struct Canvas<'a> {
    root: DrawingArea<SVGBackend<'a>, Shift>,
    chart: Context<'a>,
    x: &'a Axis,
    y: &'a Axis,
}

const IN_MEMORY: &str = "drawing into memory does not fail";

impl Plot<'_> {
    /// Draws the grid, then `paint`, and returns the SVG text.
    pub(super) fn draw(&self, paint: impl FnOnce(&mut Canvas<'_>)) -> String {
        let mut text = String::new();
        {
            let root = SVGBackend::with_string(&mut text, (WIDTH, self.height)).into_drawing_area();
            let chart = ChartBuilder::on(&root)
                .margin_top(TOP)
                .margin_bottom(BOTTOM)
                .margin_left(LEFT)
                .margin_right(RIGHT)
                .build_cartesian_2d(self.x.from..self.x.to, self.y.from..self.y.to)
                .expect(IN_MEMORY);
            let mut canvas = Canvas {
                root,
                chart,
                x: self.x,
                y: self.y,
            };
            canvas.grid();
            paint(&mut canvas);
            canvas.root.present().expect(IN_MEMORY);
        }
        text
    }
}

impl Canvas<'_> {
    fn grid(&mut self) {
        for (at, label) in &self.y.ticks {
            self.path(
                vec![(self.x.from, *at), (self.x.to, *at)],
                Colour::Grid,
                2,
                1.0,
            );
            let (left, middle) = self.pixel(self.x.from, *at);
            self.label((left - 14, middle), label, Colour::Ink, HPos::Right);
        }
        for (at, label) in &self.x.ticks {
            self.path(
                vec![(*at, self.y.from), (*at, self.y.to)],
                Colour::Grid,
                2,
                1.0,
            );
            let (centre, bottom) = self.pixel(*at, self.y.from);
            self.label((centre, bottom + 26), label, Colour::Ink, HPos::Center);
        }
    }

    /// Where a point of the axes lies, drawing units.
    pub(super) fn pixel(&self, x: f64, y: f64) -> (i32, i32) {
        let (x, y) = self.chart.plotting_area().map_coordinate(&(x, y));
        (x, y)
    }

    fn label(&self, at: (i32, i32), text: &str, colour: Colour, align: HPos) {
        let style: TextStyle<'_> = ("sans-serif", TEXT)
            .into_font()
            .color(&colour.rgb())
            .into_text_style(&self.root)
            .pos(Pos::new(align, VPos::Center));
        self.root
            .draw(&Text::new(text.to_owned(), at, style))
            .expect(IN_MEMORY);
    }

    /// A name left of the plot, at a height on the y axis.
    pub(super) fn lane_name(&self, y: f64, name: &str) {
        const MOST: usize = 24;
        let shown = if name.chars().count() > MOST {
            format!("{}…", name.chars().take(MOST - 1).collect::<String>())
        } else {
            name.to_owned()
        };
        let (left, middle) = self.pixel(self.x.from, y);
        self.label((left - 14, middle), &shown, Colour::Ink, HPos::Right);
    }

    /// A text beside a stretch: right of it, or left of it where the plot ends.
    pub(super) fn beside(&mut self, (from, to): (f64, f64), y: f64, text: &str) {
        let near_the_end = (to - self.x.from) / (self.x.to - self.x.from) > 0.85;
        let ((x, middle), shift, align) = if near_the_end {
            (self.pixel(from, y), -14, HPos::Right)
        } else {
            (self.pixel(to, y), 14, HPos::Left)
        };
        self.label((x + shift, middle), text, Colour::Ink, align);
    }

    fn path(&mut self, points: Vec<(f64, f64)>, colour: Colour, width: u32, opacity: f64) {
        let style = ShapeStyle {
            color: colour.rgb().mix(opacity),
            filled: false,
            stroke_width: width,
        };
        self.chart
            .draw_series(std::iter::once(PathElement::new(points, style)))
            .expect(IN_MEMORY);
    }

    /// A line through points.
    pub(super) fn line(&mut self, points: &[(f64, f64)], colour: Colour, width: u32) {
        match points {
            [] => {}
            // A lone point between two gaps would be invisible.
            [(x, y)] => self.path(vec![(x - 0.25, *y), (x + 0.25, *y)], colour, width, 1.0),
            points => self.path(points.to_vec(), colour, width, 1.0),
        }
    }

    /// A faint line through points.
    pub(super) fn faint_line(&mut self, points: &[(f64, f64)], colour: Colour, width: u32) {
        self.path(points.to_vec(), colour, width, 0.55);
    }

    /// The area between two lines of equal length.
    pub(super) fn band(
        &mut self,
        lower: &[(f64, f64)],
        upper: &[(f64, f64)],
        colour: Colour,
        opacity: f64,
    ) {
        if lower.len() < 2 {
            return;
        }
        let outline: Vec<_> = upper.iter().chain(lower.iter().rev()).copied().collect();
        let style = colour.rgb().mix(opacity);
        self.chart
            .draw_series(std::iter::once(Polygon::new(outline, style)))
            .expect(IN_MEMORY);
    }

    /// A filled rectangle.
    pub(super) fn block(
        &mut self,
        (x0, x1): (f64, f64),
        (y0, y1): (f64, f64),
        colour: Colour,
        opacity: f64,
    ) {
        let style = colour.rgb().mix(opacity).filled();
        self.chart
            .draw_series(std::iter::once(Rectangle::new([(x0, y0), (x1, y1)], style)))
            .expect(IN_MEMORY);
    }

    /// An outlined rectangle.
    pub(super) fn outline(&mut self, (x0, x1): (f64, f64), (y0, y1): (f64, f64), colour: Colour) {
        self.path(
            vec![(x0, y0), (x1, y0), (x1, y1), (x0, y1), (x0, y0)],
            colour,
            3,
            1.0,
        );
    }

    /// A shaded stretch over the whole height.
    pub(super) fn span(&mut self, from: f64, to: f64, colour: Colour, opacity: f64) {
        self.block((from, to), (self.y.from, self.y.to), colour, opacity);
    }

    /// An instant.
    pub(super) fn vertical(&mut self, x: f64, colour: Colour) {
        self.path(vec![(x, self.y.from), (x, self.y.to)], colour, 2, 1.0);
    }

    /// An instant with its name at a height; the line stands below the name.
    pub(super) fn instant(&mut self, x: f64, y: f64, name: &str, colour: Colour) {
        self.path(vec![(x, self.y.from), (x, y)], colour, 3, 0.9);
        let (right, middle) = self.pixel(x, y);
        self.label((right + 8, middle), name, Colour::Ink, HPos::Left);
    }

    /// A limit over the whole width, with its name.
    pub(super) fn limit(&mut self, y: f64, name: &str) {
        if (self.y.from..=self.y.to).contains(&y) {
            self.path(
                vec![(self.x.from, y), (self.x.to, y)],
                Colour::Limit,
                3,
                1.0,
            );
            let (_, middle) = self.pixel(self.x.from, y);
            let right = i32::try_from(WIDTH - RIGHT).unwrap_or(0) - 8;
            // Above the line, or below it where there is no room.
            let above = middle - 18;
            let beside = if above < i32::try_from(TOP + TEXT / 2).unwrap_or(0) {
                middle + 20
            } else {
                above
            };
            self.label((right, beside), name, Colour::Limit, HPos::Right);
        }
    }
}
