//! The scenario language: model, parsing, validation, templates. Pure.

pub mod extract;
pub mod model;
pub mod template;

pub use extract::JsonPath;
pub use model::*;
