//! Taking values out of answers: JSON paths (RFC 9535) and regular expressions, compiled once.
//!
//! A step's paths are looked for together ([`JsonPaths`]) in one pass over the bytes, without a tree
//! of the document: `path` compiles them, `scan` walks, `cursor` reads tokens,
//! `blocks` passes over what no path needs, `found` holds what there was.

mod blocks;
mod cursor;
mod found;
mod path;
mod paths;
mod pattern;
mod scan;
#[cfg(test)]
mod tests;

pub use found::Found;
pub use path::JsonPath;
pub use paths::{JsonPaths, Need, NotJson};
pub use pattern::Pattern;
