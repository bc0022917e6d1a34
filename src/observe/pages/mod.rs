//! Metrics pages: what the target's own processes tell of themselves, read once a second.
//!
//! | file | holds |
//! |---|---|
//! | [`text`] | the text format, version 0.0.4 |
//! | [`memory`] | what was read last from each page, so that counters become increases |
//! | [`track`] | one metric over the run, and what its values come to |
//! | [`buckets`] | quantiles of a histogram's buckets |
//! | [`reader`] | who asks the pages |

mod buckets;
mod memory;
mod reader;
mod text;
mod track;

pub use memory::{Page, Pages};
pub use reader::{Address, PERIOD, PageSource, Reading};
pub use text::{Line, lines, series};
pub use track::{Cell, Found, Track};
