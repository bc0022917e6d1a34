//! What is asked of the cache: an address, and what else the answer may depend on.

use http::header::{
    ACCEPT_ENCODING, COOKIE, IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_UNMODIFIED_SINCE,
};
use http::{HeaderMap, HeaderName, HeaderValue};

/// A question that many may ask.
#[derive(Debug, Clone)]
pub(super) struct Question {
    /// Path and query. Every host is the shop, so it is no part of the question.
    pub(super) address: String,
    /// As the client sent them.
    pub(super) headers: HeaderMap,
}

impl Question {
    pub(super) fn new(address: &str, headers: &HeaderMap) -> Self {
        Self {
            address: address.to_owned(),
            headers: headers.clone(),
        }
    }

    /// What an answer that depends on these headers is kept under. Begins with the address, so that
    /// a purge by path finds it.
    pub(super) fn key(&self, varying: &[HeaderName]) -> String {
        let mut key = self.address.clone();
        for name in varying {
            // A line end is in no address and in no header.
            key.push('\n');
            key.push_str(name.as_str());
            key.push(':');
            if *name == ACCEPT_ENCODING {
                key.push_str(encodings(&self.headers));
            } else {
                for value in self.headers.get_all(name) {
                    key.push_str(&String::from_utf8_lossy(value.as_bytes()));
                    key.push(',');
                }
            }
        }
        key
    }

    /// The headers to ask a target with. Without what would make the answer this client's own:
    /// conditions are judged here, and what is for everybody must not depend on a cookie.
    pub(super) fn headers_for_all(&self) -> HeaderMap {
        let mut headers = self.headers.clone();
        for own in [
            IF_NONE_MATCH,
            IF_MODIFIED_SINCE,
            IF_MATCH,
            IF_UNMODIFIED_SINCE,
            COOKIE,
        ] {
            headers.remove(own);
        }
        headers
    }

    /// Whether the client has an answer with this tag already.
    pub(super) fn has(&self, tag: &HeaderValue) -> bool {
        let plain = |text: &str| text.trim().trim_start_matches("W/").to_owned();
        let Ok(tag) = tag.to_str().map(plain) else {
            return false;
        };
        let lines = self.headers.get_all(IF_NONE_MATCH).into_iter();
        lines
            .filter_map(|line| line.to_str().ok())
            .flat_map(|line| line.split(','))
            .any(|known| known.trim() == "*" || plain(known) == tag)
    }
}

/// Browsers word the same abilities in many ways: what matters is which of the two they have.
fn encodings(headers: &HeaderMap) -> &'static str {
    let lines = headers.get_all(ACCEPT_ENCODING).into_iter();
    let (mut brotli, mut gzip) = (false, false);
    for offer in lines
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(','))
    {
        let (name, weight) = offer.split_once(';').unwrap_or((offer, "q=1"));
        let refused = weight
            .trim()
            .strip_prefix("q=")
            .and_then(|weight| weight.parse::<f32>().ok())
            .is_some_and(|weight| weight <= 0.0);
        match name.trim().to_ascii_lowercase().as_str() {
            "br" => brotli = !refused,
            "gzip" => gzip = !refused,
            _ => {}
        }
    }
    match (brotli, gzip) {
        (true, true) => "br+gzip",
        (true, false) => "br",
        (false, true) => "gzip",
        (false, false) => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asking(list: &[(HeaderName, &'static str)]) -> Question {
        let pair = |(name, value): &(HeaderName, &'static str)| {
            (name.clone(), HeaderValue::from_static(value))
        };
        Question::new("/a?b=c", &list.iter().map(pair).collect())
    }

    #[test]
    fn the_same_abilities_in_other_words_are_the_same_question() {
        let key = |text| asking(&[(ACCEPT_ENCODING, text)]).key(&[ACCEPT_ENCODING]);
        assert_eq!(key("gzip, deflate, br"), key("br;q=1.0, GZIP;q=0.5"));
        assert_eq!(key("br;q=0, gzip"), key("gzip"));
        assert_ne!(key("gzip"), key("br"));
        assert!(key("gzip").starts_with("/a?b=c\n"));
    }

    #[test]
    fn what_an_answer_does_not_depend_on_is_no_part_of_the_question() {
        let (german, english) = (HeaderName::from_static("accept-language"), "en");
        let of = |text| asking(&[(german.clone(), text)]);
        assert_eq!(of("de").key(&[]), of(english).key(&[]));
        let varying = [german.clone()];
        assert_ne!(of("de").key(&varying), of(english).key(&varying));
    }

    #[test]
    fn conditions_and_cookies_stay_here() {
        let question = asking(&[(IF_NONE_MATCH, "W/\"1\", \"2\""), (COOKIE, "a=b")]);
        assert!(question.headers_for_all().is_empty());
        let has = |tag| question.has(&HeaderValue::from_static(tag));
        assert!(has("\"1\"") && has("W/\"2\"") && !has("\"3\""));
    }
}
