//! What a set of paths found in one document.

use std::ops::Range;

/// Values by path, in the order of the document. Kept by its user and filled anew for every
/// document, so that looking allocates nothing once it has grown.
#[derive(Debug, Default)]
pub struct Found {
    matches: Vec<Match>,
    /// Texts that do not stand in the document as they are.
    decoded: String,
}

#[derive(Debug)]
struct Match {
    path: usize,
    text: Text,
}

/// Where the text of a value is.
#[derive(Debug, Clone)]
pub(super) enum Text {
    /// Nobody asked for it.
    Untold,
    /// In the document; UTF-8.
    Body(Range<usize>),
    /// Among what was decoded.
    Decoded(Range<usize>),
}

impl Found {
    /// Whether path number `path` found anything but null.
    #[must_use]
    pub fn any(&self, path: usize) -> bool {
        self.matches.iter().any(|found| found.path == path)
    }

    /// What path number `path` found but nulls: texts without quotes, everything else as JSON.
    /// `document` is what was looked into. A path that needs only presence has empty texts.
    pub fn texts<'f>(
        &'f self,
        document: &'f [u8],
        path: usize,
    ) -> impl Iterator<Item = &'f str> + Clone {
        let matches = self.matches.iter().filter(move |found| found.path == path);
        matches.map(move |found| match &found.text {
            Text::Untold => "",
            // It was valid when it was found: this is another document than that, or never fails.
            Text::Body(range) => document
                .get(range.clone())
                .and_then(|bytes| std::str::from_utf8(bytes).ok())
                .unwrap_or(""),
            Text::Decoded(range) => &self.decoded[range.clone()],
        })
    }

    pub(super) fn clear(&mut self) {
        /// What one large document made of the buffer is given back.
        const KEPT: usize = 64 * 1024;
        self.matches.clear();
        self.decoded.clear();
        self.decoded.shrink_to(KEPT);
    }

    /// How much has been found so far.
    pub(super) fn len(&self) -> usize {
        self.matches.len()
    }

    pub(super) fn push(&mut self, path: usize, text: Text) {
        self.matches.push(Match { path, text });
    }

    /// Appends a text of its own.
    pub(super) fn decode(&mut self, write: impl FnOnce(&mut String) -> std::fmt::Result) -> Text {
        let start = self.decoded.len();
        // Writing to a String cannot fail.
        let _ = write(&mut self.decoded);
        Text::Decoded(start..self.decoded.len())
    }

    /// Takes back what these paths found since there were `floor`.
    pub(super) fn forget(&mut self, floor: usize, paths: u64) {
        let mut at = 0;
        self.matches.retain(|found| {
            let stays = at < floor || paths & (1 << found.path) == 0;
            at += 1;
            stays
        });
    }
}
