//! Which PostgreSQL: the first usable installation, looked for where systems put it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::error::NotFound;

/// The oldest major version whose settings and functions are used.
pub(super) const OLDEST: u32 = 14;
const PROGRAMS: [&str; 3] = ["postgres", "initdb", "pg_basebackup"];

/// A usable installation.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Binaries {
    /// The folder that holds `postgres`, `initdb` and `pg_basebackup`.
    pub folder: PathBuf,
    /// As `postgres --version` says it, such as `15.18 (Debian 15.18-0+deb12u1)`.
    pub version: String,
    /// Major version, 14 or more.
    pub major: u32,
}

/// Where to look, taken from the environment once.
#[derive(Debug, Default)]
struct Places {
    /// `--pg-bin`, then `LOADTEST_PG_BIN`: an explicit choice is not overruled by a search.
    chosen: Option<(&'static str, PathBuf)>,
    path: Vec<PathBuf>,
    /// `/`, or a folder that stands for it in tests.
    system: PathBuf,
}

impl Binaries {
    /// Looks at `chosen` (`--pg-bin`), `LOADTEST_PG_BIN`, the `postgres` and the `pg_config` on
    /// `PATH`, the folders of Debian, Fedora and Homebrew, and Postgres.app, in this order.
    ///
    /// # Errors
    /// None is usable; the error lists them. A folder chosen explicitly is the only one looked at.
    pub fn find(chosen: Option<&Path>) -> Result<Self, NotFound> {
        let variable = || std::env::var_os("LOADTEST_PG_BIN").filter(|value| !value.is_empty());
        let chosen = chosen
            .map(|folder| ("--pg-bin", folder.to_owned()))
            .or_else(|| variable().map(|folder| ("LOADTEST_PG_BIN", folder.into())));
        let path = std::env::var_os("PATH").unwrap_or_default();
        Places {
            chosen,
            path: std::env::split_paths(&path).collect(),
            system: "/".into(),
        }
        .search()
    }

    /// One of the programs.
    pub(super) fn program(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    fn at(folder: &Path) -> Result<Self, String> {
        if !folder.is_dir() {
            return Err("no such folder".into());
        }
        if let Some(missing) = PROGRAMS.iter().find(|name| !folder.join(name).is_file()) {
            return Err(format!("has no {missing}"));
        }
        let output = Command::new(folder.join("postgres"))
            .arg("--version")
            .output()
            .map_err(|error| format!("postgres does not run: {error}"))?;
        let said = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        let (version, major) =
            parse_version(&said).ok_or_else(|| format!("unknown version `{said}`"))?;
        if major < OLDEST {
            return Err(format!("version {version} is older than {OLDEST}"));
        }
        Ok(Self {
            folder: folder.to_owned(),
            version,
            major,
        })
    }
}

impl Places {
    fn search(&self) -> Result<Binaries, NotFound> {
        let mut looked = Vec::new();
        let mut seen = BTreeSet::new();
        for (origin, folder) in self.folders(&mut looked) {
            let folder = folder.canonicalize().unwrap_or(folder);
            if !seen.insert(folder.clone()) {
                continue;
            }
            match Binaries::at(&folder) {
                Ok(found) => return Ok(found),
                Err(why) => looked.push((format!("{} ({origin})", folder.display()), why)),
            }
        }
        Err(NotFound { looked })
    }

    /// Candidates in order; places that yield none are noted in `looked`.
    fn folders(&self, looked: &mut Vec<(String, String)>) -> Vec<(String, PathBuf)> {
        if let Some((origin, folder)) = &self.chosen {
            return vec![((*origin).to_owned(), folder.clone())];
        }
        let mut found = Vec::new();
        match self.on_path("postgres").and_then(|file| folder_of(&file)) {
            Some(folder) => found.push(("postgres on PATH".into(), folder)),
            None => looked.push(("PATH".into(), "no postgres".into())),
        }
        match self.on_path("pg_config").and_then(|file| bindir(&file)) {
            Some(folder) => found.push(("pg_config --bindir".into(), folder)),
            None => looked.push(("pg_config --bindir".into(), "no pg_config on PATH".into())),
        }
        for pattern in [
            "usr/lib/postgresql/*/bin",
            "usr/pgsql-*/bin",
            "usr/lib64/pgsql/postgresql-*/bin",
            "opt/homebrew/opt/postgresql@*/bin",
            "usr/local/opt/postgresql@*/bin",
            "home/linuxbrew/.linuxbrew/opt/postgresql@*/bin",
            "Applications/Postgres.app/Contents/Versions/*/bin",
        ] {
            let matches = newest_first(&self.system, pattern);
            if matches.is_empty() {
                looked.push((format!("/{pattern}"), "nothing there".into()));
            }
            found.extend(matches.into_iter().map(|m| (format!("/{pattern}"), m)));
        }
        found
    }

    fn on_path(&self, program: &str) -> Option<PathBuf> {
        let files = self.path.iter().map(|folder| folder.join(program));
        files.into_iter().find(|file| file.is_file())
    }
}

/// The folder of the real file: a link on PATH points into the installation.
fn folder_of(file: &Path) -> Option<PathBuf> {
    Some(file.canonicalize().ok()?.parent()?.to_owned())
}

fn bindir(pg_config: &Path) -> Option<PathBuf> {
    let output = Command::new(pg_config).arg("--bindir").output().ok()?;
    let said = String::from_utf8(output.stdout).ok()?;
    Some(PathBuf::from(said.trim())).filter(|folder| folder.is_absolute())
}

/// Folders that match a pattern with one `*`, the highest version first.
fn newest_first(system: &Path, pattern: &str) -> Vec<PathBuf> {
    let Some((before, after)) = pattern.split_once('*') else {
        return Vec::new();
    };
    let (parent, prefix) = before.rsplit_once('/').unwrap_or(("", before));
    let Ok(entries) = system.join(parent).read_dir() else {
        return Vec::new();
    };
    let mut versions: Vec<(Vec<u32>, PathBuf)> = entries
        .filter_map(Result::ok)
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            let version = name.strip_prefix(prefix)?;
            let numbers: Option<Vec<u32>> = version.split('.').map(|n| n.parse().ok()).collect();
            Some((numbers?, entry.path().join(after.trim_start_matches('/'))))
        })
        .collect();
    versions.sort();
    versions.into_iter().rev().map(|(_, path)| path).collect()
}

/// `postgres (PostgreSQL) 15.18 (Debian …)` → (`15.18 (Debian …)`, 15).
fn parse_version(said: &str) -> Option<(String, u32)> {
    let version = said.split_once("(PostgreSQL) ")?.1;
    let digits = version.split(|c: char| !c.is_ascii_digit()).next()?;
    Some((version.to_owned(), digits.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn install(root: &Path, folder: &str, version: &str) -> PathBuf {
        let folder = root.join(folder);
        std::fs::create_dir_all(&folder).unwrap();
        for program in PROGRAMS {
            let file = folder.join(program);
            let script = format!("#!/bin/sh\necho 'postgres (PostgreSQL) {version}'\n");
            std::fs::write(&file, script).unwrap();
            std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).unwrap();
        }
        folder.canonicalize().unwrap()
    }

    fn places(root: &Path) -> Places {
        Places {
            system: root.to_owned(),
            ..Places::default()
        }
    }

    #[test]
    fn versions_are_read_in_every_spelling() {
        let major = |said| parse_version(said).map(|(_, major)| major);
        assert_eq!(
            major("postgres (PostgreSQL) 15.18 (Debian 15.18-0)"),
            Some(15)
        );
        assert_eq!(major("postgres (PostgreSQL) 18devel"), Some(18));
        assert_eq!(major("postgres (PostgreSQL) 17beta1"), Some(17));
        assert_eq!(major("something else"), None);
    }

    #[test]
    fn the_newest_version_wins_by_number_and_old_ones_are_passed_over() {
        let root = tempfile::tempdir().unwrap();
        install(root.path(), "usr/lib/postgresql/9.6/bin", "9.6.24");
        let ten = install(root.path(), "usr/lib/postgresql/16/bin", "16.1");
        let found = places(root.path()).search().unwrap();
        assert_eq!((found.folder, found.major), (ten, 16));
    }

    #[test]
    fn the_one_on_path_comes_first_even_through_a_link() {
        let root = tempfile::tempdir().unwrap();
        install(root.path(), "usr/lib/postgresql/17/bin", "17.0");
        let real = install(root.path(), "elsewhere/bin", "15.2");
        let links = root.path().join("links");
        std::fs::create_dir(&links).unwrap();
        std::os::unix::fs::symlink(real.join("postgres"), links.join("postgres")).unwrap();
        let mut places = places(root.path());
        places.path = vec![links];
        assert_eq!(places.search().unwrap().folder, real);
    }

    #[test]
    fn an_explicit_choice_is_not_overruled() {
        let root = tempfile::tempdir().unwrap();
        install(root.path(), "usr/lib/postgresql/17/bin", "17.0");
        let mut places = places(root.path());
        places.chosen = Some(("--pg-bin", root.path().join("wrong")));
        let error = places.search().unwrap_err();
        assert_eq!(error.looked.len(), 1);
        assert!(
            error
                .to_string()
                .contains("wrong (--pg-bin): no such folder")
        );
    }

    #[test]
    fn nothing_found_says_where_it_looked_and_what_to_install() {
        let root = tempfile::tempdir().unwrap();
        let old = install(root.path(), "usr/pgsql-13/bin", "13.9");
        std::fs::create_dir_all(root.path().join("usr/lib/postgresql/16/bin")).unwrap();
        let said = places(root.path()).search().unwrap_err().to_string();
        assert!(
            said.contains(&format!("{} (/usr/pgsql-*/bin)", old.display())),
            "{said}"
        );
        assert!(said.contains("version 13.9 is older than 14"), "{said}");
        assert!(said.contains("has no postgres"), "{said}");
        for hint in [
            "apt-get install postgresql",
            "dnf install",
            "brew install",
            "--pg-bin",
        ] {
            assert!(said.contains(hint), "{said}");
        }
    }
}
