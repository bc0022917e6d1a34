//! The scenario language from outside: files in, models or mistakes out.

use std::path::Path;

use loadtest::scenario::{self, Overrides};

#[test]
fn the_main_scenario_is_sound() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/checkout.toml");
    let reading = scenario::read(&path, &Overrides::default()).unwrap_or_else(|m| panic!("{m}"));
    assert_eq!(reading.warnings.0, []);
    assert_eq!(reading.scenario.name, "checkout");
}
