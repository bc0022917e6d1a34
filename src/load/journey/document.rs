//! The JSON of an answer, looked into only when a check or a capture asks, and then once for all
//! of the step's paths.

use crate::scenario::extract::{Found, JsonPath, JsonPaths, Need, NotJson};
use crate::scenario::{CaptureFrom, Expect, Step, ValueRule};

/// The paths of a step's expectations, then those of its captures.
pub(crate) fn paths(step: &Step) -> JsonPaths {
    let expected = step.expect.json.iter().map(|(path, rule)| {
        let need = match rule {
            ValueRule::Present => Need::Presence,
            // What should be absent is told when it is there.
            _ => Need::Text,
        };
        (path, need)
    });
    let captured = step
        .captures
        .iter()
        .filter_map(|capture| match &capture.from {
            CaptureFrom::Json(path) => Some((path, Need::Text)),
            CaptureFrom::Regex(_) | CaptureFrom::Header(_) | CaptureFrom::Cookie(_) => None,
        });
    let own = |(path, need): (&JsonPath, Need)| (path.clone(), need);
    JsonPaths::new(expected.chain(captured).map(own).collect())
}

/// A body that may be JSON.
#[derive(Debug)]
pub(crate) struct Document<'b> {
    body: &'b [u8],
    paths: &'b JsonPaths,
    found: &'b mut Found,
    looked: Option<Result<(), NotJson>>,
}

impl<'b> Document<'b> {
    /// `paths` are those of [`paths`]; `found` is room for what they find.
    pub(crate) fn new(body: &'b [u8], paths: &'b JsonPaths, found: &'b mut Found) -> Self {
        Self {
            body,
            paths,
            found,
            looked: None,
        }
    }

    /// What the path of expectation number `number` finds.
    ///
    /// # Errors
    /// The body is not JSON.
    pub(crate) fn expected(&mut self, number: usize) -> Result<Texts<'_>, NotJson> {
        self.select(number)
    }

    /// What the path of the JSON capture number `number` finds; other captures do not count.
    ///
    /// # Errors
    /// The body is not JSON.
    pub(crate) fn captured(
        &mut self,
        expect: &Expect,
        number: usize,
    ) -> Result<Texts<'_>, NotJson> {
        self.select(expect.json.len() + number)
    }

    fn select(&mut self, path: usize) -> Result<Texts<'_>, NotJson> {
        if self.looked.is_none() {
            self.looked = Some(self.paths.look(self.body, self.found));
        }
        match &self.looked {
            Some(Err(why)) => Err(why.clone()),
            _ => Ok(Texts {
                body: self.body,
                found: self.found,
                path,
            }),
        }
    }
}

/// What one path found but nulls.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Texts<'d> {
    body: &'d [u8],
    found: &'d Found,
    path: usize,
}

impl<'d> Texts<'d> {
    /// Texts without quotes, everything else as JSON; of what is only expected to be there nothing.
    pub(crate) fn iter(self) -> impl Iterator<Item = &'d str> {
        self.found.texts(self.body, self.path)
    }
}
