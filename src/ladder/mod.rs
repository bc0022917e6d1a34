//! From one server to many: what each rung of a ladder of topologies carries, and what it bought.
//! Pure.
//!
//! | file | holds |
//! |---|---|
//! | [`rungs`] | the bundled ladder, and which part of one is climbed |
//! | [`result`] | what a climb came to: `ladder.json` |
//! | [`stated`] | what a topology states, in words |

pub mod result;
pub mod rungs;
pub mod stated;
