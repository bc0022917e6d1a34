//! The way on which keys are read back: the one that the load took.

use std::net::SocketAddr;
use std::sync::Arc;

use reqwest::ClientBuilder;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{HOST, HeaderMap, HeaderValue};

use crate::scenario::HttpDefaults;

/// Where read-backs go, and how they get there.
#[derive(Debug)]
pub(super) struct Way {
    /// What paths are appended to.
    pub(super) base_url: String,
    /// The Unix socket that is connected to.
    socket: Option<String>,
    /// The target by the name that its certificate must have.
    alias: Option<Alias>,
}

/// A host that is asked for under another name.
#[derive(Debug, Clone)]
struct Alias {
    name: String,
    host: String,
    /// As the `Host` header says it.
    authority: String,
}

impl Way {
    pub(super) fn to(base_url: &str, http: &HttpDefaults) -> Self {
        if let Some(socket) = base_url.strip_prefix("unix:") {
            return Self {
                base_url: "http://localhost".to_owned(),
                socket: Some(socket.to_owned()),
                alias: None,
            };
        }
        let named = http.tls.server_name.as_ref().map(|name| name.to_str());
        let renamed = named.and_then(|name| renamed(base_url, &name));
        let (base_url, alias) = match renamed {
            Some((base_url, alias)) => (base_url, Some(alias)),
            None => (base_url.to_owned(), None),
        };
        Self {
            base_url,
            socket: None,
            alias,
        }
    }

    pub(super) fn prepare(
        &self,
        mut builder: ClientBuilder,
        http: &HttpDefaults,
    ) -> reqwest::Result<ClientBuilder> {
        if let Some(socket) = &self.socket {
            return Ok(builder.no_proxy().unix_socket(socket.as_str()));
        }
        if let Some(alias) = &self.alias {
            let mut headers = HeaderMap::new();
            if let Ok(authority) = HeaderValue::try_from(&alias.authority) {
                headers.insert(HOST, authority);
            }
            builder = builder
                .default_headers(headers)
                .dns_resolver(Arc::new(alias.clone()));
        }
        let Some(proxy) = &http.proxy else {
            return Ok(builder.no_proxy());
        };
        let host = match proxy.host.contains(':') {
            true => format!("[{}]", proxy.host),
            false => proxy.host.clone(),
        };
        let mut through = reqwest::Proxy::all(format!("http://{host}:{}", proxy.port))?;
        let login = proxy.authorization.as_deref().map(HeaderValue::try_from);
        if let Some(Ok(mut login)) = login {
            login.set_sensitive(true);
            through = through.custom_http_auth(login);
        }
        Ok(builder.proxy(through))
    }
}

/// The URL with that host instead; none if it is not encrypted, or named so already.
fn renamed(base_url: &str, name: &str) -> Option<(String, Alias)> {
    let mut url = reqwest::Url::parse(base_url).ok()?;
    let host = url.host_str()?.trim_matches(['[', ']']).to_owned();
    if url.scheme() != "https" || host == name {
        return None;
    }
    let authority = base_url.strip_prefix("https://")?.split('/').next()?;
    let alias = Alias {
        name: name.to_owned(),
        host,
        authority: authority.to_owned(),
    };
    url.set_host(Some(name)).ok()?;
    Some((url.as_str().trim_end_matches('/').to_owned(), alias))
}

impl Resolve for Alias {
    fn resolve(&self, name: Name) -> Resolving {
        let host = if name.as_str() == self.name {
            self.host.clone()
        } else {
            name.as_str().to_owned()
        };
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((host, 0)).await?.collect();
            let addresses: Addrs = Box::new(found.into_iter());
            Ok(addresses)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_encrypted_target_is_asked_for_by_the_name_of_its_certificate() {
        let (url, alias) = renamed("https://127.0.0.1:8443/v1", "shop.test").unwrap();
        assert_eq!(url, "https://shop.test:8443/v1");
        assert_eq!(
            (alias.host.as_str(), alias.authority.as_str()),
            ("127.0.0.1", "127.0.0.1:8443")
        );
        assert!(renamed("http://127.0.0.1:8080", "shop.test").is_none());
        assert!(renamed("https://shop.test", "shop.test").is_none());
    }

    #[test]
    fn a_unix_socket_is_called_localhost() {
        let way = Way::to("unix:/run/app.sock", &HttpDefaults::default());
        assert_eq!(way.base_url, "http://localhost");
        assert_eq!(way.socket.as_deref(), Some("/run/app.sock"));
    }
}
