//! A real browser, driven as a person drives it.
#![allow(dead_code, reason = "each test binary uses its own part")]

mod launch;
pub(crate) mod page;
mod protocol;
