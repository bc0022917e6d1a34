//! How response times were spread in each bucket of the timeline, small enough to draw.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Requests by bucket of the timeline and by band of response time.
#[derive(Debug, Clone, Default, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
pub struct Heat {
    /// Edges of the bands, microseconds, ascending: band 0 holds times above the first edge up to
    /// and with the second. Times outside belong to the first and the last band.
    pub edges_us: Vec<u64>,
    /// One per bucket of the timeline.
    pub columns: Vec<HeatColumn>,
}

impl Heat {
    /// Whether there is nothing to draw.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.edges_us.len() < 2
    }

    /// Bands.
    #[must_use]
    pub fn bands(&self) -> usize {
        self.edges_us.len().saturating_sub(1)
    }
}

/// Requests of one bucket by band, as `band:count` pairs: `3:40 4:12`. Bands without requests are
/// left out.
#[derive(Debug, Clone, Default, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String", extend("pattern" = r"^(\d+:\d+( \d+:\d+)*)?$"))]
pub struct HeatColumn(pub Vec<(usize, u64)>);

impl HeatColumn {
    /// Requests in a band.
    #[must_use]
    pub fn in_band(&self, band: usize) -> u64 {
        let found = self.0.iter().find(|(known, _)| *known == band);
        found.map_or(0, |(_, count)| *count)
    }
}

impl fmt::Display for HeatColumn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (band, count)) in self.0.iter().enumerate() {
            let space = if index > 0 { " " } else { "" };
            write!(f, "{space}{band}:{count}")?;
        }
        Ok(())
    }
}

impl From<HeatColumn> for String {
    fn from(column: HeatColumn) -> Self {
        column.to_string()
    }
}

impl FromStr for HeatColumn {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let pair = |pair: &str| {
            let (band, count) = pair.split_once(':')?;
            Some((band.parse().ok()?, count.parse().ok()?))
        };
        text.split_ascii_whitespace()
            .map(|word| pair(word).ok_or_else(|| format!("`{word}` is not `band:count`")))
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

impl TryFrom<String> for HeatColumn {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_is_a_short_text() {
        let column = HeatColumn(vec![(3, 40), (4, 12)]);
        let text = serde_json::to_string(&column).expect("a text");
        assert_eq!(text, r#""3:40 4:12""#);
        let read: HeatColumn = serde_json::from_str(&text).expect("as written");
        assert_eq!((read.in_band(4), read.in_band(5)), (12, 0));
        assert_eq!(read, column);
        assert_eq!("".parse(), Ok(HeatColumn::default()));
        let wrong = "3:40 4".parse::<HeatColumn>().expect_err("half a pair");
        assert_eq!(wrong, "`4` is not `band:count`");
    }
}
