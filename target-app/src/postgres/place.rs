//! Where data goes: memory when there is room, else disk.

use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use super::account::Account;
use super::error::{Error, Naming};

/// Free memory below which data goes to disk, in bytes.
const ENOUGH: u64 = 1 << 30;

/// The folder to make a stack's root in: `/dev/shm` when it has 1 GiB free, else the temporary
/// folder. A failover costs a tenth there, because a checkpoint costs nothing.
#[must_use]
pub fn roomy_folder() -> PathBuf {
    let memory = Path::new("/dev/shm");
    match rustix::fs::statvfs(memory) {
        Ok(stat) if stat.f_bavail.saturating_mul(stat.f_frsize) >= ENOUGH => memory.to_owned(),
        _ => std::env::temp_dir(),
    }
}

/// Makes a folder that only `account` can read; its parent must exist.
pub(super) fn private_folder(path: &Path, account: &Account) -> Result<(), Error> {
    match std::fs::DirBuilder::new().mode(0o700).create(path) {
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
        other => other.naming("create", path)?,
    }
    account.own(path)?;
    account.reaches(path)
}
