//! Error samples for people, without what must stay secret.

use std::sync::LazyLock;

/// Longest message of an error sample, characters.
const LONGEST: usize = 300;
/// How much of an answer's body a message shows at most, bytes.
const SNIPPET: usize = 200;
/// Shorter values are no secrets worth searching for: they would blank out ordinary words.
const SHORTEST_SECRET: usize = 6;

/// Values of fields that are called like a secret, in JSON, forms and headers.
static NAMED_SECRETS: LazyLock<regex::Regex> = LazyLock::new(|| {
    let names = "token|secret|passw|credential|authori[sz]ation|api[-_]?key|session|cookie|jwt";
    let pattern = format!(
        r#"(?i)("?[\w-]*(?:{names})[\w-]*"?\s*[:=]\s*)(?:"(?:[^"\\]|\\.)*"?|(?:(?:bearer|basic)\s+)?[^\s,;&}}"]+)"#
    );
    regex::Regex::new(&pattern).expect("a constant pattern")
});

/// The message of a failure, with the beginning of the answer's body where that helps.
///
/// `head` is the request's, whose credentials are looked for and blanked.
pub(crate) fn message(what: &str, body: Option<&[u8]>, head: &[u8]) -> String {
    let mut message = what.to_owned();
    if let Some(body) = body.filter(|body| !body.is_empty()) {
        let start = String::from_utf8_lossy(&body[..body.len().min(SNIPPET)]);
        let line: Vec<&str> = start.split_whitespace().collect();
        message.push_str(": ");
        message.push_str(&line.join(" "));
    }
    for secret in secrets(head) {
        message = message.replace(secret, "***");
    }
    let clean = NAMED_SECRETS.replace_all(&message, "${1}***");
    if clean.chars().count() <= LONGEST {
        return clean.into_owned();
    }
    let mut cut: String = clean.chars().take(LONGEST - 1).collect();
    cut.push('…');
    cut
}

/// `METHOD path` with the names of a query's parameters and without their values.
pub(crate) fn request(method: &str, path: &[u8]) -> String {
    let path = String::from_utf8_lossy(path);
    let Some((path, query)) = path.split_once('?') else {
        return format!("{method} {path}");
    };
    let names: Vec<&str> = query
        .split('&')
        .map(|pair| pair.split('=').next().unwrap_or(""))
        .collect();
    format!("{method} {path}?{}", names.join("&"))
}

/// Values of header lines that carry credentials, and their parts.
fn secrets(head: &[u8]) -> Vec<&str> {
    let Ok(head) = std::str::from_utf8(head) else {
        return Vec::new();
    };
    let mut secrets: Vec<&str> = head
        .lines()
        .skip(1)
        .filter_map(|line| line.split_once(':'))
        .filter(|(name, _)| {
            let name = name.to_ascii_lowercase();
            ["auth", "cookie", "token", "key", "secret"]
                .iter()
                .any(|word| name.contains(word))
        })
        .flat_map(|(_, value)| value.split([' ', ';', ',', '=']))
        .filter(|part| part.len() >= SHORTEST_SECRET)
        .collect();
    // The longest first, so that no part of one is left standing.
    secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
    secrets
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_of_the_request_never_come_back() {
        let head =
            b"GET / HTTP/1.1\r\nAuthorization: Bearer abc123def456\r\nCookie: sid=s3cr3tvalue\r\n";
        let text = message(
            "got 401",
            Some(b"bad credential abc123def456 for s3cr3tvalue"),
            head,
        );
        assert!(!text.contains("abc123def456"), "{text}");
        assert!(!text.contains("s3cr3tvalue"), "{text}");
        assert!(text.starts_with("got 401: bad"), "{text}");
    }

    #[test]
    fn fields_called_like_secrets_are_blanked() {
        let body = br#"{"access_token": "eyJh.bGci", "user":"ann", "password" : "x\"y", "n": 1}"#;
        let text = message("oops", Some(body), b"");
        assert_eq!(
            text,
            r#"oops: {"access_token": ***, "user":"ann", "password" : ***, "n": 1}"#
        );
        let form = message("oops", Some(b"a=1&api_key=zzz&b=2"), b"");
        assert_eq!(form, "oops: a=1&api_key=***&b=2");
        let header = message("Authorization: Bearer xyz was refused", None, b"");
        assert_eq!(header, "Authorization: *** was refused");
    }

    #[test]
    fn messages_stay_short_and_queries_lose_their_values() {
        assert_eq!(
            message(&"x".repeat(900), None, b"").chars().count(),
            LONGEST
        );
        assert_eq!(
            request("GET", b"/a?email=ann@example.org&page=2"),
            "GET /a?email&page"
        );
        assert_eq!(request("GET", b"/a"), "GET /a");
    }
}
