//! `summary.json`, and every report made from it.
//!
//! | file | makes |
//! |---|---|
//! | [`mod@summarise`] | the [`Summary`] from what was measured |
//! | [`ab`] | two versions measured in turn |
//! | [`against`] | gates of a baseline in a summary |
//! | [`html`], [`charts`] | `report.html` |
//! | [`compare`] | runs beside each other |
//! | [`capacity`] | how much a target carries |
//! | [`console`] | what the terminal says at the end |
//! | [`markdown`] | `summary.md` for pull requests |
//! | [`junit`] | `junit.xml` for pipelines |
//! | [`chain`] | `events.jsonl` tamper-evident, and checks it |
//! | [`schema`] | the JSON Schema of `summary.json` |
//! | [`folder`] | the run folder: the one place that writes files |

pub mod ab;
pub mod against;
pub mod capacity;
pub mod chain;
pub mod charts;
mod columns;
pub mod compare;
pub mod console;
pub mod folder;
pub mod html;
pub mod junit;
pub mod markdown;
pub mod otlp;
pub mod redact;
pub mod schema;
pub mod summarise;
pub mod summary;

pub use folder::{ReportError, write as write_run};
pub use summarise::{SummaryInput, plan, summarise};
pub use summary::Summary;
