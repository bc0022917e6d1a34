//! `[http] proxy`: what every request goes through.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::Url;

use crate::scenario::model::Proxy;
use crate::scenario::read::headers::read_template;
use crate::scenario::syntax::{Log, Node};
use crate::scenario::template::{Bindings, Escape};

/// Reads the proxy's URL. Nothing of it is repeated in messages: it may hold a password.
pub(super) fn read_proxy(log: &Log, node: &Node, bindings: &mut Bindings<'_>) -> Option<Proxy> {
    const FOR_ALL: &str = "the proxy is the same for everyone: only ${env.NAME} may be used";
    bindings.no_variables = Some(FOR_ALL);
    let template = read_template(log, node, Escape::Url, bindings);
    bindings.no_variables = None;
    let template = template?;
    let Some(url) = template.as_literal() else {
        log.error(node.at, FOR_ALL);
        return None;
    };
    match parse(url) {
        Ok(proxy) if proxy.authorization.is_some() && !template.is_secret() => {
            let message = "a password written here would be kept with the scenario";
            let help =
                "take it from the environment: \"http://user:${env.PROXY_PASSWORD}@host:port\"";
            log.error_help(node.at, message, help);
            None
        }
        Ok(proxy) => Some(proxy),
        Err(message) => {
            log.error_help(node.at, message, "such as \"http://proxy.example:3128\"");
            None
        }
    }
}

fn parse(text: &str) -> Result<Proxy, &'static str> {
    let url = Url::parse(text).map_err(|_| "a proxy is a URL")?;
    if url.scheme() != "http" {
        return Err("only HTTP proxies are supported: the URL begins with http://");
    }
    if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
        return Err("a proxy is scheme, host and port: nothing follows them");
    }
    let host = url.host_str().ok_or("the proxy has no host")?;
    let authorization = if url.username().is_empty() && url.password().is_none() {
        None
    } else {
        let mut credentials = decoded(url.username());
        credentials.push(b':');
        credentials.extend(decoded(url.password().unwrap_or("")));
        Some(format!("Basic {}", STANDARD.encode(credentials)).into())
    };
    Ok(Proxy {
        host: host.trim_matches(['[', ']']).to_owned(),
        // Without a port, the port of http: 80.
        port: url.port_or_known_default().unwrap_or(80),
        authorization,
    })
}

/// `%40` becomes `@`.
fn decoded(text: &str) -> Vec<u8> {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let escaped = (bytes[at] == b'%')
            .then(|| text.get(at + 1..at + 3))
            .flatten()
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        out.push(escaped.unwrap_or(bytes[at]));
        at += if escaped.is_some() { 3 } else { 1 };
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_is_host_port_and_perhaps_a_login() {
        let proxy = parse("http://proxy.example").unwrap();
        assert_eq!((proxy.host.as_str(), proxy.port), ("proxy.example", 80));
        assert_eq!(proxy.authorization, None);
        let proxy = parse("http://ada:p%40ss@[::1]:3128").unwrap();
        assert_eq!((proxy.host.as_str(), proxy.port), ("::1", 3128));
        // `ada:p@ss`
        assert_eq!(proxy.authorization.as_deref(), Some("Basic YWRhOnBAc3M="));
        assert!(!format!("{proxy:?}").contains("YWRh"));
    }

    #[test]
    fn what_is_no_http_proxy_is_refused() {
        for wrong in [
            "proxy.example:3128",
            "socks5://p:1",
            "https://p",
            "http://p/x",
        ] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
