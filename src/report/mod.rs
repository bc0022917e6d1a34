//! summary.json, and every report made from it.

pub mod charts;
pub mod html;
pub mod summarise;
pub mod summary;

pub use summarise::{SummaryInput, plan, summarise};
pub use summary::Summary;
