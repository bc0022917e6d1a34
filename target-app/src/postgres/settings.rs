//! The configuration of every server, as text. It is baked into the template.

use std::path::Path;

/// The superuser that the pair administers its servers as.
pub(super) const SUPERUSER: &str = "postgres";

/// Appended to `postgresql.conf`.
///
/// `fsync` and `synchronous_commit` stay on: what is acknowledged must survive. The timeouts of
/// two seconds are what makes a hung standby noticeable. A standby that has lost its primary looks
/// for a promotion only between two attempts to connect, so these come every 20 ms: with 100 ms
/// about half of all failovers took that much longer. Slow statements are logged with the name of
/// their session, which holds the trace they belong to, and without values.
pub(super) fn server_settings() -> String {
    let mut text = String::from(
        "
# The reference stack.
unix_socket_directories = ''
shared_buffers = 32MB
max_connections = 100
dynamic_shared_memory_type = mmap
restart_after_crash = off
fsync = on
synchronous_commit = on
wal_level = replica
wal_log_hints = on
max_wal_senders = 10
wal_keep_size = 64MB
min_wal_size = 32MB
hot_standby = on
wal_sender_timeout = 2s
wal_receiver_timeout = 2s
wal_receiver_status_interval = 1s
wal_retrieve_retry_interval = 20ms
synchronous_standby_names = ''
log_line_prefix = '%m [%p] %a '
log_min_duration_statement = 500ms
log_parameter_max_length = 0
",
    );
    if cfg!(target_os = "linux") {
        text.push_str("recovery_init_sync_method = syncfs\n");
    }
    text
}

/// `pg_hba.conf`: loopback only, always with a password.
pub(super) const ACCESS: &str = "\
# type database     user      address      method
host   all          all       127.0.0.0/8  scram-sha-256
host   all          all       ::1/128      scram-sha-256
host   replication  postgres  127.0.0.0/8  scram-sha-256
host   replication  postgres  ::1/128      scram-sha-256
";

/// The same for connections that are encrypted, and no others.
pub(super) fn encrypted_access() -> String {
    ACCESS.replace("host  ", "hostssl")
}

/// Where a standby finds its primary and the password for it; `encryption` is how, in libpq's words.
pub(super) fn connection_string(
    primary: std::net::SocketAddr,
    name: &str,
    password_file: &Path,
    encryption: &str,
) -> String {
    format!(
        "host={} port={} user={SUPERUSER} passfile={} application_name={} connect_timeout=2 \
         {encryption} gssencmode=disable",
        primary.ip(),
        primary.port(),
        quote_conninfo(&password_file.to_string_lossy()),
        quote_conninfo(name),
    )
}

/// `postgresql.auto.conf` of a new standby, which replaces the one copied from the primary.
pub(super) fn standby_settings(connection: &str) -> String {
    format!("primary_conninfo = {}\n", quote_sql(connection))
}

/// A string literal of SQL and of PostgreSQL's configuration files.
pub(super) fn quote_sql(value: &str) -> String {
    format!("'{}'", value.replace('\'', "''"))
}

/// A double-quoted SQL identifier.
pub(super) fn quote_name(value: &str) -> String {
    format!("\"{}\"", value.replace('"', "\"\""))
}

pub(super) fn quote_conninfo(value: &str) -> String {
    format!("'{}'", value.replace('\\', "\\\\").replace('\'', "\\'"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_survive_both_levels() {
        let conninfo = connection_string(
            "127.0.1.1:5432".parse().unwrap(),
            "db-2",
            Path::new("/tmp/o'brien/passfile"),
            "sslmode=disable",
        );
        assert!(conninfo.contains(r"passfile='/tmp/o\'brien/passfile'"));
        assert!(standby_settings(&conninfo).contains(r"passfile=''/tmp/o\''brien/passfile''"));
        assert!(conninfo.contains("application_name='db-2'"));
    }

    #[test]
    fn encrypted_access_lets_nobody_in_who_is_not() {
        let access = encrypted_access();
        let mut rules = access.lines().filter(|line| !line.starts_with('#'));
        assert!(rules.all(|rule| rule.starts_with("hostssl ")), "{access}");
        assert_eq!(access.lines().count(), ACCESS.lines().count());
    }
}
