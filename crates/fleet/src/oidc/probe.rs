//! The live test of a configuration, stored or merely typed.

use super::{CALLBACK, Draft, config, draft, live};
use crate::{Cx, Result};
use ::oidc::{Check, Registration, Step, Way, check};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;

/// What is to be tested: what is typed, and for the rest what is stored.
#[derive(Debug, Clone, Default)]
pub struct Probe {
    /// Issuer.
    pub issuer: Option<String>,
    /// Client id.
    pub client_id: Option<String>,
    /// Client secret. The stored one is used only with the issuer and client that it belongs to.
    pub client_secret: Option<SecretString>,
}

/// How the test ended.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = OidcReport)]
pub struct Report {
    /// No step failed.
    pub ok: bool,
    /// The steps in their order.
    pub steps: Vec<StepReport>,
    /// To be entered at the provider.
    pub redirect_uri: String,
}

/// How one step ended.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = OidcStepReport)]
pub struct StepReport {
    /// `discovery` or `client`.
    pub name: &'static str,
    /// `passed`, `failed` or `skipped`.
    pub status: &'static str,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<&'static str>,
    /// The same as a sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// What to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_step: Option<&'static str>,
}

/// Tries the provider: discovery and keys, then client id and secret.
pub async fn probe(cx: &Cx, probe: Probe, base: &str) -> Result<Report> {
    let cx = cx.as_admin()?;
    let services = &cx.services;
    let stored = config::stored(services).await?;
    let of_stored = |value: fn(&store::oidc::Provider) -> &String| stored.as_ref().map(value).cloned();
    let issuer = probe.issuer.or_else(|| of_stored(|stored| &stored.issuer)).unwrap_or_default();
    let client_id = probe.client_id.or_else(|| of_stored(|stored| &stored.client_id)).unwrap_or_default();
    let typed = Draft::new(issuer, client_id, probe.client_secret).check()?;
    let same = stored.filter(|old| old.issuer == typed.issuer && old.client_id == typed.client_id);
    let registration = match (&typed.client_secret, same) {
        (None, Some(stored)) => live::registration(services, &stored, base).await?,
        (secret, _) => Registration {
            client_id: typed.client_id.clone(),
            client_secret: secret.clone().filter(|secret| !secret.expose_secret().is_empty()),
            redirect_uri: format!("{base}{CALLBACK}"),
            scopes: Vec::new(),
            groups_claim: draft::GROUPS.to_owned(),
        },
    };
    let allowed = live::allowed(services, &typed.issuer);
    let way = Way { outbound: &services.outbound, allowed: &allowed };
    let steps: Vec<StepReport> = check(way, &typed.issuer, &registration).await.map(StepReport::from).into();
    let ok = steps.iter().all(|step| step.status != "failed");
    Ok(Report { ok, steps, redirect_uri: registration.redirect_uri })
}

impl From<Check> for StepReport {
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
            code: fault.map(::oidc::Fault::code),
            title: fault.map(|fault| format!("It did not work: {fault}.")),
            next_step: fault.map(::oidc::Fault::next_step),
        }
    }
}
