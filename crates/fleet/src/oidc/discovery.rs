//! The provider as it can be talked to now, and Mosaic's registration with it.

use super::CALLBACK;
use crate::{
    Result, Services,
    keys::{self, aad},
};
use ::oidc::{OutboundAccess, Provider, Registration};
use ::providers::{AllowedHosts, outbound::Url};
use secrecy::SecretString;
use secrets::Sealed;
use std::sync::Arc;
use store::oidc::Provider as Stored;

/// Discovers the provider, unless this process did so a moment ago: people who post made-up logout tokens must not make
/// Mosaic call the provider again and again.
pub(super) async fn discover(
    services: &Services,
    issuer: &str,
) -> std::result::Result<Arc<Provider>, ::oidc::Error> {
    let now = services.clock.now();
    if let Some(provider) = services.discovery.get(issuer, now) {
        return Ok(provider);
    }
    let allowed = allowed_hosts(services, issuer);
    let access = OutboundAccess { outbound: &services.outbound, allowed: &allowed };
    let provider = Arc::new(Provider::discover(access, issuer).await?);
    services.discovery.put(issuer, now, Arc::clone(&provider));
    Ok(provider)
}

/// The private hosts that may be called for this issuer: its own host and port, because an admin entered it, and
/// those of the settings. The list of the settings does not grow: agents' networks follow that one.
pub(super) fn allowed_hosts(services: &Services, issuer: &str) -> AllowedHosts {
    let configured: AllowedHosts = services.settings.get().allowed_hosts.iter().collect();
    match Url::parse(issuer) {
        Ok(url) => configured.with_host_of(&url),
        Err(_) => configured,
    }
}

/// Mosaic as the stored provider knows it; `base` is the origin that browsers use.
pub(super) async fn registration(services: &Services, stored: &Stored, base: &str) -> Result<Registration> {
    let client_secret = client_secret(services, stored).await?;
    Ok(Registration {
        client_id: stored.client_id.clone(),
        client_secret,
        redirect_uri: format!("{base}{CALLBACK}"),
        scopes: stored.scopes.clone(),
        groups_claim: stored.groups_claim.clone(),
    })
}

async fn client_secret(services: &Services, stored: &Stored) -> Result<Option<SecretString>> {
    let Some(sealed) = &stored.client_secret else { return Ok(None) };
    let mut tx = services.store.system("the instance's data key").await?;
    let key = keys::of_instance(services, &mut tx).await?;
    tx.commit().await?;
    // Opened to be shown to the token endpoint of the provider that issued it.
    Ok(Some(secrets::open(&key, &aad::oidc_client_secret(stored.id), &Sealed::from_bytes(sealed)?)?))
}
