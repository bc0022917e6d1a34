//! Whatever a scenario's text is: it is read or refused with words that can be shown, never a panic.
//!
//! ```console
//! $ RUSTC_BOOTSTRAP=1 cargo fuzz run scenario fuzz/corpus/scenario scenarios tests/scenarios/wrong \
//!       -- -max_total_time=600 -dict=fuzz/scenario.dict -only_ascii=0
//! ```

#![no_main]

use std::path::Path;

use libfuzzer_sys::fuzz_target;
use loadtest::scenario::surroundings::Nowhere;
use loadtest::scenario::{self, Overrides};

fuzz_target!(|text: &str| {
    // What follows the last NUL, if there is one, is an assignment of `--set`.
    let (text, sets) = match text.rsplit_once('\0') {
        Some((text, set)) => (text, vec![set.to_owned()]),
        None => (text, Vec::new()),
    };
    let overrides = Overrides {
        sets,
        ..Overrides::default()
    };
    match scenario::parse(text, Path::new("fuzz.toml"), &overrides, &Nowhere) {
        Ok(reading) => drop(reading.warnings.render(true)),
        Err(mistakes) => {
            assert!(!mistakes.0.is_empty(), "refused without a word");
            drop(mistakes.render(true));
        }
    }
});
