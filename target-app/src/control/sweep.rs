//! Removes what a stack left: processes, shared memory, its folder. The last step of an orderly end
//! and the first of everything after a disorderly one; doing it twice is doing it once.

use std::path::Path;

use super::root;
use crate::postgres;

/// Removes everything that belongs to the stack whose folder is `root`, except this process: all
/// its processes work inside that folder. Answers whether nothing is left. Blocks for some
/// milliseconds.
pub(super) fn sweep(root: &Path) -> bool {
    if !root::is_ours(root) {
        tracing::error!(root = %root.display(), "no folder of a stack of ours: left alone");
        return true;
    }
    match postgres::sweep(root) {
        Ok(swept) => {
            tracing::info!(?swept, root = %root.display(), "swept");
            true
        }
        Err(error) => {
            tracing::error!(%error, root = %root.display(), "cannot sweep");
            false
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leaves_folders_alone_that_are_not_ours() {
        let other = tempfile::tempdir().unwrap();
        assert!(sweep(other.path()));
        assert!(other.path().exists());
    }

    /// Something that is only just ending still writes into the folder.
    #[test]
    fn outlasts_a_writer() {
        let root = root::choose("sweep-race").unwrap();
        root::make(&root).unwrap();
        let folder = root::logs(&root);
        let writer = std::thread::spawn(move || {
            // Ends, as a copy does, when its folder is gone.
            (0..)
                .take_while(|n| std::fs::write(folder.join(n.to_string()), "x").is_ok())
                .count()
        });
        assert!(sweep(&root));
        assert!(!root.exists());
        writer.join().unwrap();
    }

    /// A sweep that was killed had put the folder under another name already.
    #[test]
    fn finishes_what_was_cut_off() {
        let root = root::choose("sweep-cut-off").unwrap();
        root::make(&root).unwrap();
        let aside = root.with_added_extension("removed");
        std::fs::rename(&root, &aside).unwrap();
        assert!(sweep(&root));
        assert!(!aside.exists());
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
        assert!(sweep(&root));
        assert!(!reaper.join().unwrap().success());
        assert!(!root.exists());
    }
}
