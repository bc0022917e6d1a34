//! Password hashes: argon2id in PHC strings.

use std::sync::OnceLock;

use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};

use super::PasswordCost;
use crate::service::ServeError;

/// Bytes of salt, as RFC 9106 recommends.
const SALT_BYTES: usize = 16;

/// Hashes new passwords; verifies by the cost that a hash itself states.
#[derive(Debug, Clone)]
pub(crate) struct PasswordHashing(Argon2<'static>);

impl PasswordHashing {
    pub(crate) fn new(cost: PasswordCost) -> Result<Self, ServeError> {
        Params::new(cost.memory_kib, cost.passes, 1, None)
            .map(|params| Self(Argon2::new(Algorithm::Argon2id, Version::V0x13, params)))
            .map_err(|error| {
                ServeError::Config(format!(
                    "password_cost: {error}; memory_kib is at least 8, passes at least 1"
                ))
            })
    }

    /// A hash under a random salt.
    pub(crate) fn hash(&self, password: &str) -> String {
        self.hash_salted(password, *uuid::Uuid::new_v4().as_bytes())
    }

    /// A hash under this salt.
    pub(crate) fn hash_salted(&self, password: &str, salt: [u8; SALT_BYTES]) -> String {
        let salt = SaltString::encode_b64(&salt).expect("16 bytes are a valid salt");
        self.0
            .hash_password(password.as_bytes(), &salt)
            .expect("the cost was validated and the output length is the default")
            .to_string()
    }

    /// Whether `password` is the one behind `hash`. Without a hash (no such customer) it takes the
    /// same time and is false, so that the time does not tell who is a customer.
    pub(crate) fn verify(&self, password: &str, hash: Option<&str>) -> bool {
        static DECOY: OnceLock<String> = OnceLock::new();
        let known = hash.is_some();
        let hash = hash.unwrap_or_else(|| DECOY.get_or_init(|| self.hash("nobody's password")));
        let matches = PasswordHash::new(hash)
            .is_ok_and(|hash| self.0.verify_password(password.as_bytes(), &hash).is_ok());
        known && matches
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_right_password_of_someone_known_verifies() {
        let hashing = PasswordHashing::new(PasswordCost::default()).unwrap();
        let hash = hashing.hash("secret-1");
        assert!(hashing.verify("secret-1", Some(&hash)));
        assert!(!hashing.verify("secret-2", Some(&hash)));
        assert!(!hashing.verify("secret-1", Some("not a hash")));
        assert!(!hashing.verify("nobody's password", None));
        assert_ne!(hash, hashing.hash("secret-1"), "salted");
    }

    #[test]
    fn an_impossible_cost_is_refused() {
        let cost = PasswordCost {
            memory_kib: 1,
            passes: 0,
        };
        assert!(PasswordHashing::new(cost).is_err());
    }
}
