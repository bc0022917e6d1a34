//! The journey interpreter: compiled steps, rendered requests, checked answers, captured values.

mod capture;
mod check;
mod document;
mod interpreter;
mod program;
mod redact;
mod request;
mod templates;

pub(crate) use interpreter::{Finish, Traveller, Trip, travel};
pub(crate) use program::Program;
pub(crate) use templates::{of_expectations, of_ledger, of_request};
