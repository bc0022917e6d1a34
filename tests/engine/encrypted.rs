//! TLS: a certificate nobody vouches for is refused unless the scenario says otherwise.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::bench::{Manner, arrivals, begin, get, run, scenario};

/// Serves `ok` to everyone over TLS, for as long as the process lives; counts handshakes.
fn tls_server() -> (String, Arc<AtomicUsize>) {
    let certificate = CertificateDer::from_pem_slice(include_bytes!("tls/cert.pem")).unwrap();
    let key = PrivateKeyDer::from_pem_slice(include_bytes!("tls/key.pem")).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    let handshakes = Arc::new(AtomicUsize::new(0));
    let counted = handshakes.clone();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async move {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let (acceptor, counted) = (acceptor.clone(), counted.clone());
                tokio::spawn(async move {
                    let Ok(mut stream) = acceptor.accept(stream).await else {
                        return;
                    };
                    counted.fetch_add(1, Ordering::SeqCst);
                    let mut request = [0; 4096];
                    while stream.read(&mut request).await.is_ok_and(|read| read > 0) {
                        let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
                        stream.write_all(answer).await.unwrap();
                        stream.flush().await.unwrap();
                    }
                });
            }
        });
    });
    (url, handshakes)
}

#[test]
fn an_untrusted_certificate_is_refused() {
    let (url, _) = tls_server();
    let plan = scenario(vec![get("/")], arrivals(10.0, 0.5, 1));
    let error = begin(plan, &url, Manner::default()).err().expect("refused");
    let text = error.to_string();
    assert!(
        text.contains("tls:") && text.contains("certificate"),
        "{text}"
    );
}

#[test]
fn an_explicit_choice_accepts_it_and_one_handshake_serves_many_requests() {
    let (url, handshakes) = tls_server();
    let mut plan = scenario(vec![get("/"), get("/x")], arrivals(20.0, 1.0, 1));
    plan.http.insecure = true;
    let left = run(plan, &url);
    assert_eq!(
        left.outcome.totals.iterations_failed,
        0,
        "{:?}",
        left.samples()
    );
    assert_eq!(left.sum(1).ok, 20);
    assert_eq!(left.outcome.connect_us.len(), 1);
    // The first one only looked whether the target can be reached.
    assert_eq!(handshakes.load(Ordering::SeqCst), 2);
}
