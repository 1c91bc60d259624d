//! TLS as every outbound connection uses it.
//!
//! Owns the system's certificates, read once and on first use. It must not weaken verification.

use super::Fault;
use rustls::{ClientConfig, RootCertStore, client::Resumption, crypto::ring};
use std::sync::{Arc, OnceLock};

/// The settings of TLS, made when the first connection needs them: reading and parsing the system's
/// certificates takes milliseconds that no single call should pay. A root that is added later counts
/// from the next start on.
#[derive(Clone, Default)]
pub(super) struct Tls(Arc<OnceLock<Option<ClientConfig>>>);

impl Tls {
    pub(super) fn config(&self) -> Result<ClientConfig, Fault> {
        self.0.get_or_init(make).clone().ok_or(Fault::Client)
    }
}

fn make() -> Option<ClientConfig> {
    let found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    let (usable, odd) = roots.add_parsable_certificates(found.certs);
    if usable == 0 {
        tracing::error!(errors = ?found.errors, "no usable root certificates: every https call will fail");
    }
    tracing::debug!(usable, odd, "root certificates of the system");
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let mut config = builder.ok()?.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    // No user's connection continues another user's TLS session.
    config.resumption = Resumption::disabled();
    Some(config)
}
