//! What may be cached, and for how long. Pure.

use std::time::Duration;

use http::header::{
    AUTHORIZATION, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_RANGE, RANGE, SET_COOKIE,
    TRANSFER_ENCODING, VARY,
};
use http::{HeaderMap, HeaderName, Method, StatusCode};

use super::lifetime::Lifetime;
use super::question::Question;
use crate::edge::near::X_PREFER_ZONE;

/// An address that is longer is no address that many ask for.
const LONGEST_ADDRESS: usize = 1_024;
/// An answer that differs by more than this is as good as everybody's own.
const MOST_VARYING: usize = 4;

/// The question that a request asks, if its answer may be anybody's; else it goes past the cache.
pub(super) fn question(
    method: &Method,
    address: &str,
    headers: &HeaderMap,
    paths: &[String],
) -> Option<Question> {
    let path = address.split('?').next().unwrap_or_default();
    let listed = || paths.iter().any(|pattern| covers(pattern, path));
    // A body would be part of the question.
    let has_body = headers.contains_key(TRANSFER_ENCODING)
        || headers.get(CONTENT_LENGTH).is_some_and(|said| said != "0");
    let anybodys = *method == Method::GET
        && address.len() <= LONGEST_ADDRESS
        && !headers.contains_key(AUTHORIZATION)
        && !headers.contains_key(RANGE)
        // Who wants to know how a zone is wants that zone's answer.
        && !headers.contains_key(X_PREFER_ZONE)
        && !has_body
        && listed();
    anybodys.then(|| Question::new(address, headers))
}

/// `/assets/*` covers all that begins so, anything else only itself.
fn covers(pattern: &str, path: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(beginning) => path.starts_with(beginning),
        None => path == pattern,
    }
}

/// How long an answer may be kept, and which of the request's headers it depends on; none when it
/// may not be kept. Nothing is kept that does not say so itself.
pub(super) fn keep(status: StatusCode, headers: &HeaderMap) -> Option<(Lifetime, Vec<HeaderName>)> {
    if status != StatusCode::OK
        || headers.contains_key(SET_COOKIE)
        || headers.contains_key(CONTENT_RANGE)
    {
        return None;
    }
    let lifetime = lifetime(headers)?;
    Some((lifetime, varying(headers)?))
}

/// What `Cache-Control` allows a cache that many share.
fn lifetime(headers: &HeaderMap) -> Option<Lifetime> {
    let (mut shared, mut any, mut strict) = (None, None, false);
    let (mut while_revalidating, mut if_error) = (0, 0);
    for directive in values(headers, &CACHE_CONTROL) {
        let (name, value) = directive.split_once('=').unwrap_or((directive, ""));
        let seconds = value.trim().trim_matches('"').parse::<u64>();
        match name.trim().to_ascii_lowercase().as_str() {
            "private" | "no-store" | "no-cache" => return None,
            "must-revalidate" | "proxy-revalidate" => strict = true,
            // A number that is none means: at once too old.
            "s-maxage" => shared = Some(seconds.unwrap_or(0)),
            "max-age" => any = Some(seconds.unwrap_or(0)),
            "stale-while-revalidate" => while_revalidating = seconds.unwrap_or(0),
            "stale-if-error" => if_error = seconds.unwrap_or(0),
            _ => {}
        }
    }
    let fresh = shared.or(any)?;
    if strict {
        (while_revalidating, if_error) = (0, 0);
    }
    let lifetime = Lifetime {
        fresh: Duration::from_secs(fresh),
        while_revalidating: Duration::from_secs(while_revalidating),
        if_error: Duration::from_secs(if_error),
    };
    (fresh + while_revalidating + if_error > 0).then_some(lifetime)
}

/// The request's headers that an answer depends on; none when it depends on too much.
fn varying(headers: &HeaderMap) -> Option<Vec<HeaderName>> {
    // `*`, too, is no header's name.
    let names: Result<Vec<HeaderName>, _> = values(headers, &VARY)
        .map(|name| match name {
            "*" => "".parse(),
            name => name.parse(),
        })
        .collect();
    let mut names = names.ok()?;
    names.sort_by(|a, b| a.as_str().cmp(b.as_str()));
    names.dedup();
    (names.len() <= MOST_VARYING).then_some(names)
}

/// A header's values, separated by commas, over all its lines.
fn values<'a>(headers: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'a str> {
    let lines = headers.get_all(name).into_iter();
    lines
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(','))
        .map(str::trim)
        .filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn headers(list: &[(&'static str, &'static str)]) -> HeaderMap {
        let pair = |(name, value): &(&'static str, &'static str)| {
            let name = HeaderName::from_static(name);
            (name, HeaderValue::from_static(value))
        };
        list.iter().map(pair).collect()
    }

    fn kept(list: &[(&'static str, &'static str)]) -> Option<[u64; 3]> {
        let (lifetime, _) = keep(StatusCode::OK, &headers(list))?;
        let parts = [
            lifetime.fresh,
            lifetime.while_revalidating,
            lifetime.if_error,
        ];
        Some(parts.map(|part| part.as_secs()))
    }

    #[test]
    fn only_gets_of_listed_addresses_that_are_nobodys_own_are_questions() {
        let paths = ["/".to_owned(), "/assets/*".to_owned()];
        let asked = |method: &str, address: &str, list: &[(&'static str, &'static str)]| {
            let method = method.parse().unwrap();
            question(&method, address, &headers(list), &paths).is_some()
        };
        assert!(asked("GET", "/", &[]));
        assert!(asked("GET", "/?q=mug&page=2", &[("cookie", "a=b")]));
        assert!(asked("GET", "/assets/x.js", &[("content-length", "0")]));
        for (method, address) in [("POST", "/"), ("HEAD", "/"), ("GET", "/cart")] {
            assert!(!asked(method, address, &[]), "{method} {address}");
        }
        for own in [
            ("authorization", "Bearer x"),
            ("range", "bytes=0-1"),
            ("x-prefer-zone", "b"),
            ("content-length", "2"),
            ("transfer-encoding", "chunked"),
        ] {
            assert!(!asked("GET", "/", &[own]), "{own:?}");
        }
        assert!(!asked("GET", &format!("/?q={}", "x".repeat(2_000)), &[]));
    }

    #[test]
    fn an_answer_is_kept_as_long_as_it_says_and_shared_caches_have_a_word_of_their_own() {
        let control = |text| kept(&[("cache-control", text)]);
        assert_eq!(control("public, max-age=60"), Some([60, 0, 0]));
        assert_eq!(
            control("max-age=0, S-MaxAge=5, stale-while-revalidate=30, stale-if-error=300"),
            Some([5, 30, 300])
        );
        assert_eq!(control("max-age=\"7\""), Some([7, 0, 0]));
        assert_eq!(control("max-age=0, stale-if-error=9"), Some([0, 0, 9]));
        assert_eq!(
            control("max-age=9, must-revalidate, stale-if-error=9"),
            Some([9, 0, 0])
        );
    }

    #[test]
    fn what_does_not_say_so_or_is_somebodys_own_is_not_kept() {
        for never in [
            "private, max-age=60",
            "no-store",
            "no-cache, max-age=60",
            "public",
            "max-age=0",
            "max-age=soon",
        ] {
            assert_eq!(kept(&[("cache-control", never)]), None, "{never}");
        }
        assert_eq!(kept(&[]), None);
        let with = |extra| kept(&[("cache-control", "max-age=60"), extra]);
        assert_eq!(with(("set-cookie", "a=b")), None);
        assert_eq!(with(("content-range", "bytes 0-1/9")), None);
        let sixty = headers(&[("cache-control", "max-age=60")]);
        for status in [404, 206, 301, 503] {
            assert!(keep(StatusCode::from_u16(status).unwrap(), &sixty).is_none());
        }
    }

    #[test]
    fn an_answer_that_depends_on_anything_or_on_too_much_is_not_kept() {
        let vary = |text| {
            let list = [("cache-control", "max-age=60"), ("vary", text)];
            let (_, names) = keep(StatusCode::OK, &headers(&list))?;
            Some(names.iter().map(ToString::to_string).collect::<Vec<_>>())
        };
        assert_eq!(
            vary("Accept-Language, accept-encoding, Accept-Language").unwrap(),
            ["accept-encoding", "accept-language"]
        );
        assert_eq!(vary("*"), None);
        assert_eq!(vary("a, b, c, d, e"), None);
        assert_eq!(vary("not a name"), None);
    }
}
