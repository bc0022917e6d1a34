//! The scenario language: model, parsing, validation, templates. Pure.
