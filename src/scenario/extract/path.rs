//! One JSON path, and the form of it that can be followed while bytes pass by.

use std::fmt;

/// A compiled JSON path.
#[derive(Clone)]
pub struct JsonPath {
    path: serde_json_path::JsonPath,
    text: String,
    route: Option<Route>,
}

/// A path that leads from the root down by one selector per level.
pub(super) type Route = Vec<Turn>;

/// One level of a route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Turn {
    /// The member of an object.
    Name(String),
    /// The element of an array, from its beginning.
    Index(usize),
    /// The element of an array, from its end: 1 is the last.
    FromEnd(usize),
    /// Every element of an array, or every member of an object.
    Every,
}

impl JsonPath {
    /// Compiles it.
    ///
    /// # Errors
    /// What is wrong with the path, in words.
    pub fn parse(text: &str) -> Result<Self, String> {
        match serde_json_path::JsonPath::parse(text) {
            Ok(path) => Ok(Self {
                path,
                text: text.to_owned(),
                route: route(text),
            }),
            Err(error) => Err(error.to_string()),
        }
    }

    /// Everything it selects: elements of arrays in their order, members of objects by name.
    #[must_use]
    pub fn query<'v>(&self, document: &'v serde_json::Value) -> Vec<&'v serde_json::Value> {
        self.path.query(document).all()
    }

    /// As written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// How to follow it without a tree. None where that takes one: filters, slices, descendants
    /// (`..`), several selectors in one bracket.
    pub(super) fn route(&self) -> Option<&Route> {
        self.route.as_ref()
    }
}

impl fmt::Debug for JsonPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "JsonPath({})", self.text)
    }
}

/// Reads `$`, `.name`, `['name']`, `[2]`, `[-1]`, `[*]` and `.*`. The text is known to be a path;
/// whatever is written in any other way is left to the library.
fn route(text: &str) -> Option<Route> {
    let mut rest = text.strip_prefix('$')?;
    let mut route = Vec::new();
    while !rest.is_empty() {
        let (turn, after) = match rest.strip_prefix('.') {
            Some(dotted) => member(dotted)?,
            None => bracket(rest.strip_prefix('[')?)?,
        };
        route.push(turn);
        rest = after;
    }
    Some(route)
}

/// What follows a dot.
fn member(dotted: &str) -> Option<(Turn, &str)> {
    if let Some(after) = dotted.strip_prefix('*') {
        return Some((Turn::Every, after));
    }
    let end = dotted.find(['.', '[']).unwrap_or(dotted.len());
    let (name, after) = dotted.split_at(end);
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || !c.is_ascii();
    let plain = !name.is_empty() && name.chars().all(plain);
    plain.then(|| (Turn::Name(name.to_owned()), after))
}

/// What follows an opening bracket.
fn bracket(inside: &str) -> Option<(Turn, &str)> {
    let quote = inside.chars().next().filter(|c| matches!(c, '\'' | '"'));
    if let Some(quote) = quote {
        let (name, after) = inside[1..].split_once(quote)?;
        let plain = |c: char| c != '\\' && !c.is_control();
        let after = after.strip_prefix(']')?;
        return name
            .chars()
            .all(plain)
            .then(|| (Turn::Name(name.to_owned()), after));
    }
    let (selector, after) = inside.split_once(']')?;
    let digits = |text: &str| -> Option<usize> {
        let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        plain.then(|| text.parse().ok()).flatten()
    };
    let turn = match (selector, selector.strip_prefix('-')) {
        ("*", _) => Turn::Every,
        (_, Some(back)) => Turn::FromEnd(digits(back)?),
        (forward, None) => Turn::Index(digits(forward)?),
    };
    Some((turn, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn followed(text: &str) -> Option<Route> {
        JsonPath::parse(text)
            .unwrap_or_else(|why| panic!("{text}: {why}"))
            .route
    }

    #[test]
    fn ordinary_paths_become_routes() {
        let name = |text: &str| Turn::Name(text.to_owned());
        assert_eq!(followed("$"), Some(vec![]));
        assert_eq!(
            followed("$.items[0]['the name'][-2].*"),
            Some(vec![
                name("items"),
                Turn::Index(0),
                name("the name"),
                Turn::FromEnd(2),
                Turn::Every
            ])
        );
        assert_eq!(
            followed("$[*].größe"),
            Some(vec![Turn::Every, name("größe")])
        );
        assert_eq!(followed(r#"$["a.b[0]"]"#), Some(vec![name("a.b[0]")]));
    }

    #[test]
    fn what_needs_a_tree_is_left_to_it() {
        for text in [
            "$..id",
            "$.items[1:3]",
            "$.items[?@.price < 10].id",
            "$['a','b']",
            "$[0, 1]",
            r"$['it\'s']",
            r"$['\u00e9']",
            "$[ 0 ]",
            "$ .a",
        ] {
            assert_eq!(followed(text), None, "{text}");
        }
    }
}
