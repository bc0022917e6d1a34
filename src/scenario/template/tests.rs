//! What templates render, and what they refuse.

use super::*;
use crate::scenario::model::{DataOrder, DataSet};
use crate::scenario::surroundings::Surroundings;
use std::io;
use std::path::Path;

/// One environment variable.
#[derive(Debug)]
struct OneSecret;

impl Surroundings for OneSecret {
    fn read(&self, _: &Path) -> io::Result<Vec<u8>> {
        Err(io::ErrorKind::NotFound.into())
    }

    fn variable(&self, name: &str) -> Option<String> {
        (name == "API_KEY").then(|| "s3cr3t key".to_owned())
    }

    fn fresh_seed(&self) -> u64 {
        1
    }
}

const NOWHERE: Place = Place {
    source: 0,
    start: 0,
    end: 0,
};

fn customers() -> Vec<DataSet> {
    vec![DataSet {
        name: "customers".into(),
        columns: vec!["email".into(), "first name".into()],
        rows: vec![vec!["ada@example.test".into(), "Ada L".into()]],
        order: DataOrder::Sequential,
    }]
}

/// Compiles with the variables `token` and `ids` captured before.
fn compile(text: &str, escape: Escape) -> Result<Template, TemplateError> {
    let data = customers();
    let mut bindings = Bindings::new(&data, &OneSecret);
    for name in ["token", "ids"] {
        bindings.define(name, false, NOWHERE);
    }
    Template::compile(text, escape, &mut bindings, NOWHERE)
}

fn json(text: &str) -> Template {
    let data = customers();
    let mut bindings = Bindings::new(&data, &OneSecret);
    for name in ["token", "ids"] {
        bindings.define(name, false, NOWHERE);
    }
    let mut builder = Builder::default();
    builder.json_text(text, &mut bindings, NOWHERE).unwrap();
    builder.finish()
}

fn render_with(template: &Template, slots: &mut [Value], seed: u64) -> Result<String, RenderError> {
    let row = ["ada@example.test".to_owned(), "Ada L".to_owned()];
    let mut out = Vec::new();
    let mut context = Context {
        slots,
        rows: &[&row],
        random: &mut fastrand::Rng::with_seed(seed),
        iteration: 12,
        user: 3,
        run: 0,
    };
    template.render(&mut context, &mut out)?;
    Ok(String::from_utf8(out).unwrap())
}

fn slots() -> Vec<Value> {
    let ids = ["7", "8", "9"].map(str::to_owned).to_vec();
    let mut slots = vec![Value::Text("a/b \"c\"\n&é".into()), Value::List(ids)];
    slots.resize(6, Value::Unset);
    slots
}

fn render(template: &Template) -> String {
    render_with(template, &mut slots(), 1).unwrap()
}

fn plain(text: &str) -> String {
    render(&compile(text, Escape::Plain).unwrap_or_else(|error| panic!("{text}: {error:?}")))
}

#[test]
fn texts_without_templates_stay_as_they_are() {
    for text in ["", "plain", "costs 5 $", "$x {y} $$", "a$", "{\"a\": 1}"] {
        let template = compile(text, Escape::Plain).unwrap();
        assert_eq!(template.as_literal(), Some(text));
        assert_eq!(render(&template), text);
    }
    assert_eq!(plain("$${token} is ${iteration}"), "${token} is 12");
}

#[test]
fn values_come_from_data_captures_and_built_ins() {
    assert_eq!(plain("<${customers.email}>"), "<ada@example.test>");
    assert_eq!(plain("${customers['first name']}"), "Ada L");
    assert_eq!(plain("${iteration}/${user}/${iteration()}"), "12/3/12");
    assert_eq!(plain("${ids}"), "7,8,9");
    assert_eq!(plain("${count(ids)}"), "3");
    assert!(["7", "8", "9"].contains(&plain("${random_of(ids)}").as_str()));
}

#[test]
fn arithmetic_keeps_whole_numbers_whole() {
    for (text, value) in [
        ("${1 + 2 * 3}", "7"),
        ("${(1 + 2) * 3}", "9"),
        ("${7 / 2}", "3.5"),
        ("${6 / 2}", "3"),
        ("${7 % 4}", "3"),
        ("${-7 + 2}", "-5"),
        ("${2 * -3}", "-6"),
        ("${1.5 * 2}", "3"),
        ("${int(7 / 2)}", "3"),
        ("${num('4') * 2}", "8"),
        ("${9223372036854775807 + 1}", "9223372036854776000"),
        ("${iteration % 5 + 1}", "3"),
    ] {
        assert_eq!(plain(text), value, "{text}");
    }
}

#[test]
fn functions_change_texts() {
    for (text, value) in [
        ("${upper('aß')}", "ASS"),
        ("${lower('AbC')}", "abc"),
        ("${trim('  x ')}", "x"),
        ("${base64('user:pass')}", "dXNlcjpwYXNz"),
        ("${base64('ab')}${base64('a')}${base64('')}", "YWI=YQ=="),
        ("${urlencode('a b&c')}", "a%20b%26c"),
        (r#"${json("say 'hi'")}"#, r#""say 'hi'""#),
        (r#"${json('a"b')}"#, r#""a\"b""#),
        (r"${json('a\\b')}", r#""a\\b""#),
        ("${text(1 + 1)}", "2"),
        (r#"${upper("it's")}"#, "IT'S"),
        (r"${'it\'s'}", "it's"),
    ] {
        assert_eq!(plain(text), value, "{text}");
    }
}

#[test]
fn values_cannot_break_out_of_a_url() {
    let url = |text: &str| render(&compile(text, Escape::Url).unwrap());
    assert_eq!(
        url("/a/${token}?q=${token}"),
        "/a/a%2Fb%20%22c%22%0A%26%C3%A9?q=a%2Fb%20%22c%22%0A%26%C3%A9"
    );
    // What the author wrote stays, but for what a request line cannot hold.
    assert_eq!(url("/a b/ü?x=1&y=%20"), "/a%20b/%C3%BC?x=1&y=%20");
    // A whole URL from a `Location` header keeps its slashes.
    assert_eq!(url("${token}/x"), "a/b%20%22c%22%0A&%C3%A9/x");
    assert_eq!(url("/x/${raw(token)}"), "/x/a/b%20%22c%22%0A&%C3%A9");
}

#[test]
fn values_cannot_break_out_of_json() {
    assert_eq!(render(&json("x ${token}")), r#""x a/b \"c\"\n&é""#);
    assert_eq!(render(&json("${token}")), r#""a/b \"c\"\n&é""#);
    assert_eq!(
        render(&json("a \"quoted\" \u{1} text")),
        r#""a \"quoted\" \u0001 text""#
    );
}

#[test]
fn one_template_that_surely_is_a_number_is_a_json_number() {
    for (text, value) in [
        ("${1 + 1}", "2"),
        ("${iteration}", "12"),
        ("${random_of(5, 5)}", "5"),
        ("${n = 4}", "4"),
        ("${num('2.50')}", "2.5"),
        ("${raw(ids)}", "7,8,9"),
        ("${text(5)}", "\"5\""),
        ("no ${iteration}", "\"no 12\""),
        ("${'5'}", "\"5\""),
        ("${random_of('5', 5)}", "\"5\""),
    ] {
        assert_eq!(render(&json(text)), value, "{text}");
    }
}

#[test]
fn assignments_are_visible_from_then_on() {
    assert_eq!(plain("${n = 4} ${n} ${n + 1}"), "4 4 5");
    assert_eq!(plain("${n = 4}${n = n * 2}${n}"), "488");
    let template = compile("${key = uuid()}|${key}", Escape::Plain).unwrap();
    let text = render(&template);
    let (first, second) = text.split_once('|').unwrap();
    assert_eq!(first, second);
    assert_eq!(first.len(), 36);
    assert_eq!(&first[14..15], "4", "{first} is a version 4 UUID");
    let numeric = {
        let mut bindings = Bindings::new(&[], &OneSecret);
        let mut builder = Builder::default();
        for text in ["${n = random(5, 5)}", "${n}"] {
            builder.json_text(text, &mut bindings, NOWHERE).unwrap();
        }
        builder.finish()
    };
    assert_eq!(render_with(&numeric, &mut slots(), 1).unwrap(), "55");
}

#[test]
fn a_seed_repeats_everything_random() {
    let text = "${random(1, 1000000)} ${random(0.5, 1.5)} ${uuid()} ${random_text(8)} ${random_of('a', 'b', 'c')}";
    let template = compile(text, Escape::Plain).unwrap();
    let once = render_with(&template, &mut slots(), 7).unwrap();
    assert_eq!(once, render_with(&template, &mut slots(), 7).unwrap());
    assert_ne!(once, render_with(&template, &mut slots(), 8).unwrap());
}

#[test]
fn random_includes_both_ends_and_nothing_beyond() {
    let template = compile("${random(1, 3)}", Escape::Plain).unwrap();
    let seen: std::collections::BTreeSet<String> = (0..200)
        .map(|seed| render_with(&template, &mut slots(), seed).unwrap())
        .collect();
    assert_eq!(seen.into_iter().collect::<Vec<_>>(), ["1", "2", "3"]);
}

#[test]
fn secrets_are_rendered_but_never_shown() {
    let template = compile("Bearer ${env.API_KEY}", Escape::Plain).unwrap();
    assert_eq!(render(&template), "Bearer s3cr3t key");
    assert_eq!(template.as_literal(), Some("Bearer s3cr3t key"));
    assert!(template.is_secret());
    assert_eq!(template.source(), "Bearer ${env.API_KEY}");
    assert!(!format!("{template:?}").contains("s3cr3t"));
    let template = compile("${env('NO_SUCH', 'default')}", Escape::Plain).unwrap();
    assert_eq!(render(&template), "default");
}

#[test]
fn what_cannot_be_rendered_says_why() {
    let error = |text: &str| {
        let template = compile(text, Escape::Plain).unwrap();
        let mut slots = vec![Value::Unset; 4];
        render_with(&template, &mut slots, 1).unwrap_err()
    };
    assert_eq!(error("x ${token}"), RenderError::Unset("token".into()));
    assert_eq!(error("${random_of(ids)}"), RenderError::Unset("ids".into()));
    assert_eq!(
        error("${customers.email + 1}"),
        RenderError::NotANumber("ada@example.test".into())
    );
    assert_eq!(error("${1 / (2 - 2)}"), RenderError::NoResult);
    assert_eq!(error("${1 % 0}"), RenderError::NoResult);
}

#[test]
fn what_makes_no_sense_is_refused_with_its_place() {
    for (text, place, message) in [
        ("a ${", 2..4, "never closed"),
        ("a ${token", 2..9, "never closed"),
        ("${}", 0..3, "empty"),
        ("${ }", 0..4, "empty"),
        ("${token)}", 7..8, "unexpected `)`"),
        ("${1 +}", 5..6, "unexpected `}`"),
        ("${tokn}", 2..6, "did you mean `token`?"),
        ("${12ab}", 2..6, "not a number"),
        ("${'open}", 2..8, "never closed by '"),
        ("${uuid}", 2..6, "write uuid()"),
        ("${uuid(1)}", 2..9, "called as uuid()"),
        ("${customers}", 2..11, "name a column of it"),
        ("${ids.x}", 2..7, "no data set `ids`"),
        ("${upper(raw(token))}", 8..18, "outermost"),
        ("${env = 1}", 2..9, "names the environment"),
        ("${customers = 1}", 2..15, "name of a data set"),
    ] {
        let error = compile(text, Escape::Plain).expect_err(text);
        assert!(error.message.contains(message), "{text}: {}", error.message);
        assert_eq!(error.span, place, "{text}: {}", error.message);
    }
}

#[test]
fn nesting_and_length_are_bounded() {
    for text in [
        format!("${{{}1{}}}", "(".repeat(100_000), ")".repeat(100_000)),
        format!("${{1{}}}", "+1".repeat(100_000)),
        format!("${{{}1}}", "-".repeat(100_000)),
        format!("${{{}}}", "upper(".repeat(100_000)),
    ] {
        assert!(compile(&text, Escape::Plain).is_err());
    }
}
