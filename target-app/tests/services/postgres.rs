//! A throw-away PostgreSQL for this test process, with a database for each test.

use std::io::{BufRead, BufReader};
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use target_app::service::database::DatabaseParams;
use target_app::shop::schema;
use tokio_postgres::NoTls;

/// Runs the server until standard input ends, which is when this process does, however it does; then
/// leaves nothing behind. Arguments: folder of the programs, data folder, port.
const GUARD: &str = r#"
cd "$2" || exit 1
"$1/initdb" -D "$2/data" -N --no-locale -E UTF8 --no-instructions -U shop >"$2/initdb.log" 2>&1 || { cat "$2/initdb.log"; exit 1; }
"$1/postgres" -D "$2/data" -p "$3" -h 127.0.0.1 -c unix_socket_directories= -c fsync=off \
    -c shared_buffers=16MB -c max_connections=200 -c dynamic_shared_memory_type=mmap >"$2/log" 2>&1 &
server=$!
echo started
read -r _
kill -INT $server
wait $server
rm -rf "$2"
"#;

struct Server {
    port: u16,
    /// Holds the guard's standard input open.
    _guard: Child,
}

/// A new database with the shop's tables, this many products and customers.
pub(crate) async fn database(products: u32, customers: u32) -> DatabaseParams {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    let server = server();
    let name = format!("test_{}", NEXT.fetch_add(1, Ordering::Relaxed));
    connect(&params(server.port, "postgres"))
        .await
        .batch_execute(&format!("CREATE DATABASE {name}"))
        .await
        .unwrap();
    let params = params(server.port, &name);
    schema::install(&params, products, customers).await.unwrap();
    params
}

/// A connection past all pools, for looking and meddling. Waits until the server is up.
pub(crate) async fn connect(params: &DatabaseParams) -> tokio_postgres::Client {
    let (host, port) = params.address.rsplit_once(':').unwrap();
    let mut config = tokio_postgres::Config::new();
    config
        .host(host)
        .port(port.parse().unwrap())
        .user(&params.user)
        .dbname(&params.name);
    super::stack::eventually("PostgreSQL lets us in", async || {
        let (client, connection) = config.connect(NoTls).await.ok()?;
        tokio::spawn(connection);
        Some(client)
    })
    .await
}

fn params(port: u16, name: &str) -> DatabaseParams {
    DatabaseParams {
        address: format!("127.0.0.1:{port}"),
        user: "shop".into(),
        password: "".into(),
        name: name.into(),
        ca: None,
    }
}

fn server() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(start)
}

fn start() -> Server {
    let programs = programs();
    let root = if Path::new("/dev/shm").is_dir() {
        PathBuf::from("/dev/shm")
    } else {
        std::env::temp_dir()
    };
    let folder = tempfile::Builder::new()
        .prefix("shop-tests-")
        .permissions(std::fs::Permissions::from_mode(0o700))
        .tempdir_in(root)
        .unwrap()
        .keep();
    let port = free_port();
    let mut command = Command::new("/bin/sh");
    command
        .args(["-c", GUARD, "guard"])
        .arg(&programs)
        .arg(&folder)
        .arg(port.to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    if rustix::process::geteuid().is_root() {
        // PostgreSQL refuses to run as root.
        let (user, group) = postgres_account();
        chown(&folder, Some(user), Some(group)).unwrap();
        command.uid(user).gid(group).current_dir("/");
    }
    let mut guard = command.spawn().unwrap();
    let mut said = String::new();
    BufReader::new(guard.stdout.take().unwrap())
        .read_line(&mut said)
        .unwrap();
    assert_eq!(said, "started\n", "PostgreSQL did not start");
    Server {
        port,
        _guard: guard,
    }
}

fn programs() -> PathBuf {
    let configured = Command::new("pg_config")
        .arg("--bindir")
        .output()
        .ok()
        .map(|output| PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()));
    let installed = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path().join("bin")));
    configured
        .into_iter()
        .chain(installed)
        .find(|folder| folder.join("initdb").is_file())
        .expect("PostgreSQL's server programs: install postgresql")
}

fn postgres_account() -> (u32, u32) {
    let accounts = std::fs::read_to_string("/etc/passwd").unwrap();
    let account = accounts
        .lines()
        .find(|line| line.starts_with("postgres:"))
        .expect("the account postgres");
    let mut numbers = account
        .split(':')
        .skip(2)
        .map(|field| field.parse().unwrap());
    (numbers.next().unwrap(), numbers.next().unwrap())
}

fn free_port() -> u16 {
    std::net::TcpListener::bind(("127.0.0.1", 0))
        .unwrap()
        .local_addr()
        .unwrap()
        .port()
}
