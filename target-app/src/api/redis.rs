//! Where a Redis is, which may hold a password.

use std::fmt::Write as _;

use redis::{ConnectionAddr, ConnectionInfo, IntoConnectionInfo as _};
use serde::{Deserialize, Serialize};

use crate::service::Secret;

/// `redis://[[user]:password@]host[:port][/database]`. In configuration in clear, in `Debug` hidden,
/// for people as [`RedisUrl::shown`]. In a topology file it may hold `${env.NAME}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RedisUrl(Secret);

impl RedisUrl {
    /// What a client connects to.
    ///
    /// # Errors
    /// Why it is no such address, without what it says: that may be a password.
    pub(crate) fn target(&self) -> Result<ConnectionInfo, String> {
        let text = self.0.reveal();
        if text.starts_with("rediss:") || text.starts_with("valkeys:") {
            return Err(
                "cache: `redis` asks for TLS, which this build's client does not speak: \
                        write redis://…, or put a TLS proxy beside the stack"
                    .into(),
            );
        }
        let info = (text.starts_with("redis://") || text.starts_with("valkey://"))
            .then(|| text.into_connection_info().ok())
            .flatten();
        info.filter(|info| matches!(info.addr(), ConnectionAddr::Tcp(..)))
            .ok_or_else(|| {
                "cache: `redis` is no address of a Redis: write redis://host:6379/0, \
                 or redis://user:password@host:6379/0"
                    .into()
            })
    }

    /// The same with the values of environment variables, which `variable` has, in place of
    /// `${env.NAME}`: as they are where one is the whole address, percent-encoded within it.
    ///
    /// # Errors
    /// The variable that is not set.
    pub fn filled_in(&self, variable: impl Fn(&str) -> Option<String>) -> Result<Self, String> {
        let mut rest = self.0.reveal();
        let mut filled = String::new();
        while let Some((before, name, after)) = slot(rest) {
            let value = variable(name)
                .ok_or_else(|| format!("cache: the environment variable {name} is not set"))?;
            filled.push_str(before);
            match (filled.is_empty(), after.is_empty()) {
                (true, true) => filled.push_str(&value),
                _ => percent_encode(&value, &mut filled),
            }
            rest = after;
        }
        filled.push_str(rest);
        Ok(Self(filled.into()))
    }

    /// The address without user and password: `redis://•••@cache.example:6379/0`.
    #[must_use]
    pub fn shown(&self) -> String {
        self.target().map_or_else(
            |_| "•••".into(),
            |info| {
                let redis = info.redis_settings();
                let named = redis.username().is_some() || redis.password().is_some();
                let who = if named { "•••@" } else { "" };
                format!("redis://{who}{}/{}", info.addr(), redis.db())
            },
        )
    }
}

impl From<&str> for RedisUrl {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

/// What is before the first `${env.NAME}`, the name, and what is after.
fn slot(text: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = text.split_once("${env.")?;
    let (name, after) = rest.split_once('}')?;
    Some((before, name, after))
}

fn percent_encode(value: &str, out: &mut String) {
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(byte.into());
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_see_where_it_is_and_not_how_to_get_in() {
        for (url, shown) in [
            ("redis://cache.example", "redis://cache.example:6379/0"),
            ("redis://:hunter2@h:1/3", "redis://•••@h:1/3"),
            ("redis://ann@h:1/3?x=hunter2", "redis://•••@h:1/3"),
            ("hunter2", "•••"),
        ] {
            let url = RedisUrl::from(url);
            assert_eq!(url.shown(), shown);
            assert!(!format!("{url:?}").contains("hunter2"));
        }
    }

    #[test]
    fn the_environment_fills_in_a_part_or_the_whole() {
        let variable = |name: &str| match name {
            "PASS" => Some("a/b@c".to_owned()),
            "URL" => Some("redis://:a%2Fb@h:1".to_owned()),
            _ => None,
        };
        for (written, filled) in [
            ("redis://:${env.PASS}@h:1", "redis://:a%2Fb%40c@h:1"),
            ("${env.URL}", "redis://:a%2Fb@h:1"),
            ("redis://h", "redis://h"),
        ] {
            let url = RedisUrl::from(written).filled_in(variable);
            assert_eq!(url, Ok(RedisUrl::from(filled)));
        }
        let missing = RedisUrl::from("redis://${env.HOST}").filled_in(variable);
        assert!(missing.unwrap_err().contains("HOST is not set"));
    }

    #[test]
    fn what_is_no_address_is_refused_without_being_repeated() {
        for (wrong, told) in [
            ("cache.example:6379", "redis://host:6379/0"),
            ("redis://", "redis://host:6379/0"),
            ("redis://:hunter2@h:port", "redis://host:6379/0"),
            ("redis://:hunter2@h/one", "redis://host:6379/0"),
            ("unix:///tmp/redis?pass=hunter2", "redis://host:6379/0"),
            ("http://:hunter2@h", "redis://host:6379/0"),
            ("rediss://:hunter2@h", "does not speak"),
        ] {
            let words = RedisUrl::from(wrong).target().unwrap_err();
            assert!(words.contains(told), "{wrong}: {words}");
            assert!(!words.contains("hunter2"), "{words}");
        }
    }
}
