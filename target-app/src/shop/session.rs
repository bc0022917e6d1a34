//! Sessions as signed tokens: `customer.expires.signature`.
//!
//! Nothing is stored, so every pod that has the key knows every session, also after a failover.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::service::{Secret, ServeError};

const SHORTEST_KEY: usize = 16;

/// Issues and reads session tokens.
#[derive(Clone)]
pub(crate) struct Sessions {
    keyed: Hmac<Sha256>,
    seconds: u64,
}

impl Sessions {
    /// Tokens signed with `key` that last `seconds`.
    pub(crate) fn new(key: &Secret, seconds: u64) -> Result<Self, ServeError> {
        let key = key.reveal().as_bytes();
        if key.len() < SHORTEST_KEY {
            return Err(ServeError::Config(format!(
                "session_key has {} bytes, at least {SHORTEST_KEY} are needed",
                key.len()
            )));
        }
        let keyed = Hmac::new_from_slice(key).expect("HMAC takes keys of any length");
        Ok(Self { keyed, seconds })
    }

    /// A token for `customer`, at Unix time `now` in seconds.
    pub(crate) fn issue(&self, customer: i64, now: u64) -> String {
        let claim = format!("{customer}.{}", now.saturating_add(self.seconds));
        let signature = self.signature(&claim).finalize().into_bytes();
        let mut token = claim;
        token.push('.');
        for byte in signature {
            token.push(char::from(HEX[usize::from(byte >> 4)]));
            token.push(char::from(HEX[usize::from(byte & 15)]));
        }
        token
    }

    /// Whose token this is, if we signed it and it has not expired at Unix time `now` in seconds.
    pub(crate) fn customer(&self, token: &str, now: u64) -> Option<i64> {
        let (claim, signature) = token.rsplit_once('.')?;
        let signature = from_hex(signature)?;
        self.signature(claim).verify_slice(&signature).ok()?;
        let (customer, expires) = claim.split_once('.')?;
        (now < expires.parse::<u64>().ok()?)
            .then(|| customer.parse().ok())
            .flatten()
    }

    fn signature(&self, claim: &str) -> Hmac<Sha256> {
        let mut mac = self.keyed.clone();
        mac.update(claim.as_bytes());
        mac
    }
}

const HEX: &[u8; 16] = b"0123456789abcdef";

/// The bytes behind lower-case hexadecimal text.
fn from_hex(text: &str) -> Option<[u8; 32]> {
    let digits = text.as_bytes();
    if digits.len() != 64 {
        return None;
    }
    let value = |digit: u8| HEX.iter().position(|&known| known == digit);
    let mut bytes = [0; 32];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = u8::try_from(value(pair[0])? * 16 + value(pair[1])?).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sessions() -> Sessions {
        Sessions::new(&"0123456789abcdef".into(), 60).unwrap()
    }

    #[test]
    fn a_token_is_good_until_it_expires() {
        let token = sessions().issue(7, 1_000);
        assert_eq!(sessions().customer(&token, 1_059), Some(7));
        assert_eq!(sessions().customer(&token, 1_060), None);
    }

    #[test]
    fn another_key_or_another_customer_is_refused() {
        let token = sessions().issue(7, 1_000);
        let other = Sessions::new(&"fedcba9876543210".into(), 60).unwrap();
        assert_eq!(other.customer(&token, 1_000), None);
        assert_eq!(sessions().customer(&format!("1{token}"), 1_000), None);
    }

    #[test]
    fn a_short_key_is_refused() {
        assert!(Sessions::new(&"short".into(), 60).is_err());
    }

    proptest! {
        #[test]
        fn no_text_is_a_token_by_chance(text in ".*") {
            prop_assert_eq!(sessions().customer(&text, 0), None);
        }

        #[test]
        fn every_customer_gets_their_own_back(customer in any::<i64>(), now in 0..u64::MAX / 2) {
            let token = sessions().issue(customer, now);
            prop_assert_eq!(sessions().customer(&token, now), Some(customer));
        }
    }
}
