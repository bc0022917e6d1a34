//! The bundled shop's storefront in a real browser, on a real stack.

#[path = "../support/browser/mod.rs"]
mod browser;
#[path = "../stack/harness.rs"]
#[allow(dead_code, reason = "this binary uses its own part")]
mod harness;

mod customer;

mod failover;
mod looks;
mod purchase;
