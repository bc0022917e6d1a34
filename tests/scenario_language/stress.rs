//! No text makes the reader panic: the corpus and the shipped scenarios, cut, doubled and mixed up.

use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use loadtest::scenario::surroundings::Nowhere;
use loadtest::scenario::{self, Overrides};
use proptest::collection::vec;
use proptest::prelude::*;

use super::toml_files;

static CORPUS: LazyLock<Vec<String>> = LazyLock::new(|| {
    ["scenarios", "tests/scenarios/wrong"]
        .into_iter()
        .flat_map(toml_files)
        .map(|path| fs::read_to_string(path).unwrap())
        .collect()
});

/// What mutations put in: pieces of the language, numbers at the edges, things that are nearly right.
const PIECES: [&str; 40] = [
    "=",
    "[",
    "]",
    "{",
    "}",
    "\"",
    "'",
    "\\",
    "\n",
    "${",
    "}",
    "$${",
    "$",
    "..",
    "/s",
    "%",
    "0",
    "-1",
    "9223372036854775807",
    "99999999999999999999",
    "1e308",
    "nan",
    "[[gate]]",
    "[[fault]]",
    "[[journey.step]]",
    "[target]",
    "\"\"\"",
    "é",
    "\u{0}",
    "\r",
    "🦀",
    "for = ",
    "at = \"0s\"",
    "after = \"a\"",
    "expect = ",
    "${a = ",
    "random(",
    "'",
    "#",
    " ",
];

#[derive(Debug, Clone)]
enum Edit {
    Insert(usize, usize),
    Delete(usize, usize),
    Double(usize, usize),
    Splice(usize, usize, usize),
}

fn edit() -> impl Strategy<Value = Edit> {
    let any = any::<usize>;
    prop_oneof![
        (any(), 0..PIECES.len()).prop_map(|(at, piece)| Edit::Insert(at, piece)),
        (any(), 1..40_usize).prop_map(|(at, length)| Edit::Delete(at, length)),
        (any(), 1..80_usize).prop_map(|(at, length)| Edit::Double(at, length)),
        (any(), any(), any()).prop_map(|(file, from, at)| Edit::Splice(file, from, at)),
    ]
}

/// A place between two characters.
fn boundary(text: &str, at: usize) -> usize {
    let mut at = at % (text.len() + 1);
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

fn apply(text: &mut String, edit: &Edit) {
    match *edit {
        Edit::Insert(at, piece) => {
            let at = boundary(text, at);
            text.insert_str(at, PIECES[piece]);
        }
        Edit::Delete(at, length) => {
            let at = boundary(text, at);
            let end = boundary(text, (at + length).min(text.len()));
            text.replace_range(at..end.max(at), "");
        }
        Edit::Double(at, length) => {
            let at = boundary(text, at);
            let end = boundary(text, (at + length).min(text.len())).max(at);
            let again = text[at..end].to_owned();
            text.insert_str(at, &again);
        }
        Edit::Splice(file, from, at) => {
            let other = &CORPUS[file % CORPUS.len()];
            let from = boundary(other, from);
            let at = boundary(text, at);
            text.truncate(at);
            text.push_str(&other[from..]);
        }
    }
}

/// Reads a text; whatever is said about it must point into it and be fit to be shown.
fn read(text: &str, overrides: &Overrides) {
    let outcome = scenario::parse(text, Path::new("stress.toml"), overrides, &Nowhere);
    let findings = match outcome {
        Ok(reading) => reading.warnings,
        Err(mistakes) => {
            assert!(!mistakes.0.is_empty(), "refused without a word");
            mistakes
        }
    };
    for found in &findings.0 {
        assert!(!found.message.is_empty());
        if found.line > 0 && found.file == "stress.toml" {
            let line = text.lines().nth(found.line - 1).unwrap_or("");
            assert_eq!(line, found.text);
            assert!(found.column <= line.chars().count() + 1, "{found:?}");
        }
    }
    let _ = findings.render(true);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn mutated_scenarios_do_not_panic(file in any::<usize>(), edits in vec(edit(), 1..8)) {
        let mut text = CORPUS[file % CORPUS.len()].clone();
        for edit in &edits {
            apply(&mut text, edit);
        }
        read(&text, &Overrides::default());
    }

    #[test]
    fn any_assignment_does_not_panic(set in "[a-z0-9.\"']{0,12}=?[-\"{}\\[\\]a-z0-9 =.,]{0,16}", file in any::<usize>()) {
        let overrides = Overrides { sets: vec![set], ..Overrides::default() };
        read(&CORPUS[file % CORPUS.len()], &overrides);
    }

    #[test]
    fn any_overrides_do_not_panic(scale in any::<f64>(), duration in "[0-9]{1,4}(ms|s|h|d)?", no_faults in any::<bool>(), file in any::<usize>()) {
        let overrides = Overrides { scale: Some(scale), duration: Some(duration), no_faults, ..Overrides::default() };
        read(&CORPUS[file % CORPUS.len()], &overrides);
    }

    #[test]
    fn any_text_does_not_panic(text in "\\PC{0,200}") {
        read(&text, &Overrides::default());
    }

    #[test]
    fn any_template_does_not_panic(inner in "[a-z0-9_.()'+*/%=, -]{0,30}") {
        let text = format!("target = \"http://h\"\nload = {{ users = {{ count = 1, for = \"1s\" }} }}\njourney = {{ name = \"a\", steps = {{ get = \"/${{{inner}}}\" }} }}");
        read(&text, &Overrides::default());
    }
}

#[test]
fn deep_nesting_is_refused_not_overflowed() {
    for text in [
        format!("a = {}{}", "[".repeat(20_000), "]".repeat(20_000)),
        format!("a = {}{}", "{ a = ".repeat(20_000), "}".repeat(20_000)),
        format!("{} = 1", vec!["a"; 5_000].join(".")),
        format!("[{}]", vec!["a"; 5_000].join(".")),
    ] {
        read(&text, &Overrides::default());
    }
}
