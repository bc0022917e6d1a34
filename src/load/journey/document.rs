//! The JSON of an answer, looked into only when a check or a capture asks.
//!
//! This is the one place that knows how JSON is read: a reader that streams over the bytes for
//! simple paths belongs here.

use std::borrow::Cow;
use std::cell::OnceCell;

use serde_json::Value;

use crate::scenario::extract::JsonPath;

/// A body that may be JSON.
#[derive(Debug)]
pub(crate) struct Document<'b> {
    body: &'b [u8],
    tree: OnceCell<Result<Value, String>>,
}

impl<'b> Document<'b> {
    pub(crate) fn new(body: &'b [u8]) -> Self {
        Self {
            body,
            tree: OnceCell::new(),
        }
    }

    /// Everything the path selects.
    ///
    /// # Errors
    /// Why the body is not JSON, in words.
    pub(crate) fn select(&self, path: &JsonPath) -> Result<Vec<&Value>, String> {
        let tree = self.tree.get_or_init(|| {
            serde_json::from_slice(self.body)
                .map_err(|error| format!("the body is not JSON: {error}"))
        });
        match tree {
            Ok(tree) => Ok(path.query(tree)),
            Err(why) => Err(why.clone()),
        }
    }
}

/// A JSON value as templates and rules see it: texts without quotes, everything else as written.
pub(crate) fn text(value: &Value) -> Cow<'_, str> {
    match value {
        Value::String(text) => Cow::Borrowed(text),
        other => Cow::Owned(other.to_string()),
    }
}
