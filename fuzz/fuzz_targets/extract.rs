//! Whatever an answer's body is: the pass over its bytes finds what a tree of it would, or the body
//! is none to the tree either, and never is there a panic.
//!
//! ```console
//! $ RUSTC_BOOTSTRAP=1 cargo fuzz run extract -- -max_total_time=600 -only_ascii=0
//! ```

#![no_main]

use libfuzzer_sys::fuzz_target;
use loadtest::scenario::extract::{Found, JsonPath, JsonPaths, Need};

fuzz_target!(|input: (Vec<u8>, &[u8])| {
    let (choice, document) = input;
    // Paths made of these turns, one byte each; zero begins another path.
    const TURNS: [&str; 12] = [
        ".a", ".b", "[0]", "[1]", "[-1]", "[-2]", "[*]", ".*", "['a b']", ".é", "['']", ".items",
    ];
    let paths: Vec<JsonPath> = choice
        .split(|&byte| byte == 0)
        .take(70)
        .filter_map(|turns| {
            let turns = turns.iter().take(6).map(|&turn| TURNS[usize::from(turn) % TURNS.len()]);
            JsonPath::parse(&format!("${}", turns.collect::<String>())).ok()
        })
        .collect();
    let count = paths.len();
    let set = JsonPaths::new(paths.into_iter().map(|path| (path, Need::Text)).collect());
    let texts = |found: &Found| -> Vec<Vec<String>> {
        let of = |path| found.texts(document, path).map(str::to_owned).collect();
        (0..count).map(of).collect()
    };
    let mut found = Found::default();
    let streamed = set.look(document, &mut found).map(|()| texts(&found));
    match set.look_in_tree(document, &mut found) {
        Ok(()) => assert_eq!(streamed, Ok(texts(&found))),
        // Mistakes within what no path needs go unseen.
        Err(why) => assert!(streamed.is_ok() || streamed == Err(why)),
    }
});
