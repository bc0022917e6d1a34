//! Which variables a template takes from somewhere else, so that a request can be told apart that
//! stands on its own.

use std::collections::BTreeSet;

use super::expression::Expression;
use super::{Part, Template};

impl Template {
    /// The first variable that rendering needs and that is not `known`. Templates are asked in the
    /// order in which they are rendered: what one assigns is known to those after it.
    pub(crate) fn needs<'t>(&'t self, known: &mut BTreeSet<usize>) -> Option<&'t str> {
        self.parts.iter().find_map(|part| match part {
            Part::Literal(_) => None,
            Part::Fill(expression, _) => needs(expression, known),
        })
    }
}

fn needs<'e>(expression: &'e Expression, known: &mut BTreeSet<usize>) -> Option<&'e str> {
    match expression {
        Expression::Slot { slot, name }
        | Expression::RandomOfList { slot, name }
        | Expression::Count { slot, name } => (!known.contains(slot)).then_some(name),
        Expression::Random(a, b) | Expression::Binary(_, a, b) => {
            needs(a, known).or_else(|| needs(b, known))
        }
        Expression::RandomOf(choices) => choices.iter().find_map(|choice| needs(choice, known)),
        Expression::RandomText(inner)
        | Expression::Negative(inner)
        | Expression::Num(inner)
        | Expression::Int(inner)
        | Expression::Transform(_, inner) => needs(inner, known),
        Expression::Assign { slot, value } => {
            let missing = needs(value, known);
            known.insert(*slot);
            missing
        }
        Expression::Number(_)
        | Expression::Text(_)
        | Expression::Cell { .. }
        | Expression::Iteration
        | Expression::User
        | Expression::NowMs
        | Expression::Uuid => None,
    }
}
