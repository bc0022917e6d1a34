//! The typed confirmation: whoever starts a drill says what is going to be broken.

use std::io::{BufRead, Write};

use crate::scenario::Scenario;

/// What has to be typed: the fault's name, or where there are several, that of the scenario.
pub(super) fn phrase(scenario: &Scenario) -> String {
    match scenario.faults.as_slice() {
        [fault] => fault.name.clone(),
        _ => format!("break {}", scenario.name),
    }
}

/// Asks, and tells whether exactly this was typed.
///
/// # Errors
/// The terminal cannot be written to or read from.
pub(super) fn ask(
    scenario: &Scenario,
    mut answers: impl BufRead,
    mut out: impl Write,
) -> std::io::Result<bool> {
    let names: Vec<String> = (scenario.faults.iter())
        .map(|fault| format!("“{}”", fault.name))
        .collect();
    let phrase = phrase(scenario);
    write!(
        out,
        "\nThis really breaks what the plan says: {}.\nType `{phrase}` to go on, anything else to leave: ",
        names.join(", ")
    )?;
    out.flush()?;
    let mut line = String::new();
    answers.read_line(&mut line)?;
    Ok(line.trim() == phrase)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chaos::testing::{every_kind, fault, scenario};

    fn typed(scenario: &Scenario, line: &str) -> bool {
        ask(scenario, line.as_bytes(), Vec::new()).expect("in memory")
    }

    #[test]
    fn only_the_phrase_itself_confirms() {
        let one = scenario(vec![fault("lose zone b", every_kind()[0].clone())]);
        assert!(typed(&one, "lose zone b\n"));
        assert!(typed(&one, "  lose zone b  \n"));
        for other in ["", "\n", "y\n", "yes\n", "lose zone\n", "Lose zone b\n"] {
            assert!(!typed(&one, other), "{other:?}");
        }
        let kinds = every_kind();
        let two = scenario(vec![
            fault("a", kinds[0].clone()),
            fault("b", kinds[2].clone()),
        ]);
        assert_eq!(phrase(&two), "break test");
    }
}
