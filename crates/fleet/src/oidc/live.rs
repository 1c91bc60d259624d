//! The provider as it can be talked to now: its discovery document, kept for a minute, and Mosaic's registration.

use super::{CALLBACK, config};
use crate::{Result, Services, keys};
use ::oidc::{Fault, Provider, Registration, Way};
use ::providers::{AllowedHosts, outbound::Url};
use chrono::{DateTime, TimeDelta, Utc};
use secrecy::SecretString;
use secrets::Sealed;
use std::sync::{Arc, Mutex, PoisonError};
use store::oidc::Provider as Stored;

/// So long a discovery document counts as fresh. Providers announce a new key long before they sign with it.
const FRESH: TimeDelta = TimeDelta::seconds(60);

/// The last provider that was discovered, by this process.
#[derive(Default)]
pub(crate) struct Live(Mutex<Option<Found>>);

struct Found {
    issuer: String,
    at: DateTime<Utc>,
    provider: Arc<Provider>,
}

impl Live {
    /// Discovers the provider, unless that was done a moment ago. Also keeps strangers who post made-up logout
    /// tokens from making Mosaic call the provider again and again.
    pub(super) async fn provider(
        services: &Services,
        issuer: &str,
    ) -> std::result::Result<Arc<Provider>, Fault> {
        let now = services.clock.now();
        if let Some(found) = services.oidc.kept(issuer, now) {
            return Ok(found);
        }
        let allowed = allowed(services, issuer);
        let way = Way { outbound: &services.outbound, allowed: &allowed };
        let provider = Arc::new(Provider::discover(way, issuer).await?);
        let found = Found { issuer: issuer.to_owned(), at: now, provider: Arc::clone(&provider) };
        *services.oidc.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(found);
        Ok(provider)
    }

    fn kept(&self, issuer: &str, now: DateTime<Utc>) -> Option<Arc<Provider>> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let found = kept.as_ref().filter(|found| found.issuer == issuer && now - found.at < FRESH)?;
        Some(Arc::clone(&found.provider))
    }
}

/// The private hosts that may be called for this issuer: its own host and port, because an admin entered it, and
/// those of the settings. The list of the settings is not added to: agents' networks follow that one.
pub(super) fn allowed(services: &Services, issuer: &str) -> AllowedHosts {
    let set: AllowedHosts = services.settings.get().allowed_hosts.iter().collect();
    match Url::parse(issuer) {
        Ok(url) => set.with_host_of(&url),
        Err(_) => set,
    }
}

/// Mosaic as the stored provider knows it; `base` is the origin that browsers use.
pub(super) async fn registration(services: &Services, stored: &Stored, base: &str) -> Result<Registration> {
    let client_secret = secret(services, stored).await?;
    Ok(Registration {
        client_id: stored.client_id.clone(),
        client_secret,
        redirect_uri: format!("{base}{CALLBACK}"),
        scopes: stored.scopes.clone(),
        groups_claim: stored.groups_claim.clone(),
    })
}

async fn secret(services: &Services, stored: &Stored) -> Result<Option<SecretString>> {
    let Some(sealed) = &stored.client_secret else { return Ok(None) };
    let mut tx = services.store.system("the instance's data key").await?;
    let key = keys::of_instance(services, &mut tx).await?;
    tx.commit().await?;
    // Opened to be shown to the token endpoint of the provider that gave it out.
    Ok(Some(secrets::open(&key, &config::place(stored.id), &Sealed::from_bytes(sealed)?)?))
}
