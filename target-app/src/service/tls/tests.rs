//! A greeting between both sides, over a pipe.

use std::net::IpAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use tokio_rustls::rustls::pki_types::ServerName;

use super::*;

const POD: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(127, 0, 1, 1));

/// What the client says of the server `shop-1`, asked for as `name`.
async fn greet(name: &str, shown: &ServerFiles, trusted: &Path) -> Result<(), String> {
    let (near, far) = tokio::io::duplex(16 << 10);
    let server = tokio::spawn(acceptor(shown).unwrap().accept(far));
    let name = ServerName::try_from(name.to_owned()).unwrap();
    let greeted = connector(trusted).unwrap().connect(name, near).await;
    let greeted = greeted.map(drop).map_err(|error| error.to_string());
    // It has its own words for the same.
    let _ = server.await;
    greeted
}

struct Stack {
    folder: tempfile::TempDir,
    authority: Authority,
    ca: PathBuf,
}

impl Stack {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let authority = Authority::new("a stack").unwrap();
        let ca = folder.path().join("ca.pem");
        std::fs::write(&ca, authority.certificate()).unwrap();
        Self {
            folder,
            authority,
            ca,
        }
    }

    fn pod(&self) -> ServerFiles {
        let issued = self.authority.issue("shop-1", &[POD]).unwrap();
        issued.write(self.folder.path(), "shop-1").unwrap()
    }
}

#[tokio::test]
async fn a_server_is_trusted_by_each_of_its_names_and_by_no_other() {
    let stack = Stack::new();
    let pod = stack.pod();
    for name in ["shop-1", "localhost", "127.0.1.1"] {
        assert_eq!(greet(name, &pod, &stack.ca).await, Ok(()), "{name}");
    }
    for name in ["shop-2", "127.0.2.1"] {
        let refused = greet(name, &pod, &stack.ca).await.unwrap_err();
        assert!(refused.contains("not valid for name"), "{name}: {refused}");
    }
}

#[tokio::test]
async fn a_certificate_of_another_authority_is_refused() {
    let (stack, other) = (Stack::new(), Stack::new());
    let refused = greet("shop-1", &other.pod(), &stack.ca).await.unwrap_err();
    assert!(refused.contains("certificate"), "{refused}");
}

#[test]
fn a_key_is_for_its_owner_alone_and_shown_to_nobody() {
    let stack = Stack::new();
    let pod = stack.pod();
    let mode = pod.key.metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let issued = stack.authority.issue("shop-1", &[]).unwrap();
    let shown = format!("{issued:?} {:?}", stack.authority);
    assert!(!shown.contains("PRIVATE"), "{shown}");
}

#[test]
fn a_wrong_file_is_named_with_what_it_lacks() {
    let stack = Stack::new();
    let mut pod = stack.pod();
    pod.key = stack.ca.clone();
    let words = acceptor(&pod).err().unwrap().to_string();
    assert!(words.contains("ca.pem holds no private key"), "{words}");
    let absent = stack.folder.path().join("absent.pem");
    let words = trusting(&absent).unwrap_err().to_string();
    assert!(words.contains("absent.pem: No such file"), "{words}");
    let other = stack.authority.issue("other", &[]).unwrap();
    pod.key = other.write(stack.folder.path(), "other").unwrap().key;
    let words = acceptor(&pod).err().unwrap().to_string();
    assert!(words.contains("shop-1.pem cannot be used"), "{words}");
}
