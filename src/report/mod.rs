//! summary.json, and every report made from it.

pub mod summary;

pub use summary::Summary;
