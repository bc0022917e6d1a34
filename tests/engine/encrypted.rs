//! TLS: whom the client believes, what it shows of itself, and what a second handshake costs.

use std::sync::{Arc, Mutex};

use loadtest::scenario::HttpDefaults;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{
    ALL_VERSIONS, HandshakeKind, ProtocolVersion, RootCertStore, ServerConfig,
    SupportedProtocolVersion, version,
};

use crate::bench::{Left, Manner, arrivals, begin, get, http, run, scenario};

/// A handshake as the server saw it.
#[derive(Debug, Clone)]
pub(crate) struct Shaken {
    name: Option<String>,
    version: Option<ProtocolVersion>,
    resumed: bool,
    client_shown: bool,
}

/// Serves `ok` to everyone over TLS, for as long as the process lives.
pub(crate) struct Secure {
    pub(crate) url: String,
    shaken: Arc<Mutex<Vec<Shaken>>>,
}

impl Secure {
    pub(crate) fn start(config: ServerConfig) -> Self {
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let url = format!("https://{}", listener.local_addr().unwrap());
        let shaken = Arc::<Mutex<Vec<Shaken>>>::default();
        let noted = shaken.clone();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async move {
                let listener = tokio::net::TcpListener::from_std(listener).unwrap();
                loop {
                    let (stream, _) = listener.accept().await.unwrap();
                    tokio::spawn(serve(acceptor.clone(), stream, noted.clone()));
                }
            });
        });
        Self { url, shaken }
    }

    /// Handshakes but for the first, which only looked whether the target can be reached.
    fn shaken(&self) -> Vec<Shaken> {
        self.shaken.lock().unwrap()[1..].to_vec()
    }
}

async fn serve(
    acceptor: TlsAcceptor,
    stream: tokio::net::TcpStream,
    noted: Arc<Mutex<Vec<Shaken>>>,
) {
    let Ok(mut stream) = acceptor.accept(stream).await else {
        return;
    };
    let session = stream.get_ref().1;
    noted.lock().unwrap().push(Shaken {
        name: session.server_name().map(str::to_owned),
        version: session.protocol_version(),
        resumed: session.handshake_kind() == Some(HandshakeKind::Resumed),
        client_shown: session.peer_certificates().is_some(),
    });
    let mut request = [0; 4096];
    while stream.read(&mut request).await.is_ok_and(|read| read > 0) {
        let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
        // A client that goes away is no error here.
        if stream.write_all(answer).await.is_err() || stream.flush().await.is_err() {
            return;
        }
    }
}

/// A server with a certificate; `client` makes it ask for one too.
fn server(
    (certificate, key): (&[u8], &[u8]),
    versions: &[&'static SupportedProtocolVersion],
    client: bool,
) -> ServerConfig {
    let certificate = CertificateDer::from_pem_slice(certificate).unwrap();
    let key = PrivateKeyDer::from_pem_slice(key).unwrap();
    let provider = Arc::new(aws_lc_rs::default_provider());
    let builder = ServerConfig::builder_with_provider(provider.clone())
        .with_protocol_versions(versions)
        .unwrap();
    let builder = if client {
        let mut authorities = RootCertStore::empty();
        let authority = include_bytes!("tls/authority.pem");
        let authority = CertificateDer::from_pem_slice(authority).unwrap();
        authorities.add(authority).unwrap();
        let verifier = WebPkiClientVerifier::builder_with_provider(authorities.into(), provider);
        builder.with_client_cert_verifier(verifier.build().unwrap())
    } else {
        builder.with_no_client_auth()
    };
    builder.with_single_cert(vec![certificate], key).unwrap()
}

const SHOP: (&[u8], &[u8]) = (
    include_bytes!("tls/shop.pem"),
    include_bytes!("tls/shop.key"),
);

/// `shop.test`, for whom the test authority vouches.
pub(crate) fn shop() -> ServerConfig {
    server(SHOP, ALL_VERSIONS, false)
}

/// A certificate that nobody vouches for but itself.
fn stranger() -> ServerConfig {
    let pair = (
        &include_bytes!("tls/cert.pem")[..],
        &include_bytes!("tls/key.pem")[..],
    );
    server(pair, ALL_VERSIONS, false)
}

/// Ten iterations of two steps.
fn ten(secure: &Secure, http: HttpDefaults) -> Left {
    let mut plan = scenario(vec![get("/"), get("/x")], arrivals(20.0, 0.5, 1));
    plan.http = http;
    let left = run(plan, &secure.url);
    assert_eq!(
        (left.sum(0).ok, left.sum(1).ok),
        (10, 10),
        "{:?}",
        left.samples()
    );
    left
}

/// Why the target cannot be reached.
fn refusal(secure: &Secure, http: HttpDefaults) -> String {
    let mut plan = scenario(vec![get("/")], arrivals(10.0, 0.5, 1));
    plan.http = http;
    let refused = begin(plan, &secure.url, Manner::default());
    refused.err().expect("refused").to_string()
}

const TRUSTED: &str = "ca = \"authority.pem\"\nserver_name = \"shop.test\"";

#[test]
fn an_untrusted_certificate_is_refused() {
    let text = refusal(&Secure::start(stranger()), HttpDefaults::default());
    assert!(
        text.contains("tls:") && text.contains("certificate"),
        "{text}"
    );
}

#[test]
fn an_explicit_choice_accepts_it_and_one_handshake_serves_many_requests() {
    let secure = Secure::start(stranger());
    let left = ten(&secure, http("[http]\ninsecure = true"));
    assert_eq!(left.outcome.wire.tls_us.len(), 1);
    assert_eq!(secure.shaken().len(), 1);
}

#[test]
fn an_authority_of_ones_own_vouches_for_a_name() {
    let secure = Secure::start(shop());
    ten(&secure, http(&format!("[http.tls]\n{TRUSTED}")));
    assert_eq!(secure.shaken()[0].name.as_deref(), Some("shop.test"));
    // For that name and no other.
    let text = refusal(&secure, http("[http.tls]\nca = \"authority.pem\""));
    assert!(text.contains("tls:") && text.contains("name"), "{text}");
    // And for nobody else.
    let stranger = Secure::start(stranger());
    let text = refusal(&stranger, http("[http.tls]\nca = \"authority.pem\""));
    assert!(text.contains("tls:"), "{text}");
}

#[test]
fn a_client_certificate_is_shown_to_whoever_asks() {
    let secure = Secure::start(server(SHOP, ALL_VERSIONS, true));
    let own = format!("[http.tls]\n{TRUSTED}\ncertificate = \"client.pem\"\nkey = \"client.key\"");
    ten(&secure, http(&own));
    assert!(secure.shaken()[0].client_shown);
    // TLS 1.2 refuses within the handshake whoever shows none.
    let nobody = format!("[http.tls]\n{TRUSTED}\nmax_version = \"1.2\"");
    let text = refusal(&secure, http(&nobody));
    assert!(text.contains("tls:"), "{text}");
}

#[test]
fn only_the_versions_that_are_wanted_are_spoken() {
    let secure = Secure::start(shop());
    ten(
        &secure,
        http(&format!("[http.tls]\n{TRUSTED}\nmax_version = \"1.2\"")),
    );
    assert_eq!(secure.shaken()[0].version, Some(ProtocolVersion::TLSv1_2));
    let secure = Secure::start(shop());
    ten(&secure, http(&format!("[http.tls]\n{TRUSTED}")));
    assert_eq!(secure.shaken()[0].version, Some(ProtocolVersion::TLSv1_3));
    let old = Secure::start(server(SHOP, &[&version::TLS12], false));
    let text = refusal(
        &old,
        http(&format!("[http.tls]\n{TRUSTED}\nmin_version = \"1.3\"")),
    );
    assert!(text.contains("tls:"), "{text}");
}

/// Full and resumed handshakes, as the client counts them; the server must agree.
fn handshakes(more: &str) -> (u64, u64) {
    let secure = Secure::start(shop());
    let section = format!("[http]\nconnections = \"per-iteration\"\n[http.tls]\n{TRUSTED}\n{more}");
    let left = ten(&secure, http(&section));
    let totals = &left.outcome.totals;
    let resumed = secure.shaken().iter().filter(|one| one.resumed).count();
    assert_eq!(totals.handshakes_resumed, resumed as u64);
    assert_eq!(left.outcome.wire.tls_us.len(), 10);
    (totals.handshakes_full, totals.handshakes_resumed)
}

#[test]
fn sessions_are_resumed_unless_the_scenario_wants_none() {
    assert_eq!(handshakes(""), (1, 9));
    assert_eq!(handshakes("max_version = \"1.2\""), (1, 9));
    assert_eq!(handshakes("resumption = false"), (10, 0));
}
