//! Which data sets a template draws on, so that an iteration takes rows only of those.

use std::collections::BTreeSet;

use super::expression::Expression;
use super::{Part, Template};

impl Template {
    /// Adds the indices of the data sets that rendering looks into.
    pub fn data_sets(&self, into: &mut BTreeSet<usize>) {
        for part in &self.parts {
            if let Part::Fill(expression, _) = part {
                sets(expression, into);
            }
        }
    }
}

fn sets(expression: &Expression, into: &mut BTreeSet<usize>) {
    match expression {
        Expression::Cell { set, .. } => {
            into.insert(*set);
        }
        Expression::Random(a, b) | Expression::Binary(_, a, b) => {
            sets(a, into);
            sets(b, into);
        }
        Expression::RandomOf(choices) => {
            for choice in choices {
                sets(choice, into);
            }
        }
        Expression::RandomText(inner)
        | Expression::Negative(inner)
        | Expression::Num(inner)
        | Expression::Int(inner)
        | Expression::Transform(_, inner)
        | Expression::Assign { value: inner, .. } => sets(inner, into),
        Expression::Number(_)
        | Expression::Text(_)
        | Expression::Slot { .. }
        | Expression::Iteration
        | Expression::User
        | Expression::NowMs
        | Expression::Uuid
        | Expression::RandomOfList { .. }
        | Expression::Count { .. } => {}
    }
}
