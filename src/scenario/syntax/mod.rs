//! From text to a tree that knows where everything stands, and the means to read it.

mod log;
mod reader;
mod set;
mod suggest;
mod tree;
pub(crate) mod units;
pub(crate) mod value;

pub(crate) use log::Log;
pub(crate) use reader::TableReader;
pub(crate) use set::apply_set;
pub(crate) use suggest::did_you_mean;
pub(crate) use tree::{Node, Place, Table, Value, parse};
