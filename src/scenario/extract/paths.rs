//! The paths of a step, looked for together.

use std::fmt::Write as _;

use serde_json::Value;

use super::found::{Found, Text};
use super::path::JsonPath;
use super::scan::{Routes, scan};

/// What is wanted of a path's values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Whether there are any but null. They are not read, only passed over.
    Presence,
    /// Their texts.
    Text,
}

/// The document is not JSON, as far as it had to be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the body is not JSON: {0}")]
pub struct NotJson(String);

/// Compiled paths, numbered from 0 in the order given.
///
/// Paths of names, indexes and wildcards are followed over the bytes in one pass, and what none of
/// them needs is passed over. The pass goes on to the document's end: of a name that comes twice
/// in an object the last one counts, as in the tree that `serde_json` builds, and a document that
/// is cut off or followed by something else is none. Inside of what is passed over only quotes and
/// the brackets of the value itself are looked at: a mistake there goes unseen, and so does
/// nesting that is too deep for `serde_json`.
///
/// Paths with filters, slices, descendants (`..`) or several selectors in one bracket need the
/// tree; so does a set of more than 64 paths, and a wildcard that meets an object, whose members
/// come by name. Then all paths of the set use it. It is also asked when the bytes look wrong, and
/// has the last word: it knows line and column.
#[derive(Debug)]
pub struct JsonPaths {
    paths: Vec<(JsonPath, Need)>,
    /// None: one of them needs the tree.
    routes: Option<Routes>,
}

impl JsonPaths {
    /// Compiles a set.
    #[must_use]
    pub fn new(paths: Vec<(JsonPath, Need)>) -> Self {
        Self {
            routes: Routes::of(&paths),
            paths,
        }
    }

    /// Whether the bytes suffice.
    #[must_use]
    pub fn is_streamed(&self) -> bool {
        self.routes.is_some()
    }

    /// Looks for all of them.
    ///
    /// # Errors
    /// The document is not JSON; `found` then holds nothing of use.
    pub fn look(&self, document: &[u8], found: &mut Found) -> Result<(), NotJson> {
        if let Some(routes) = &self.routes
            && scan(routes, document, found).is_ok()
        {
            return Ok(());
        }
        self.look_in_tree(document, found)
    }

    /// The same by way of a tree of the whole document, and the reference for the other way.
    ///
    /// # Errors
    /// The document is not JSON.
    pub fn look_in_tree(&self, document: &[u8], found: &mut Found) -> Result<(), NotJson> {
        found.clear();
        let tree: Value =
            serde_json::from_slice(document).map_err(|error| NotJson(error.to_string()))?;
        for (number, (path, need)) in self.paths.iter().enumerate() {
            for value in path.query(&tree) {
                let text = match (need, value) {
                    (_, Value::Null) => continue,
                    (Need::Presence, _) => Text::Untold,
                    (Need::Text, Value::String(text)) => found.decode(|out| out.write_str(text)),
                    (Need::Text, other) => found.decode(|out| write!(out, "{other}")),
                };
                found.push(number, text);
            }
        }
        Ok(())
    }
}
