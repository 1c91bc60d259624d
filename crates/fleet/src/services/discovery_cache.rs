//! The discovery document of the identity provider, kept for a minute.

use chrono::{DateTime, TimeDelta, Utc};
use oidc::Provider;
use parking_lot::Mutex;
use std::sync::Arc;

/// How long a discovery document counts as fresh. Providers announce a new key long before they sign with it.
const FRESH_FOR: TimeDelta = TimeDelta::seconds(60);

/// The provider that this process discovered last.
#[derive(Default)]
pub(crate) struct DiscoveryCache(Mutex<Option<Discovered>>);

struct Discovered {
    issuer: String,
    at: DateTime<Utc>,
    provider: Arc<Provider>,
}

impl DiscoveryCache {
    /// The provider of `issuer`, if it was discovered within the last minute.
    pub(crate) fn get(&self, issuer: &str, now: DateTime<Utc>) -> Option<Arc<Provider>> {
        let kept = self.0.lock();
        let discovered = kept.as_ref().filter(|kept| kept.issuer == issuer && now - kept.at < FRESH_FOR)?;
        Some(Arc::clone(&discovered.provider))
    }

    pub(crate) fn put(&self, issuer: &str, at: DateTime<Utc>, provider: Arc<Provider>) {
        *self.0.lock() = Some(Discovered { issuer: issuer.to_owned(), at, provider });
    }
}
