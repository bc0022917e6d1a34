//! Where a redirect leads and what is sent there.

use reqwest::Url;

use super::origin::Target;

/// Redirects followed in one step.
pub(crate) const MAX_REDIRECTS: usize = 10;

/// The next request of a redirected step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Redirect {
    pub(crate) target: Target,
    /// The method becomes GET and the body is dropped.
    pub(crate) as_get: bool,
}

/// Whether an answer redirects, and how (RFC 9110, section 15.4).
///
/// # Errors
/// Why its location leads nowhere, in words.
pub(crate) fn redirect(
    from: &Target,
    method: &str,
    status: u16,
    location: Option<&[u8]>,
) -> Result<Option<Redirect>, String> {
    let as_get = match status {
        // Every browser turns a POST into a GET here.
        301 | 302 => method == "POST",
        303 => method != "HEAD",
        307 | 308 => false,
        _ => return Ok(None),
    };
    let Some(location) = location else {
        return Ok(None);
    };
    let location = String::from_utf8_lossy(location);
    let base = Url::parse(&format!("{}{}", from.origin.base(), from.path));
    let mut target = base
        .and_then(|base| base.join(&location))
        .map_err(|error| error.to_string())
        .and_then(|url| Target::of(&url))
        .map_err(|why| format!("redirected to `{location}`, which is no target: {why}"))?;
    if target.origin.base() == from.origin.base() {
        // Whoever stays stays on the same socket.
        target.origin = from.origin.clone();
    }
    Ok(Some(Redirect { target, as_get }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from() -> Target {
        Target::parse("http://shop.example:8080/a/b?c=1").unwrap()
    }

    fn to(method: &str, status: u16, location: &str) -> Option<(String, bool)> {
        redirect(&from(), method, status, Some(location.as_bytes()))
            .unwrap()
            .map(|next| {
                let url = format!("{}{}", next.target.origin.url(), next.target.path);
                (url, next.as_get)
            })
    }

    #[test]
    fn locations_are_relative_to_the_request() {
        assert_eq!(
            to("GET", 302, "x?y=1").unwrap().0,
            "http://shop.example:8080/a/x?y=1"
        );
        assert_eq!(
            to("GET", 302, "/z").unwrap().0,
            "http://shop.example:8080/z"
        );
        assert_eq!(
            to("GET", 302, "https://else.example").unwrap().0,
            "https://else.example/"
        );
    }

    #[test]
    fn a_redirect_to_itself_stays_on_its_unix_socket() {
        let from = Target::parse("unix:/run/app.sock").unwrap();
        let next = redirect(&from, "GET", 302, Some(b"/x")).unwrap().unwrap();
        assert_eq!(next.target.origin, from.origin);
        let away = redirect(&from, "GET", 302, Some(b"http://else.example/"));
        assert_eq!(away.unwrap().unwrap().target.origin.socket, None);
    }

    #[test]
    fn the_method_follows_the_status() {
        assert!(to("POST", 301, "/").unwrap().1);
        assert!(to("POST", 302, "/").unwrap().1);
        assert!(!to("PUT", 302, "/").unwrap().1);
        assert!(to("PUT", 303, "/").unwrap().1);
        assert!(!to("POST", 307, "/").unwrap().1);
        assert!(!to("POST", 308, "/").unwrap().1);
        assert!(to("GET", 304, "/").is_none());
    }

    #[test]
    fn a_redirect_without_or_with_a_bad_location() {
        assert_eq!(redirect(&from(), "GET", 302, None), Ok(None));
        assert!(redirect(&from(), "GET", 302, Some(b"ftp://x/")).is_err());
    }
}
