//! TLS of all outbound connections.
//!
//! Owns the system's root certificates, read once on first use. It must not weaken verification.

use super::OutboundError;
use rustls::{ClientConfig, RootCertStore, client::Resumption, crypto::ring};
use std::sync::{Arc, OnceLock};

/// The TLS configuration, created for the first connection and then shared, because reading the system's certificates
/// takes milliseconds. A root certificate added later is used from the next start on.
#[derive(Clone, Default)]
pub(super) struct Tls(Arc<OnceLock<Option<ClientConfig>>>);

impl Tls {
    pub(super) fn config(&self) -> Result<ClientConfig, OutboundError> {
        self.0.get_or_init(create).clone().ok_or(OutboundError::ClientSetup)
    }
}

fn create() -> Option<ClientConfig> {
    let found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    let (usable, ignored) = roots.add_parsable_certificates(found.certs);
    if usable == 0 {
        tracing::error!(errors = ?found.errors, "no usable root certificates: every https request will fail");
    }
    tracing::debug!(usable, ignored, "read the system's root certificates");
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let mut config = builder.ok()?.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    // A connection of one user must not resume the TLS session of another.
    config.resumption = Resumption::disabled();
    Some(config)
}
