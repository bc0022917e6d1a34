//! The pass over the bytes against the tree.

use proptest::prelude::*;

use super::{Found, JsonPath, JsonPaths, Need};

fn path(text: &str) -> JsonPath {
    JsonPath::parse(text).unwrap_or_else(|why| panic!("{text}: {why}"))
}

fn paths<T: AsRef<str>>(texts: &[T]) -> JsonPaths {
    let wanted = |text: &T| (path(text.as_ref()), Need::Text);
    JsonPaths::new(texts.iter().map(wanted).collect())
}

/// What each path finds.
type Told = Result<Vec<Vec<String>>, String>;

fn told(
    count: usize,
    document: &[u8],
    look: impl FnOnce(&mut Found) -> Result<(), String>,
) -> Told {
    let mut found = Found::default();
    look(&mut found)?;
    Ok((0..count)
        .map(|path| {
            let texts: Vec<_> = found.texts(document, path).map(str::to_owned).collect();
            assert_eq!(found.any(path), !texts.is_empty());
            texts
        })
        .collect())
}

fn streamed(texts: &[impl AsRef<str>], document: &[u8]) -> Told {
    let set = paths(texts);
    told(texts.len(), document, |found| {
        set.look(document, found).map_err(|e| e.to_string())
    })
}

fn by_tree(texts: &[impl AsRef<str>], document: &[u8]) -> Told {
    let set = paths(texts);
    told(texts.len(), document, |found| {
        set.look_in_tree(document, found).map_err(|e| e.to_string())
    })
}

/// What a single path finds, by either way.
fn finds(text: &str, document: &str) -> Vec<String> {
    let bytes = document.as_bytes();
    let streamed = streamed(&[text], bytes).unwrap();
    assert_eq!(
        streamed,
        by_tree(&[text], bytes).unwrap(),
        "{text} in {document}"
    );
    streamed.into_iter().flatten().collect()
}

#[test]
fn values_are_texts_without_quotes_and_everything_else_as_json() {
    let document = r#" {"t":"a\u00fc\ud83d\ude00\n", "i":-12, "z":-0, "f":1e3, "big":100000000000000000000,
        "yes":true, "no":null, "list":[1, "x" ], "object":{"a":[ ],"b":1}, "empty":""} "#;
    for (path, text) in [
        ("$.t", "aü😀\n"),
        ("$.i", "-12"),
        ("$.z", "-0.0"),
        ("$.f", "1000.0"),
        ("$.big", "1e+20"),
        ("$.yes", "true"),
        ("$.list", r#"[1,"x"]"#),
        ("$.object", r#"{"a":[],"b":1}"#),
        ("$.empty", ""),
    ] {
        assert_eq!(finds(path, document), [text], "{path}");
    }
    assert!(finds("$.no", document).is_empty());
    assert_eq!(finds("$", "\t7\n"), ["7"]);
}

#[test]
fn arrays_are_entered_by_index_from_either_end_or_whole() {
    let document = r#"{"items":[{"id":1},{"id":"2"},{},{"id":null},{"id":4},5]}"#;
    assert_eq!(finds("$.items[0].id", document), ["1"]);
    assert_eq!(finds("$.items[-2].id", document), ["4"]);
    assert_eq!(finds("$.items[-6].id", document), ["1"]);
    assert_eq!(finds("$.items[*].id", document), ["1", "2", "4"]);
    assert_eq!(finds("$['items'][5]", document), ["5"]);
    for nothing in [
        "$.items[6]",
        "$.items[-7]",
        "$.items[-0]",
        "$.items.id",
        "$[0]",
    ] {
        // `-0` is no index at all to the library; the others lead nowhere.
        if JsonPath::parse(nothing).is_ok() {
            assert!(finds(nothing, document).is_empty(), "{nothing}");
        }
    }
}

#[test]
fn of_names_that_come_twice_the_last_counts() {
    let document = r#"{"a":{"b":1},"\u0061":{"b":[2,{"c":3}]},"x":0,"a":{"b":{"c":4}}}"#;
    assert_eq!(finds("$.a.b.c", document), ["4"]);
    assert!(finds("$.a.b[0]", document).is_empty());
    assert!(finds("$.a", r#"{"a":1,"a":null}"#).is_empty());
}

#[test]
fn all_members_of_an_object_are_found() {
    // By name or as they stand: that is up to the map that serde_json is built with.
    let mut found = finds("$.*", r#"{"b":1,"a":2}"#);
    found.sort();
    assert_eq!(found, ["1", "2"]);
}

#[test]
fn all_paths_of_a_set_are_followed_at_once() {
    let document = br#"{"token":"t","items":[{"id":7,"tags":["x","y"]}],"total":1}"#;
    let texts = [
        "$.items[0].id",
        "$.items[*].tags[-1]",
        "$.token",
        "$.items",
        "$.none",
    ];
    assert!(paths(&texts).is_streamed());
    let told = streamed(&texts, document);
    let items = r#"[{"id":7,"tags":["x","y"]}]"#;
    let expected = [vec!["7"], vec!["y"], vec!["t"], vec![items], vec![]];
    assert_eq!(told.unwrap(), expected);
}

#[test]
fn paths_that_need_the_tree_find_the_same() {
    let document = br#"{"items":[{"id":1,"price":5},{"id":2,"price":50}]}"#;
    let texts = [
        "$.items[?@.price > 9].id",
        "$..id",
        "$.items[0:1].id",
        "$.items[1].id",
    ];
    assert!(!paths(&texts).is_streamed());
    let expected = [vec!["2"], vec!["1", "2"], vec!["1"], vec!["2"]];
    assert_eq!(streamed(&texts, document).unwrap(), expected);
}

#[test]
fn presence_alone_reads_nothing() {
    let set = JsonPaths::new(vec![
        (path("$.items"), Need::Presence),
        (path("$.none"), Need::Presence),
    ]);
    let document = br#"{"items":[{"id":1}],"none":null}"#;
    let mut found = Found::default();
    set.look(document, &mut found).unwrap();
    assert!(found.any(0) && !found.any(1));
    assert_eq!(found.texts(document, 0).collect::<Vec<_>>(), [""]);
}

#[test]
fn a_document_that_is_cut_off_or_goes_on_is_none() {
    let whole = br#"{"token":"t","items":[{"id":1},{"id":"\"2"}],"more":{"x":[1,2,{}]}}"#;
    for end in 0..whole.len() {
        let why = streamed(&["$.token"], &whole[..end]).unwrap_err();
        assert!(why.starts_with("the body is not JSON: "), "{why}");
    }
    let behind = [&whole[..], b"}"].concat();
    assert!(streamed(&["$.token"], &behind).is_err());
    for wrong in [
        "<html>",
        "",
        "{\"token\":}",
        "{\"token\" 1}",
        "{\"token\":1,}",
        "\u{feff}{}",
    ] {
        assert!(streamed(&["$.token"], wrong.as_bytes()).is_err(), "{wrong}");
    }
}

#[test]
fn what_is_told_is_read_as_strictly_as_the_tree_reads_it() {
    for wrong in [
        &b"{\"a\":\"\\ud800\"}"[..],
        b"{\"a\":\"\xff\"}",
        b"{\"a\":\"\x01\"}",
        b"{\"a\":\"\\x\"}",
        b"{\"a\":01}",
        b"{\"a\":1e999}",
        b"{\"a\":tru}",
        b"{\"a\":[1,]}",
    ] {
        assert!(
            streamed(&["$.a"], wrong).is_err(),
            "{}",
            wrong.escape_ascii()
        );
    }
}

#[test]
fn more_paths_than_bits_are_looked_for_in_the_tree() {
    let texts: Vec<String> = (0..65).map(|n| format!("$.n[{n}]")).collect();
    assert!(!paths(&texts).is_streamed());
    assert!(paths(&texts[..64]).is_streamed());
    let list: Vec<usize> = (0..65).collect();
    let document = format!("{{\"n\":{list:?}}}").into_bytes();
    for count in [64, 65] {
        let told = streamed(&texts[..count], &document).unwrap();
        assert_eq!(told[count - 1], [(count - 1).to_string()]);
    }
}

/// Names, some of them written in two ways.
fn name() -> impl Strategy<Value = String> {
    let names = ["a", "b", "c", "é", "a b", r"\u0061", r#"\"b"#, "", "items"];
    prop::sample::select(names.map(|name| format!("\"{name}\"")).to_vec())
}

fn scalar() -> impl Strategy<Value = String> {
    let numbers = [
        "0",
        "-0",
        "7",
        "-31",
        "1.0",
        "-0.5e-7",
        "1E5",
        "2e+3",
        "9223372036854775808",
        "18446744073709551616",
        "999999999999999999",
        "1000000000000000000",
        "0.1",
        "1e300",
    ];
    let texts = [
        r#""""#,
        r#""x""#,
        r#""null""#,
        r#""\"]}\\""#,
        r#""\u00e9\n\/""#,
        r#""\ud83d\ude00""#,
        r#""größe 😀""#,
        r#""[{,:""#,
    ];
    let words = ["true", "false", "null"];
    let all = numbers.iter().chain(&texts).chain(&words);
    prop_oneof![
        3 => prop::sample::select(all.map(|text| (*text).to_owned()).collect::<Vec<_>>()),
        1 => any::<String>().prop_map(|text| serde_json::Value::from(text).to_string()),
        1 => any::<f64>().prop_map(|number| serde_json::Value::from(number).to_string()),
        1 => any::<i64>().prop_map(|number| number.to_string()),
    ]
}

/// Documents as texts: names may come twice, and white space may be anywhere.
fn document() -> impl Strategy<Value = String> {
    let space = || prop::sample::select(vec!["", "", "", " ", "\n\t", "\r "]);
    scalar().prop_recursive(6, 60, 5, move |inner| {
        let element = (space(), inner.clone(), space()).prop_map(|(a, v, b)| format!("{a}{v}{b}"));
        let member =
            (name(), space(), element.clone()).prop_map(|(n, s, v)| format!("{s}{n}{s}:{v}"));
        prop_oneof![
            prop::collection::vec(element, 0..5).prop_map(|all| format!("[{}]", all.join(","))),
            prop::collection::vec(member, 0..6).prop_map(|all| format!("{{{}}}", all.join(","))),
        ]
    })
}

fn any_path() -> impl Strategy<Value = String> {
    let turns = [
        ".a",
        ".b",
        "['c']",
        "[\"a b\"]",
        ".é",
        ".items",
        "['']",
        "[0]",
        "[1]",
        "[2]",
        "[-1]",
        "[-2]",
        "[*]",
        ".*",
        "[1:]",
        "..a",
        "['a','b']",
        "[?@.a]",
    ];
    // The last ones need the tree: seldom, or hardly any set would do without.
    let turn = prop_oneof![
        60 => prop::sample::select(turns[..14].to_vec()),
        1 => prop::sample::select(turns[14..].to_vec()),
    ];
    prop::collection::vec(turn, 0..4).prop_map(|turns| format!("${}", turns.concat()))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn both_ways_find_the_same(
        document in document(),
        texts in prop::collection::vec(any_path(), 1..5),
    ) {
        let bytes = document.as_bytes();
        prop_assert_eq!(streamed(&texts, bytes), by_tree(&texts, bytes));
    }

    #[test]
    fn a_damaged_document_is_none_or_finds_the_same(
        document in document(),
        texts in prop::collection::vec(any_path(), 1..4),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..3_u8), 1..4),
    ) {
        let mut bytes = document.into_bytes();
        for (at, byte, how) in damage {
            let at = at.index(bytes.len() + 1);
            match how {
                0 => bytes.truncate(at),
                1 => bytes.insert(at, byte),
                _ if at < bytes.len() => bytes[at] = byte,
                _ => {}
            }
        }
        let streamed = streamed(&texts, &bytes);
        match by_tree(&texts, &bytes) {
            Ok(found) => prop_assert_eq!(streamed, Ok(found)),
            // A mistake within what was passed over goes unseen; the message is the tree's.
            Err(why) => prop_assert!(streamed.is_ok() || streamed == Err(why)),
        }
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..60), text in any_path()) {
        let _ = streamed(&[text], &bytes);
    }
}
