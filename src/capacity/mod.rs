//! How much a target carries: the highest rate of arrivals at which its limits hold. Pure.
//!
//! | file | holds |
//! |---|---|
//! | [`mod@search`] | which rate to try next, from what was measured so far |
//! | [`mod@knee`] | from which rate on waiting grows faster than the load |
//! | [`steps`] | the scenario at one rate, and the limits that decide it |
//! | [`result`] | what the search came to: `capacity.json` |

pub mod knee;
pub mod result;
pub mod search;
pub mod steps;
