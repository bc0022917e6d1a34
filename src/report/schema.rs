//! The JSON Schema of `summary.json`, derived from the types that write it, so that it cannot say
//! anything else. Published as `docs/summary.schema.json`.

use schemars::generate::SchemaSettings;

use super::Summary;

/// The schema (draft 2020-12) as a file's text.
///
/// It holds for all summaries of its `schema_version`: what later builds added is not required.
#[must_use]
pub fn text() -> String {
    let generator = SchemaSettings::draft2020_12().into_generator();
    let mut schema = generator.into_root_schema_for::<Summary>();
    schema.insert("title".into(), "summary.json of loadtest".into());
    let mut text = format!("{:#}", schema.to_value());
    text.push('\n');
    text
}
