//! Takes secrets out of what is kept or shown. Pure.

use std::sync::LazyLock;

use regex::Regex;

/// Stands for what was taken out.
const HIDDEN: &str = "•••";

/// A key that names a secret, then its literal value. A value that is only filled in from
/// elsewhere (`${…}`) is no secret itself and is kept, because it explains the scenario.
static ASSIGNED: LazyLock<Regex> = LazyLock::new(|| {
    let keys = r"authorization|proxy-authorization|cookie|pass(?:word|wd)?|secret|token|api[-_]?key|access[-_]?key|private[-_]?key|client[-_]?secret";
    let value = r#""(?P<double>(?:[^"\\\n]|\\.)*)"|'(?P<single>[^'\n]*)'"#;
    Regex::new(&format!(
        r#"(?i)(?P<key>[\w.-]*(?:{keys})[\w.-]*["']?\s*[=:]\s*)(?:{value})"#
    ))
    .expect("a valid expression")
});

/// `--set http.headers.Authorization=…`, without quotes up to the end.
static BARE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)^(?P<key>(?:--set[= ])?[\w.-]*(?:authorization|cookie|password|passwd|secret|token|api[-_]?key|access[-_]?key)[\w.-]*=)(?P<value>[^=].*)$")
        .expect("a valid expression")
});

/// `https://user:password@host`
static IN_URL: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r#"(?P<scheme>\w+://)[^/@\s"']+@"#).expect("a valid expression"));

/// A text with every literal secret replaced.
#[must_use]
pub fn text(text: &str) -> String {
    let without = ASSIGNED.replace_all(text, |found: &regex::Captures<'_>| {
        let (quote, value) = match (found.name("double"), found.name("single")) {
            (Some(value), _) => ('"', value.as_str()),
            (_, Some(value)) => ('\'', value.as_str()),
            _ => ('"', ""),
        };
        let kept = is_only_filled_in(value) || matches!(value, "present" | "absent" | "");
        let value = if kept { value } else { HIDDEN };
        format!("{}{quote}{value}{quote}", &found["key"])
    });
    IN_URL
        .replace_all(&without, format!("${{scheme}}{HIDDEN}@"))
        .into_owned()
}

/// One argument of a command line with its secret replaced.
#[must_use]
pub fn argument(argument: &str) -> String {
    match BARE.captures(argument) {
        Some(found) if !is_only_filled_in(&found["value"]) => {
            format!("{}{HIDDEN}", &found["key"])
        }
        _ => text(argument),
    }
}

/// `Bearer ${token}` and the like: a scheme and what comes from a variable; or a JSON path.
fn is_only_filled_in(value: &str) -> bool {
    value.starts_with("$.")
        || value.contains("${")
            && value
                .split("${")
                .map(|part| part.split_once('}').map_or(part, |(_, after)| after))
                .all(|literal| matches!(literal.trim(), "" | "Bearer" | "Basic" | "Token"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literal_secrets_are_taken_out() {
        let given = r#"headers = { Authorization = "Bearer abc", X-Api-Key = 'k' }
json = { email = "a@b.c", password = "hunter2" }
base_url = "https://user:pw@shop.example/x""#;
        let kept = r#"headers = { Authorization = "•••", X-Api-Key = '•••' }
json = { email = "a@b.c", password = "•••" }
base_url = "https://•••@shop.example/x""#;
        assert_eq!(text(given), kept);
    }

    #[test]
    fn what_is_filled_in_from_elsewhere_is_kept() {
        for line in [
            r#"headers = { Authorization = "Bearer ${token}" }"#,
            r#"json = { password = "${customers.password}" }"#,
            r#"capture = { token = "$.token" }"#,
            r#"expect = { json = { "$.token" = "present" } }"#,
        ] {
            assert_eq!(text(line), line);
        }
        assert_eq!(text(r#"password = "x${env.PASS}""#), r#"password = "•••""#);
    }

    #[test]
    fn arguments_are_redacted_to_their_end() {
        assert_eq!(
            argument("http.headers.Authorization=Bearer x y"),
            "http.headers.Authorization=•••"
        );
        assert_eq!(
            argument("guard.healthy_before=2s"),
            "guard.healthy_before=2s"
        );
    }
}
