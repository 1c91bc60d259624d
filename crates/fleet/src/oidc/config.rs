//! The configuration of the identity provider: read, replaced, removed.

use super::{BACKCHANNEL, CALLBACK, Draft, SIGNED_OUT};
use crate::{
    Cx, Error, Result, Services,
    keys::{self, aad},
};
use domain::{AuditId, Invalid};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use serde_json::{Value, json};
use store::{Tx, oidc, oidc::Provider};
use uuid::Uuid;

/// The configuration as an admin sees it, with the addresses to enter at the provider.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OidcSettings {
    /// The configured provider; absent when there is none.
    #[serde(flatten)]
    pub provider: Option<OidcProvider>,
    /// Whether there is a provider.
    pub configured: bool,
    /// Where it sends browsers back to.
    pub redirect_uri: String,
    /// Where it sends browsers that have signed out.
    pub post_logout_redirect_uri: String,
    /// Where it posts logout tokens.
    pub backchannel_logout_uri: String,
}

/// The configured provider, without its secret.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OidcProvider {
    pub issuer: String,
    pub client_id: String,
    /// `{"set": true}`.
    pub client_secret: Value,
    pub label: String,
    pub scopes: Vec<String>,
    pub auto_provision: bool,
    pub allowed_domains: Vec<String>,
    pub allowed_groups: Vec<String>,
    pub groups_claim: String,
    pub admin_groups: Vec<String>,
}

impl OidcSettings {
    fn new(provider: Option<Provider>, base: &str) -> Self {
        Self {
            configured: provider.is_some(),
            provider: provider.map(OidcProvider::from),
            redirect_uri: format!("{base}{CALLBACK}"),
            post_logout_redirect_uri: format!("{base}{SIGNED_OUT}"),
            backchannel_logout_uri: format!("{base}{BACKCHANNEL}"),
        }
    }
}

impl From<Provider> for OidcProvider {
    fn from(provider: Provider) -> Self {
        Self {
            client_secret: json!({ "set": provider.client_secret.is_some() }),
            issuer: provider.issuer,
            client_id: provider.client_id,
            label: provider.label,
            scopes: provider.scopes,
            auto_provision: provider.auto_provision,
            allowed_domains: provider.allowed_domains,
            allowed_groups: provider.allowed_groups,
            groups_claim: provider.groups_claim,
            admin_groups: provider.admin_groups,
        }
    }
}

/// The label of the sign-in button; `None` when there is no provider.
pub async fn label(services: &Services) -> Result<Option<String>> {
    Ok(stored(services).await?.map(|provider| provider.label))
}

/// The configuration, for an admin; `base` is the origin that browsers use.
pub async fn get(cx: &Cx, base: &str) -> Result<OidcSettings> {
    let mut tx = cx.as_admin()?.begin().await?;
    Ok(OidcSettings::new(oidc::provider(&mut tx).await?, base))
}

/// Replaces the configuration. A stored secret stays only with the issuer and client that it belongs to.
pub async fn put(cx: &Cx, draft: Draft, base: &str) -> Result<OidcSettings> {
    let cx = cx.as_admin()?;
    let draft = draft.check()?;
    let mut tx = cx.system("replace the identity provider").await?;
    let before = oidc::provider(&mut tx).await?;
    let secret_changed = draft.client_secret.is_some();
    let after = replacement(&cx.services, &mut tx, before.as_ref(), draft).await?;
    oidc::put_provider(&mut tx, &after).await?;
    let visible = |provider: Provider| json!(OidcProvider::from(provider));
    let mut detail = json!({ "before": before.map(visible), "after": visible(after.clone()) });
    if secret_changed {
        detail["clientSecret"] = "changed".into();
    }
    cx.audit(&mut tx, "oidc.change", &after.issuer, None, detail).await?;
    tx.commit().await?;
    Ok(OidcSettings::new(Some(after), base))
}

/// The provider that replaces the one before.
async fn replacement(
    services: &Services,
    tx: &mut Tx,
    before: Option<&Provider>,
    draft: Draft,
) -> Result<Provider> {
    let same = before.filter(|old| old.issuer == draft.issuer && old.client_id == draft.client_id);
    if draft.client_secret.is_none()
        && same.is_none()
        && before.is_some_and(|old| old.client_secret.is_some())
    {
        let message = "Enter the client secret again: the stored one belongs to another issuer or client.";
        return Err(Invalid::new("clientSecret", message).into());
    }
    let id = same.map_or_else(|| AuditId::new(services.clock.now()).uuid(), |old| old.id);
    let client_secret = match &draft.client_secret {
        None => same.and_then(|old| old.client_secret.clone()),
        Some(secret) if secret.expose_secret().is_empty() => None,
        Some(secret) => Some(seal(services, tx, id, secret).await?),
    };
    Ok(Provider {
        id,
        issuer: draft.issuer,
        client_id: draft.client_id,
        client_secret,
        label: draft.label.unwrap_or_default(),
        scopes: draft.scopes.unwrap_or_default(),
        auto_provision: draft.auto_provision.unwrap_or(true),
        allowed_domains: draft.allowed_domains,
        allowed_groups: draft.allowed_groups,
        groups_claim: draft.groups_claim.unwrap_or_default(),
        admin_groups: draft.admin_groups,
    })
}

/// Removes the provider: nobody can sign in with it any more. Sessions that it opened last until they expire.
pub async fn remove(cx: &Cx) -> Result<()> {
    let cx = cx.as_admin()?;
    let mut tx = cx.begin().await?;
    if !oidc::delete_provider(&mut tx).await? {
        return Err(Error::NotFound("identity provider"));
    }
    cx.audit(&mut tx, "oidc.remove", "", None, json!({})).await?;
    tx.commit().await?;
    Ok(())
}

/// The provider as stored now: every sign-in uses the newest configuration.
pub(super) async fn stored(services: &Services) -> Result<Option<Provider>> {
    let mut tx = services.store.system("the identity provider").await?;
    Ok(oidc::provider(&mut tx).await?)
}

/// The same, where a missing provider is an error.
pub(super) async fn required(services: &Services) -> Result<Provider> {
    stored(services).await?.ok_or_else(|| {
        Error::refused("oidc_not_configured", "No identity provider is configured. Sign in with a password.")
    })
}

async fn seal(services: &Services, tx: &mut Tx, id: Uuid, secret: &SecretString) -> Result<Vec<u8>> {
    let key = keys::of_instance(services, tx).await?;
    Ok(secrets::seal(&key, &aad::oidc_client_secret(id), secret)?.to_bytes())
}
