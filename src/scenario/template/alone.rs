//! Whether a template means the same outside of any iteration.

use super::expression::Expression;
use super::{Context, Part, RenderError, Template};

impl Template {
    /// Whether it needs no variable, no row and no number of an iteration: then
    /// [`Template::render_alone`] renders it.
    #[must_use]
    pub fn stands_alone(&self) -> bool {
        self.parts.iter().all(|part| match part {
            Part::Literal(_) => true,
            Part::Fill(expression, _) => stands_alone(expression),
        })
    }

    /// Renders it outside of any iteration.
    ///
    /// # Errors
    /// See [`RenderError`]; one that does not stand alone may find a variable unset.
    pub fn render_alone(&self) -> Result<Vec<u8>, RenderError> {
        let mut out = Vec::new();
        let mut context = Context {
            slots: &mut [],
            rows: &[],
            random: &mut fastrand::Rng::new(),
            iteration: 0,
            user: 0,
            run: 0,
        };
        self.render(&mut context, &mut out)?;
        Ok(out)
    }
}

fn stands_alone(expression: &Expression) -> bool {
    match expression {
        Expression::Number(_) | Expression::Text(_) | Expression::NowMs | Expression::Uuid => true,
        Expression::Random(a, b) | Expression::Binary(_, a, b) => {
            stands_alone(a) && stands_alone(b)
        }
        Expression::RandomOf(choices) => choices.iter().all(stands_alone),
        Expression::RandomText(inner)
        | Expression::Negative(inner)
        | Expression::Num(inner)
        | Expression::Int(inner)
        | Expression::Transform(_, inner) => stands_alone(inner),
        Expression::Slot { .. }
        | Expression::Cell { .. }
        | Expression::Iteration
        | Expression::User
        | Expression::RandomOfList { .. }
        | Expression::Count { .. }
        | Expression::Assign { .. } => false,
    }
}
