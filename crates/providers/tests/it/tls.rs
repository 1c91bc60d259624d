//! TLS: the name is verified although the address is pinned, and failures have their names.

use crate::support::{HOST, Scripted, loopback, serve, with_headers};
use providers::{
    AllowedHosts, Outbound,
    outbound::{OutboundError, Request, RequestLimits, Url},
};
use std::{
    process::Command,
    sync::{Arc, Mutex},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        crypto::ring,
        pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
    },
};

/// Serves `llm.test` with a certificate of its own; returns its port and the certificate as PEM.
async fn tls_server() -> (u16, String) {
    let made = rcgen::generate_simple_self_signed(vec![HOST.to_owned()]).unwrap();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let Ok(socket) = acceptor.accept(socket).await else { return };
                serve(socket, &|_: &_| with_headers(200, "", "private"), &Mutex::default()).await;
            });
        }
    });
    (port, made.cert.pem())
}

async fn outcome(host: &str, port: u16) -> Result<String, OutboundError> {
    let url = Url::parse(&format!("https://{host}:{port}/")).unwrap();
    let allowed = AllowedHosts::none().with(host, port);
    let answer = loopback().send(Request::get(url), &allowed).await?;
    Ok(String::from_utf8_lossy(&answer.body).into_owned())
}

#[tokio::test]
async fn an_untrusted_certificate_is_refused() {
    let (port, _) = tls_server().await;
    assert_eq!(outcome(HOST, port).await, Err(OutboundError::CertificateRejected));
}

#[tokio::test]
async fn a_server_without_tls_is_not_a_bad_certificate() {
    for (says, expected) in
        [("HTTP/1.1 400 Bad Request\r\n\r\n", OutboundError::TlsFailed), ("", OutboundError::TlsFailed)]
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            while let Ok((mut socket, _)) = listener.accept().await {
                let _ = socket.read(&mut [0; 4096]).await;
                let _ = socket.write_all(says.as_bytes()).await;
            }
        });
        assert_eq!(outcome(HOST, port).await, Err(expected), "{says:?}");
    }
}

#[tokio::test]
async fn a_closed_port_is_a_refusal() {
    let port = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    assert_eq!(outcome(HOST, port).await, Err(OutboundError::ConnectionRefused));
}

#[tokio::test]
async fn an_unknown_name_is_a_dns_failure() {
    let outbound = Outbound::new(Scripted::new(&[]), RequestLimits::default());
    let call = Request::get(Url::parse("https://nowhere.test/").unwrap());
    assert_eq!(outbound.send(call, &AllowedHosts::none()).await.err(), Some(OutboundError::DnsFailed));
}

/// A company's own root in the system's certificates is used, and only for its names.
/// The system's certificates come from the environment here, so the test runs itself again.
#[tokio::test]
async fn a_root_of_the_system_is_used_for_its_names() {
    let (port, pem) = tls_server().await;
    let file = std::env::temp_dir().join(format!("providers-root-{port}.pem"));
    std::fs::write(&file, pem).unwrap();
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", "--ignored", "tls::child_with_a_company_root"]);
    child.env("SSL_CERT_FILE", &file).env_remove("SSL_CERT_DIR").env("TLS_TEST_PORT", port.to_string());
    let output = tokio::task::spawn_blocking(move || child.output().unwrap()).await.unwrap();
    std::fs::remove_file(file).unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
}

#[tokio::test]
#[ignore = "run by a_root_of_the_system_is_used_for_its_names"]
async fn child_with_a_company_root() {
    let port = std::env::var("TLS_TEST_PORT").unwrap().parse().unwrap();
    assert_eq!(outcome(HOST, port).await.as_deref(), Ok("private"));
    assert_eq!(outcome("other.test", port).await, Err(OutboundError::CertificateRejected));
}
