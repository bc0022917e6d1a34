//! What a person sees.

use loadtest::scenario::Overrides;

use super::parse_with;

const WRONG: &str = "name = \"wrong\"\nsead = 42\n\n[target]\nbase_url = \"http://127.0.0.1:8080\"\n\n[[load]]\njourney = \"buy\"\narrivals = { rate = \"5/s\", for = \"10\" }\n\n[[journey]]\nname = \"buy\"\n[[journey.step]]\n\tget = \"/süß/${randm(1, 2)}\"\n";

#[test]
fn mistakes_are_shown_with_their_line_and_a_caret() {
    let mistakes = parse_with(WRONG, &Overrides::default()).unwrap_err();
    insta::assert_snapshot!(mistakes.render(false));
}

#[test]
fn colour_changes_nothing_but_colour() {
    let mistakes = parse_with(WRONG, &Overrides::default()).unwrap_err();
    let colour = mistakes.render(true);
    let codes = regex::Regex::new("\x1b\\[[0-9;]*m").unwrap();
    assert!(codes.is_match(&colour));
    assert_eq!(codes.replace_all(&colour, ""), mistakes.render(false));
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let path = std::path::Path::new("no/such/file.toml");
    let mistakes = loadtest::scenario::read(path, &Overrides::default()).unwrap_err();
    assert!(
        mistakes
            .to_string()
            .starts_with("error: `no/such/file.toml` cannot be read: "),
        "{mistakes}"
    );
}
