//! Removes what a stack left: processes, shared memory, its folder. The last step of an orderly end
//! and the first of everything after a disorderly one; doing it twice is doing it once.

use std::path::Path;

use super::root;
use crate::postgres;

/// Removes everything that belongs to the stack whose folder is `root`, except this process: all
/// its processes work inside that folder, or carry it on their command line. Blocks for some
/// milliseconds.
pub(super) fn sweep(root: &Path) {
    if !root::is_ours(root) {
        tracing::error!(root = %root.display(), "no folder of a stack of ours: left alone");
        return;
    }
    match postgres::sweep(root) {
        Ok(swept) => tracing::info!(?swept, root = %root.display(), "swept"),
        Err(error) => tracing::error!(%error, root = %root.display(), "cannot sweep"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leaves_folders_alone_that_are_not_ours() {
        let other = tempfile::tempdir().unwrap();
        sweep(other.path());
        assert!(other.path().exists());
    }

    #[test]
    fn sweeps_processes_and_folder() {
        let root = root::choose("sweep-test").unwrap();
        root::make(&root).unwrap();
        let mut stray = std::process::Command::new("sleep")
            .arg("600")
            .current_dir(root::logs(&root))
            .spawn()
            .unwrap();
        // Nobody but its parent can remove a zombie.
        let reaper = std::thread::spawn(move || stray.wait().unwrap());
        sweep(&root);
        assert!(!reaper.join().unwrap().success());
        assert!(!root.exists());
    }
}
