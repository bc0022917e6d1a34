//! The changes on disk, each before it is made: a file that tells, whatever dies, who broke what.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use serde::Serialize;

use crate::api::{ChangeRequest, Instant};

/// One line.
#[derive(Debug, Serialize)]
#[serde(tag = "record", rename_all = "kebab-case")]
pub(super) enum Record<'a> {
    /// It is about to be made.
    Accepted {
        id: &'a str,
        at: Instant,
        request: &'a ChangeRequest,
    },
    /// Its effect is complete.
    Effective { id: &'a str, at: Instant },
    /// It takes its effect back by itself.
    RolledBack {
        id: &'a str,
        at: Instant,
        why: &'a str,
    },
    /// It was undone.
    Undone { id: &'a str, at: Instant },
}

/// `changes.jsonl` in the stack's folder.
#[derive(Debug)]
pub(super) struct Journal(File);

impl Journal {
    pub(super) fn create(root: &Path) -> std::io::Result<Self> {
        OpenOptions::new()
            .create_new(true)
            .append(true)
            .mode(0o600)
            .open(root.join("changes.jsonl"))
            .map(Self)
    }

    /// Returns when the record is on disk.
    pub(super) fn write(&mut self, record: &Record<'_>) -> std::io::Result<()> {
        let mut line = serde_json::to_vec(record)?;
        line.push(b'\n');
        self.0.write_all(&line)?;
        self.0.sync_data()
    }
}
