//! The cookies of one iteration (RFC 6265, as far as one virtual user needs it).

use super::origin::Target;

/// Cookies that one iteration has been given.
#[derive(Debug, Default)]
pub(crate) struct Jar {
    cookies: Vec<Cookie>,
}

#[derive(Debug, PartialEq, Eq)]
struct Cookie {
    name: String,
    value: String,
    domain: String,
    /// Only the very host that set it.
    host_only: bool,
    path: String,
    secure: bool,
    /// Unix seconds; none: as long as the iteration.
    expires: Option<i64>,
}

impl Jar {
    pub(crate) fn clear(&mut self) {
        self.cookies.clear();
    }

    /// Takes one `Set-Cookie` value of an answer from `target`. `now` is Unix time, seconds.
    /// What is malformed or not the target's to set is ignored, as browsers do.
    pub(crate) fn store(&mut self, target: &Target, header: &[u8], now: i64) {
        let Some(cookie) = parse(target, &String::from_utf8_lossy(header), now) else {
            return;
        };
        self.cookies.retain(|old| {
            (&old.name, &old.domain, &old.path) != (&cookie.name, &cookie.domain, &cookie.path)
        });
        if cookie.expires.is_none_or(|expires| expires > now) {
            self.cookies.push(cookie);
        }
    }

    /// Appends the `Cookie` header line for a request to `target`, if any cookie belongs there.
    pub(crate) fn write_header(&self, target: &Target, now: i64, out: &mut Vec<u8>) {
        let mut separator: &[u8] = b"Cookie: ";
        for cookie in self.matching(target, now) {
            out.extend_from_slice(separator);
            out.extend_from_slice(cookie.name.as_bytes());
            out.push(b'=');
            out.extend_from_slice(cookie.value.as_bytes());
            separator = b"; ";
        }
        if separator == b"; " {
            out.extend_from_slice(b"\r\n");
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.cookies.is_empty()
    }

    fn matching(&self, target: &Target, now: i64) -> impl Iterator<Item = &Cookie> {
        let path = target.path.split('?').next().unwrap_or("/");
        let origin = &target.origin;
        self.cookies.iter().filter(move |cookie| {
            cookie.expires.is_none_or(|expires| expires > now)
                && (!cookie.secure || origin.secure)
                && path_matches(path, &cookie.path)
                && if cookie.host_only {
                    origin.host.eq_ignore_ascii_case(&cookie.domain)
                } else {
                    domain_matches(&origin.host, &cookie.domain)
                }
        })
    }
}

/// Name and value of a `Set-Cookie` header, for captures.
pub(crate) fn pair(header: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = memchr::memchr(b';', header).unwrap_or(header.len());
    let equals = memchr::memchr(b'=', &header[..end])?;
    let name = header[..equals].trim_ascii();
    (!name.is_empty()).then(|| (name, header[equals + 1..end].trim_ascii()))
}

fn parse(target: &Target, header: &str, now: i64) -> Option<Cookie> {
    let (name, value) = pair(header.as_bytes())?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let host = target.origin.host.to_ascii_lowercase();
    let mut cookie = Cookie {
        name: text(name),
        value: text(value),
        domain: host.clone(),
        host_only: true,
        path: default_path(&target.path),
        secure: false,
        expires: None,
    };
    let mut max_age = None;
    for attribute in header.split(';').skip(1) {
        let (key, value) = attribute.split_once('=').unwrap_or((attribute, ""));
        let value = value.trim();
        match key.trim().to_ascii_lowercase().as_str() {
            "domain" => {
                let domain = value.trim_start_matches('.').to_ascii_lowercase();
                if domain.is_empty() {
                    continue;
                }
                if !domain_matches(&host, &domain) {
                    return None;
                }
                cookie.host_only = false;
                cookie.domain = domain;
            }
            "path" if value.starts_with('/') => value.clone_into(&mut cookie.path),
            "secure" => cookie.secure = true,
            "max-age" => max_age = value.parse::<i64>().ok(),
            "expires" => cookie.expires = date(value).or(cookie.expires),
            _ => {}
        }
    }
    // Max-Age outranks Expires.
    if let Some(seconds) = max_age {
        cookie.expires = Some(now.saturating_add(seconds));
    }
    Some(cookie)
}

/// Unix seconds of an HTTP date, in the form of today or with the dashes of old servers.
fn date(text: &str) -> Option<i64> {
    let text = text.replace('-', " ").replace("GMT", "+0000");
    let zoned = jiff::fmt::rfc2822::parse(&text).ok()?;
    Some(zoned.timestamp().as_second())
}

/// The folder of the path that set the cookie.
fn default_path(path: &str) -> String {
    let path = path.split('?').next().unwrap_or("/");
    match path.rfind('/') {
        None | Some(0) => "/".to_owned(),
        Some(slash) => path[..slash].to_owned(),
    }
}

fn path_matches(path: &str, cookie: &str) -> bool {
    path.strip_prefix(cookie)
        .is_some_and(|rest| rest.is_empty() || cookie.ends_with('/') || rest.starts_with('/'))
}

fn domain_matches(host: &str, domain: &str) -> bool {
    let host = host.to_ascii_lowercase();
    host == domain
        || host
            .strip_suffix(domain)
            .is_some_and(|rest| rest.ends_with('.') && host.parse::<std::net::IpAddr>().is_err())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_700_000_000;

    fn sent(from: &str, headers: &[&str], to: &str) -> String {
        let mut jar = Jar::default();
        for header in headers {
            jar.store(&Target::parse(from).unwrap(), header.as_bytes(), NOW);
        }
        let mut out = Vec::new();
        jar.write_header(&Target::parse(to).unwrap(), NOW, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_cookie_comes_back_and_a_second_one_joins_it() {
        let headers = ["sid=abc; HttpOnly; Path=/", "lang=de; Path=/"];
        assert_eq!(
            sent("http://a.example/login", &headers, "http://a.example/x?y"),
            "Cookie: sid=abc; lang=de\r\n"
        );
        let headers = ["sid=abc; Path=/", "sid=new; Path=/"];
        assert_eq!(
            sent("http://a.example/", &headers, "http://a.example/"),
            "Cookie: sid=new\r\n"
        );
    }

    #[test]
    fn domains_paths_and_secure_limit_it() {
        let host = ["a=1"];
        assert_eq!(sent("http://a.example/", &host, "http://b.a.example/"), "");
        let wide = ["a=1; Domain=.a.example"];
        assert_ne!(sent("http://a.example/", &wide, "http://b.a.example/"), "");
        let foreign = ["a=1; Domain=other.example"];
        assert_eq!(
            sent("http://a.example/", &foreign, "http://other.example/"),
            ""
        );
        let path = ["a=1; Path=/shop"];
        assert_ne!(
            sent("http://a.example/", &path, "http://a.example/shop/x"),
            ""
        );
        assert_eq!(
            sent("http://a.example/", &path, "http://a.example/shopping"),
            ""
        );
        let secure = ["a=1; Secure"];
        assert_eq!(sent("https://a.example/", &secure, "http://a.example/"), "");
        let folder = ["a=1"];
        assert_eq!(
            sent("http://a.example/x/y", &folder, "http://a.example/z"),
            ""
        );
    }

    #[test]
    fn expiry_deletes() {
        let at = "http://a.example/";
        assert_eq!(sent(at, &["a=1", "a=; Max-Age=0"], at), "");
        let past = ["a=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT"];
        assert_eq!(sent(at, &past, at), "");
        let old_form = ["a=1; Expires=Thu, 01-Jan-1970 00:00:00 GMT"];
        assert_eq!(sent(at, &old_form, at), "");
        let future = ["a=1; Expires=Fri, 01 Jan 2100 00:00:00 GMT"];
        assert_eq!(sent(at, &future, at), "Cookie: a=1\r\n");
        let outranked = ["a=1; Max-Age=60; Expires=Thu, 01 Jan 1970 00:00:00 GMT"];
        assert_eq!(sent(at, &outranked, at), "Cookie: a=1\r\n");
    }

    #[test]
    fn nonsense_is_ignored() {
        let at = "http://a.example/";
        assert_eq!(sent(at, &["novalue", "=x", ""], at), "");
    }
}
