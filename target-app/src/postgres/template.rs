//! An initialised cluster, made once and copied ever after: `initdb` takes a second, a copy a tenth.

use std::fs::File;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::{FlockOperation, flock};

use super::account::Account;
use super::copy::{copy_tree, remove_tree};
use super::error::{Error, Naming};
use super::kit::{Kit, blocking};
use super::settings::{ACCESS, SUPERUSER, quote_name, quote_sql, server_settings};

/// Makes the data folder of the first primary, with the kit's passwords set.
pub(super) async fn instantiate(kit: &Arc<Kit>, data: &Path) -> Result<(), Error> {
    let template = ensure(kit).await?;
    let (owner, to) = (kit.account.clone(), data.to_owned());
    blocking(move || copy_tree(&template, &to, &owner)).await?;
    // Single-user mode: the server never listens with any other password.
    let statements =
        [(SUPERUSER, &kit.admin_password), (&kit.user, &kit.password)].map(|(role, password)| {
            let (role, password) = (quote_name(role), quote_sql(password));
            format!("ALTER ROLE {role} PASSWORD {password}\n")
        });
    single_user(kit, data, &statements.concat()).await
}

/// The template's folder, made first when there is none for this version and these settings.
async fn ensure(kit: &Arc<Kit>) -> Result<PathBuf, Error> {
    let cache = cache_folder()?;
    let template = cache.join(key(kit));
    if template.is_dir() {
        return Ok(template);
    }
    // Whoever holds the lock makes it; the others wait and find it. A lock dies with its holder.
    let lock_path = cache.join("lock");
    let lock = blocking(move || {
        let lock = File::create(&lock_path).naming("create", &lock_path)?;
        flock(&lock, FlockOperation::LockExclusive)
            .map_err(Into::into)
            .naming("lock", &lock_path)?;
        Ok(lock)
    })
    .await?;
    if !template.is_dir() {
        let built = build(kit).await?;
        let to = template.clone();
        blocking(move || {
            let published = publish(&built, &to);
            remove_tree(&built)?;
            published
        })
        .await?;
    }
    drop(lock);
    Ok(template)
}

/// Initialises a cluster in the run root, which the account can write to.
async fn build(kit: &Kit) -> Result<PathBuf, Error> {
    let data = kit.root.join("template");
    remove_tree(&data)?;
    let mut initdb = kit.program("initdb");
    initdb.arg("-D").arg(&data).args([
        "-U",
        SUPERUSER,
        "-E",
        "UTF8",
        "-N",
        "--no-locale",
        "--wal-segsize=1",
        "--no-instructions",
        "--auth-local=trust",
        "--auth-host=scram-sha-256",
    ]);
    kit.run("initdb", initdb, &data.display().to_string(), None)
        .await?;
    append(&data.join("postgresql.conf"), &server_settings())?;
    let access = data.join("pg_hba.conf");
    std::fs::write(&access, ACCESS).naming("write", &access)?;
    // Renaming the database that is there costs nothing; another one would make every copy larger.
    let (database, user) = (quote_name(&kit.database), quote_name(&kit.user));
    let statements = format!(
        "ALTER DATABASE postgres RENAME TO {database}\n\
         CREATE ROLE {user} LOGIN\n\
         ALTER DATABASE {database} OWNER TO {user}\n"
    );
    single_user(kit, &data, &statements).await?;
    Ok(data)
}

/// Copies a finished cluster into the cache and gives it its name last, in one step.
fn publish(built: &Path, template: &Path) -> Result<(), Error> {
    let ourselves = Account::ourselves();
    let unfinished = template.with_extension("unfinished");
    remove_tree(&unfinished)?;
    copy_tree(built, &unfinished, &ourselves)?;
    #[cfg(target_os = "linux")]
    {
        // The name must not become durable before the contents are.
        let folder = File::open(&unfinished).naming("open", &unfinished)?;
        rustix::fs::syncfs(&folder)
            .map_err(Into::into)
            .naming("sync", &unfinished)?;
    }
    std::fs::rename(&unfinished, template).naming("rename", &unfinished)
}

/// Runs statements, one per line, on a cluster that is not running.
async fn single_user(kit: &Kit, data: &Path, statements: &str) -> Result<(), Error> {
    let mut postgres = kit.program("postgres");
    postgres
        .args(["--single", "-D"])
        .arg(data)
        .args(["-c", "exit_on_error=on", "-c", "log_statement=none"])
        .args(["-c", "log_min_error_statement=panic", "template1"]);
    let subject = data.display().to_string();
    kit.run("postgres --single", postgres, &subject, Some(statements))
        .await
}

fn append(path: &Path, text: &str) -> Result<(), Error> {
    let mut content = std::fs::read_to_string(path).naming("read", path)?;
    content.push_str(text);
    std::fs::write(path, content).naming("write", path)
}

/// Everything that a template depends on.
fn key(kit: &Kit) -> String {
    let mut hasher = DefaultHasher::new();
    (&kit.binaries, &kit.database, &kit.user).hash(&mut hasher);
    (server_settings(), ACCESS).hash(&mut hasher);
    format!("postgres-{}-{:016x}", kit.binaries.major, hasher.finish())
}

/// A folder of this user's that nobody else can write to: a template holds what will be executed.
fn cache_folder() -> Result<PathBuf, Error> {
    let ourselves = rustix::process::geteuid().as_raw();
    let absolute = |name| {
        let path = PathBuf::from(std::env::var_os(name)?);
        path.is_absolute().then_some(path)
    };
    let base = absolute("XDG_CACHE_HOME")
        .or_else(|| absolute("HOME").map(|home| home.join(".cache")))
        .map(|base| base.join("loadtest"));
    if let Some(folder) = base
        && let Ok(folder) = make_private(folder, ourselves)
    {
        return Ok(folder);
    }
    let folder = std::env::temp_dir().join(format!("loadtest-cache-{ourselves}"));
    make_private(folder, ourselves)
}

fn make_private(folder: PathBuf, owner: u32) -> Result<PathBuf, Error> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true).mode(0o700);
    builder.create(&folder).naming("create", &folder)?;
    let meta = folder.symlink_metadata().naming("read", &folder)?;
    if meta.is_dir() && meta.uid() == owner && meta.mode() & 0o022 == 0 {
        return Ok(folder);
    }
    Err(Error::Invalid(format!(
        "{} cannot be used as a cache: it must be a folder of yours that nobody else can write \
         to; remove it or set XDG_CACHE_HOME",
        folder.display()
    )))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_cache_that_others_can_write_to_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let ourselves = rustix::process::geteuid().as_raw();
        let cache = folder.path().join("cache");
        assert!(make_private(cache.clone(), ourselves).is_ok());
        assert!(make_private(cache.clone(), ourselves + 1).is_err());
        std::fs::set_permissions(&cache, std::fs::Permissions::from_mode(0o777)).unwrap();
        assert!(make_private(cache, ourselves).is_err());
    }

    #[test]
    fn an_unfinished_copy_is_never_taken_for_a_template() {
        let folder = tempfile::tempdir().unwrap();
        let built = folder.path().join("built");
        std::fs::create_dir(&built).unwrap();
        std::fs::write(built.join("PG_VERSION"), "15\n").unwrap();
        let template = folder.path().join("postgres-15-0");
        let half = template.with_extension("unfinished");
        std::fs::create_dir(&half).unwrap();
        std::fs::write(half.join("junk"), "").unwrap();
        publish(&built, &template).unwrap();
        assert!(template.join("PG_VERSION").is_file());
        assert!(!template.join("junk").exists() && !half.exists());
    }
}
