//! The live test of a configuration, stored or only entered.

use super::{CALLBACK, Draft, config, discovery};
use crate::{Cx, Result};
use ::oidc::{Check, OutboundAccess, Registration, Step, check};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;

/// What to test: the entered values, and the stored ones for the rest.
#[derive(Debug, Clone, Default)]
pub struct Probe {
    pub issuer: Option<String>,
    pub client_id: Option<String>,
    /// The stored secret is used only with the issuer and client that it belongs to.
    pub client_secret: Option<SecretString>,
}

/// How the test ended.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OidcReport {
    /// Whether no step failed.
    pub ok: bool,
    /// The steps in their order.
    pub steps: Vec<OidcStepReport>,
    /// The address to enter at the provider.
    pub redirect_uri: String,
}

/// How one step ended.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OidcStepReport {
    /// `discovery` or `client`.
    pub name: &'static str,
    /// `passed`, `failed` or `skipped`.
    pub status: &'static str,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<&'static str>,
    /// The reason as a sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// What to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_step: Option<&'static str>,
}

/// Tests the provider: discovery and keys, then client id and secret.
pub async fn probe(cx: &Cx, probe: Probe, base: &str) -> Result<OidcReport> {
    let cx = cx.as_admin()?;
    let services = &cx.services;
    let stored = config::stored(services).await?;
    let of_stored = |value: fn(&store::oidc::Provider) -> &String| stored.as_ref().map(value).cloned();
    let issuer = probe.issuer.or_else(|| of_stored(|stored| &stored.issuer)).unwrap_or_default();
    let client_id = probe.client_id.or_else(|| of_stored(|stored| &stored.client_id)).unwrap_or_default();
    let draft = Draft::new(issuer, client_id, probe.client_secret).check()?;
    let same = stored.filter(|old| old.issuer == draft.issuer && old.client_id == draft.client_id);
    let registration = match (&draft.client_secret, same) {
        (None, Some(stored)) => discovery::registration(services, &stored, base).await?,
        (secret, _) => Registration {
            client_id: draft.client_id.clone(),
            client_secret: secret.clone().filter(|secret| !secret.expose_secret().is_empty()),
            redirect_uri: format!("{base}{CALLBACK}"),
            scopes: Vec::new(),
            groups_claim: super::draft::DEFAULT_GROUPS_CLAIM.to_owned(),
        },
    };
    let allowed = discovery::allowed_hosts(services, &draft.issuer);
    let access = OutboundAccess { outbound: &services.outbound, allowed: &allowed };
    let steps: Vec<OidcStepReport> =
        check(access, &draft.issuer, &registration).await.map(OidcStepReport::from).into();
    let ok = steps.iter().all(|step| step.status != "failed");
    Ok(OidcReport { ok, steps, redirect_uri: registration.redirect_uri })
}

impl From<Check> for OidcStepReport {
    fn from(check: Check) -> Self {
        let name = match check.step {
            Step::Discovery => "discovery",
            Step::Client => "client",
        };
        let (status, fault) = match check.outcome {
            Some(Ok(())) => ("passed", None),
            Some(Err(fault)) => ("failed", Some(fault)),
            None => ("skipped", None),
        };
        Self {
            name,
            status,
            code: fault.map(::oidc::Error::code),
            title: fault.map(|fault| format!("It did not work: {fault}.")),
            next_step: fault.map(::oidc::Error::next_step),
        }
    }
}
