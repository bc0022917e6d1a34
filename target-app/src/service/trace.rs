//! The trace that a request belongs to: read from its header, kept while it is served, and told in
//! logs and to the database. <https://www.w3.org/TR/trace-context/>

use http::HeaderMap;

tokio::task_local! {
    static CURRENT: Option<TraceId>;
}

/// A trace's id: 32 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TraceId([u8; 32]);

impl TraceId {
    /// That of a request's `traceparent`; none, where there is none or it is not valid.
    pub(crate) fn of(headers: &HeaderMap) -> Option<Self> {
        let value = headers.get("traceparent")?.to_str().ok()?;
        let mut parts = value.split('-');
        let (version, id) = (parts.next()?, parts.next()?);
        let (span, _flags) = (parts.next()?, parts.next()?);
        let is_hexadecimal = |text: &str| {
            let digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
            text.bytes().all(digit) && text.bytes().any(|byte| byte != b'0')
        };
        let valid = version.len() == 2 && version != "ff" && span.len() == 16;
        let id: [u8; 32] = id.as_bytes().try_into().ok()?;
        let this = Self(id);
        (valid && is_hexadecimal(this.as_str()) && is_hexadecimal(span)).then_some(this)
    }

    /// That of the request that this task serves.
    pub(crate) fn current() -> Option<Self> {
        CURRENT.try_with(|current| *current).ok().flatten()
    }

    /// As logs show it.
    pub(crate) fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

/// Does something as part of a trace.
pub(crate) async fn within<T>(trace: Option<TraceId>, work: impl Future<Output = T>) -> T {
    CURRENT.scope(trace, work).await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(value: &str) -> Option<String> {
        let mut headers = HeaderMap::new();
        headers.insert("traceparent", value.parse().unwrap());
        TraceId::of(&headers).map(|trace| trace.as_str().to_owned())
    }

    #[test]
    fn only_what_the_standard_allows_is_a_trace() {
        let id = "4bf92f3577b34da6a3ce929d0e0e4736";
        let valid = format!("00-{id}-00f067aa0ba902b7-01");
        assert_eq!(of(&valid).as_deref(), Some(id));
        // A later version may have more fields.
        assert_eq!(of(&format!("01{}-more", &valid[2..])).as_deref(), Some(id));
        for wrong in [
            String::new(),
            format!("ff{}", &valid[2..]),
            valid.to_uppercase(),
            format!("00-{}-00f067aa0ba902b7-01", "0".repeat(32)),
            format!("00-{id}-{}-01", "0".repeat(16)),
            format!("00-{id}'; drop-00f067aa0ba902b7-01"),
            format!("00-{id}-00f067aa0ba902b7"),
        ] {
            assert_eq!(of(&wrong), None, "{wrong}");
        }
    }

    #[tokio::test]
    async fn what_is_done_within_knows_it() {
        let trace = TraceId(*b"4bf92f3577b34da6a3ce929d0e0e4736");
        assert_eq!(TraceId::current(), None);
        let seen = within(Some(trace), async { TraceId::current() }).await;
        assert_eq!(seen, Some(trace));
    }
}
