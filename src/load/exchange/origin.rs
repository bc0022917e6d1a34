//! Where a request goes: scheme, host and port, and what follows them.

use std::path::Path;
use std::sync::Arc;

use reqwest::Url;

/// Scheme, host and port, or a socket of this machine.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Origin {
    pub(crate) secure: bool,
    /// Without the brackets of an IPv6 address.
    pub(crate) host: String,
    pub(crate) port: u16,
    /// The Unix socket that is connected to instead; host and port are then for appearances.
    pub(crate) socket: Option<Arc<Path>>,
}

impl Origin {
    /// What listens on a Unix socket. It is called `localhost`, as everyone does.
    fn local(socket: &str) -> Self {
        Self {
            secure: false,
            host: "localhost".to_owned(),
            port: 80,
            socket: Some(Arc::from(Path::new(socket))),
        }
    }

    /// The origin of an absolute `http` or `https` URL.
    ///
    /// # Errors
    /// Why it has none, in words.
    pub(crate) fn of(url: &Url) -> Result<Self, String> {
        let secure = match url.scheme() {
            "http" => false,
            "https" => true,
            other => {
                return Err(format!(
                    "the scheme is `{other}`, only http and https are supported"
                ));
            }
        };
        let host = url.host_str().ok_or("it names no host")?;
        let port = url.port_or_known_default().ok_or("it names no port")?;
        Ok(Self {
            secure,
            host: host.trim_matches(['[', ']']).to_owned(),
            port,
            socket: None,
        })
    }

    /// As the `Host` header says it: the port only where it is not the scheme's own.
    pub(crate) fn authority(&self) -> String {
        let host = self.bracketed();
        match (self.secure, self.port) {
            (false, 80) | (true, 443) => host,
            _ => format!("{host}:{}", self.port),
        }
    }

    /// As people write it: `http://host:port`, `unix:/run/app.sock`.
    pub(crate) fn url(&self) -> String {
        match &self.socket {
            Some(socket) => format!("unix:{}", socket.display()),
            None => self.base(),
        }
    }

    /// What relative URLs are relative to.
    pub(crate) fn base(&self) -> String {
        let scheme = if self.secure { "https" } else { "http" };
        format!("{scheme}://{}", self.authority())
    }

    /// As a proxy's tunnel names it: always with its port.
    pub(crate) fn place(&self) -> String {
        format!("{}:{}", self.bracketed(), self.port)
    }

    fn bracketed(&self) -> String {
        if self.host.contains(':') {
            format!("[{}]", self.host)
        } else {
            self.host.clone()
        }
    }
}

/// An absolute URL taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) origin: Origin,
    /// Path and query, beginning with `/`.
    pub(crate) path: String,
}

impl Target {
    /// # Errors
    /// What is wrong with it, in words.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        if let Some(socket) = text.strip_prefix("unix:") {
            return Ok(Self {
                origin: Origin::local(socket),
                path: "/".to_owned(),
            });
        }
        let url = Url::parse(text).map_err(|error| error.to_string())?;
        Self::of(&url)
    }

    /// # Errors
    /// What is wrong with it, in words.
    pub(crate) fn of(url: &Url) -> Result<Self, String> {
        let mut path = url.path().to_owned();
        if let Some(query) = url.query() {
            path.push('?');
            path.push_str(query);
        }
        Ok(Self {
            origin: Origin::of(url)?,
            path,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_knows_its_ports_and_brackets() {
        let origin = |text: &str| Target::parse(text).unwrap().origin;
        assert_eq!(origin("http://shop.example/x").port, 80);
        assert_eq!(origin("https://shop.example").authority(), "shop.example");
        assert_eq!(origin("http://[::1]:8080/").host, "::1");
        assert_eq!(origin("http://[::1]:8080/").authority(), "[::1]:8080");
        assert_eq!(
            origin("https://127.0.0.1:8443").url(),
            "https://127.0.0.1:8443"
        );
    }

    #[test]
    fn a_unix_socket_is_an_origin_of_its_own() {
        let origin = Target::parse("unix:/run/app.sock").unwrap().origin;
        assert_eq!(origin.url(), "unix:/run/app.sock");
        assert_eq!(origin.authority(), "localhost");
        assert_ne!(origin, Target::parse("http://localhost").unwrap().origin);
    }

    #[test]
    fn a_target_keeps_its_query_and_loses_its_fragment() {
        assert_eq!(Target::parse("http://a/b?c=d#e").unwrap().path, "/b?c=d");
        assert!(
            Target::parse("ftp://a/b")
                .unwrap_err()
                .contains("scheme is `ftp`")
        );
        assert!(Target::parse("shop.example").is_err());
    }
}
