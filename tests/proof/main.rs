//! Proof that the tool can fail a run: what is broken on purpose is found, exactly.

#[path = "../support/mod.rs"]
mod support;

mod books;
mod lost;
