//! What a scenario draws on besides its own text: files beside it, environment variables, a seed.

use std::io;
use std::path::Path;

/// Where a scenario is read.
pub trait Surroundings: std::fmt::Debug {
    /// The content of a file.
    ///
    /// # Errors
    /// As the file system says.
    fn read(&self, path: &Path) -> io::Result<Vec<u8>>;

    /// The value of an environment variable, if it is set and is Unicode.
    fn variable(&self, name: &str) -> Option<String>;

    /// The seed of a run whose scenario has none.
    fn fresh_seed(&self) -> u64;
}

/// This machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct Machine;

impl Surroundings for Machine {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        std::fs::read(path)
    }

    fn variable(&self, name: &str) -> Option<String> {
        std::env::var(name).ok()
    }

    fn fresh_seed(&self) -> u64 {
        // Short enough to be typed again.
        u64::from(fastrand::u32(1..1_000_000_000))
    }
}

/// Nowhere: no files, no variables.
#[derive(Debug, Clone, Copy, Default)]
pub struct Nowhere;

impl Surroundings for Nowhere {
    fn read(&self, _: &Path) -> io::Result<Vec<u8>> {
        Err(io::ErrorKind::NotFound.into())
    }

    fn variable(&self, _: &str) -> Option<String> {
        None
    }

    fn fresh_seed(&self) -> u64 {
        1
    }
}
