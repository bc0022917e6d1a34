//! Taking values out of answers: JSON paths (RFC 9535) and regular expressions, compiled once.

use std::fmt;

/// A compiled JSON path.
#[derive(Clone)]
pub struct JsonPath {
    path: serde_json_path::JsonPath,
    text: String,
}

impl JsonPath {
    /// Compiles it.
    ///
    /// # Errors
    /// What is wrong with the path, in words.
    pub fn parse(text: &str) -> Result<Self, String> {
        match serde_json_path::JsonPath::parse(text) {
            Ok(path) => Ok(Self {
                path,
                text: text.to_owned(),
            }),
            Err(error) => Err(error.to_string()),
        }
    }

    /// Everything it selects, in document order.
    #[must_use]
    pub fn query<'v>(&self, document: &'v serde_json::Value) -> Vec<&'v serde_json::Value> {
        self.path.query(document).all()
    }

    /// As written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl fmt::Debug for JsonPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "JsonPath({})", self.text)
    }
}

/// A compiled regular expression over bytes.
#[derive(Debug, Clone)]
pub struct Pattern(regex::bytes::Regex);

impl Pattern {
    /// Compiles it.
    ///
    /// # Errors
    /// What is wrong with the expression, in words.
    pub fn parse(text: &str) -> Result<Self, String> {
        regex::bytes::Regex::new(text)
            .map(Self)
            .map_err(|error| error.to_string())
    }

    /// Whether it matches anywhere.
    #[must_use]
    pub fn is_match(&self, bytes: &[u8]) -> bool {
        self.0.is_match(bytes)
    }

    /// Of every match the first group, or the whole match where it has no group.
    pub fn captures<'b>(&self, bytes: &'b [u8]) -> impl Iterator<Item = &'b [u8]> {
        self.0.captures_iter(bytes).filter_map(|found| {
            found
                .get(1)
                .or_else(|| found.get(0))
                .map(|group| group.as_bytes())
        })
    }
}
