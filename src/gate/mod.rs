//! Gates: the rules that decide the verdict. Pure.

pub mod result;
pub mod verdict;

pub use result::{GateResult, GateVerdict, Unit};
pub use verdict::{Ending, ExitCode, Verdict};
