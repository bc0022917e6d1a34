//! Regular expressions.

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
