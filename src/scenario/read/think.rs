//! Think times: `"300ms"`, `"100ms..600ms"`, `{ exponential = "800ms" }`, `"none"`.

use crate::scenario::model::Think;
use crate::scenario::syntax::{Log, Node, TableReader, Value, units, value};

/// Reads a think time.
pub(crate) fn read_think(log: &Log, node: &Node) -> Option<Think> {
    if matches!(node.value, Value::Table(_)) {
        let mut table = TableReader::new(log, node, "think")?;
        let mean = table.required("exponential", "\"800ms\"", value::length);
        table.finish();
        return mean.map(Think::Exponential);
    }
    let Value::Text(text) = &node.value else {
        return value::duration(log, node).map(Think::Constant);
    };
    if text.trim() == "none" {
        return Some(Think::None);
    }
    match parse(text) {
        Ok(think) => Some(think),
        Err(message) => {
            log.error(node.at, message);
            None
        }
    }
}

fn parse(text: &str) -> Result<Think, String> {
    let Some((low, high)) = text.split_once("..") else {
        let constant = units::duration(text)?;
        return Ok(if constant.is_zero() {
            Think::None
        } else {
            Think::Constant(constant)
        });
    };
    let (low, high) = (units::duration(low)?, units::duration(high)?);
    if low > high {
        return Err(format!(
            "`{text}` has its ends the wrong way round: write {}..{}",
            units::show_duration(high),
            units::show_duration(low)
        ));
    }
    Ok(Think::Uniform(low, high))
}
