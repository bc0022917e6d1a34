//! summary.json, and every report made from it.
