//! The journey interpreter: compiled steps, rendered requests, checked answers, captured values.

mod capture;
mod check;
mod document;
mod interpreter;
mod program;
mod redact;
mod request;
mod trace;

pub(crate) use check::json as check_json;
pub(crate) use document::{Document, paths as json_paths};
pub(crate) use interpreter::{Finish, Traveller, Trip, travel};
pub(crate) use program::Program;
