//! Error samples for people, without what must stay secret.

use std::sync::LazyLock;

use super::check::Fault;
use super::program::Secrets;
use crate::measure::outcome::ErrorKind;
use crate::scenario::Step;

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
/// `head` is the request's, whose credentials are looked for and blanked. Where the step sends
/// values of the environment the answer is not quoted at all: it may repeat them in any form.
pub(crate) fn message(fault: &Fault, body: Option<&[u8]>, head: &[u8], secrets: Secrets) -> String {
    let compares = matches!(fault.kind, ErrorKind::Expectation | ErrorKind::Capture);
    if compares && (secrets.expected || secrets.sent) {
        return "an expectation does not hold; the step holds secrets, so no more is told".into();
    }
    let mut message = fault.message.clone();
    if let Some(body) = body.filter(|body| !body.is_empty() && !secrets.sent) {
        let start = String::from_utf8_lossy(&body[..body.len().min(SNIPPET)]);
        let line: Vec<&str> = start.split_whitespace().collect();
        message.push_str(": ");
        message.push_str(&line.join(" "));
    }
    for secret in credentials(head) {
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

/// `METHOD path` with the names of a query's parameters and without their values. A path that
/// holds values of the environment is shown as it was written.
pub(crate) fn request(step: &Step, path: &[u8]) -> String {
    let method = &step.method;
    let path = if step.url.is_secret() {
        step.url.source().into()
    } else {
        String::from_utf8_lossy(path)
    };
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
fn credentials(head: &[u8]) -> Vec<&str> {
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

    fn told(what: &str, body: Option<&[u8]>, head: &[u8]) -> String {
        let fault = Fault::new(ErrorKind::Status, what);
        message(&fault, body, head, Secrets::default())
    }

    #[test]
    fn credentials_of_the_request_never_come_back() {
        let head =
            b"GET / HTTP/1.1\r\nAuthorization: Bearer abc123def456\r\nCookie: sid=s3cr3tvalue\r\n";
        let body = b"bad credential abc123def456 for s3cr3tvalue";
        let text = told("got 401", Some(body), head);
        assert!(!text.contains("abc123def456"), "{text}");
        assert!(!text.contains("s3cr3tvalue"), "{text}");
        assert!(text.starts_with("got 401: bad"), "{text}");
    }

    #[test]
    fn answers_to_secrets_are_not_quoted() {
        let secrets = Secrets {
            sent: true,
            expected: false,
        };
        let status = Fault::new(ErrorKind::Status, "got 500");
        let text = message(&status, Some(b"hunter2 is wrong"), b"", secrets);
        assert_eq!(text, "got 500");
        let unmet = Fault::new(ErrorKind::Expectation, "expected `hunter2`");
        assert!(!message(&unmet, None, b"", secrets).contains("hunter2"));
    }

    #[test]
    fn fields_called_like_secrets_are_blanked() {
        let body = br#"{"access_token": "eyJh.bGci", "user":"ann", "password" : "x\"y", "n": 1}"#;
        assert_eq!(
            told("oops", Some(body), b""),
            r#"oops: {"access_token": ***, "user":"ann", "password" : ***, "n": 1}"#
        );
        let form = told("oops", Some(b"a=1&api_key=zzz&b=2"), b"");
        assert_eq!(form, "oops: a=1&api_key=***&b=2");
        let header = told("Authorization: Bearer xyz was refused", None, b"");
        assert_eq!(header, "Authorization: *** was refused");
    }

    #[test]
    fn messages_stay_short() {
        let text = told(&"x".repeat(900), None, b"");
        assert_eq!(text.chars().count(), LONGEST);
    }
}
