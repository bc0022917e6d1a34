//! Files that a scenario names: relative to the scenario's own folder, and part of its hash.

use std::cell::RefCell;
use std::io::ErrorKind;
use std::path::PathBuf;

use crate::scenario::fingerprint::Fingerprint;
use crate::scenario::surroundings::Surroundings;
use crate::scenario::syntax::Log;
use crate::scenario::syntax::value::Text;

/// Reads files and remembers what was in them.
#[derive(Debug)]
pub(crate) struct Files<'a> {
    pub(crate) surroundings: &'a dyn Surroundings,
    /// The scenario's folder.
    pub(crate) folder: PathBuf,
    pub(crate) fingerprint: RefCell<Fingerprint>,
}

impl Files<'_> {
    /// The text of a file that the scenario names.
    pub(crate) fn read_text(&self, log: &Log, name: Text<'_>) -> Option<String> {
        let bytes = self.read(log, name)?;
        self.fingerprint.borrow_mut().add(&bytes);
        match String::from_utf8(bytes) {
            Ok(text) => Some(text),
            Err(_) => {
                let shown = self.folder.join(name.text);
                let message = format!("`{}` is not UTF-8 text", shown.display());
                log.error(name.at, message);
                None
            }
        }
    }

    /// A certificate or key that the scenario names. No part of the hash: a renewed certificate
    /// makes no other scenario.
    pub(crate) fn read_credential(&self, log: &Log, name: Text<'_>) -> Option<Vec<u8>> {
        self.read(log, name)
    }

    fn read(&self, log: &Log, name: Text<'_>) -> Option<Vec<u8>> {
        let path = self.folder.join(name.text);
        let shown = path.display();
        let error = match self.surroundings.read(&path) {
            Ok(bytes) => return Some(bytes),
            Err(error) => error,
        };
        let message = match error.kind() {
            ErrorKind::NotFound => format!("there is no file `{shown}`"),
            _ => format!("`{shown}` cannot be read: {error}"),
        };
        let help = "paths are relative to the folder of the scenario file";
        log.error_help(name.at, message, help);
        None
    }
}
