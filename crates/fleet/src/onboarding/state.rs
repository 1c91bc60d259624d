//! How far the onboarding is.

use crate::{Cx, Error, Result, Services};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use store::{Tx, agents, config, providers, users};
use utoipa::ToSchema;

/// Key in `system_config` of what says that the onboarding is over.
pub(super) const KEY: &str = "onboarding";
/// Key in `system_config` of what says that the step of the identity provider was skipped.
pub(super) const OIDC_SKIPPED: &str = "onboarding_oidc";

/// What `system_config` holds under `onboarding` once it is over.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Completed {
    pub(super) completed: bool,
    pub(super) at: DateTime<Utc>,
}

/// The steps and whether they are done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Onboarding)]
pub struct State {
    /// Over, for good.
    pub completed: bool,
    /// There is a breakglass admin.
    pub breakglass: bool,
    /// An identity provider is configured, or the step was skipped. Only shown to a signed-in person.
    pub oidc: bool,
    /// The signed-in person has a provider. Only shown to a signed-in person.
    pub provider: bool,
    /// The signed-in person has an agent. Only shown to a signed-in person.
    pub agent: bool,
}

/// How far it is; `cx` belongs to a signed-in person.
pub async fn state(services: &Services, cx: Option<&Cx>) -> Result<State> {
    let mut tx = services.store.system("state of the onboarding").await?;
    let completed = is_completed(&mut tx).await?;
    let breakglass = users::breakglass_exists(&mut tx).await?;
    drop(tx);
    let (mut oidc, mut provider, mut agent) = (false, false, false);
    if let Some(cx) = cx {
        let configured = crate::oidc::label(services).await?.is_some();
        let mut tx = cx.begin().await?;
        oidc = configured || config::get::<serde_json::Value>(&mut tx, OIDC_SKIPPED).await?.is_some();
        provider = !providers::list(&mut tx).await?.is_empty();
        agent = !agents::list(&mut tx).await?.is_empty();
    }
    Ok(State { completed, breakglass, oidc, provider, agent })
}

pub(super) async fn is_completed(tx: &mut Tx) -> Result<bool> {
    Ok(config::get::<Completed>(tx, KEY).await?.is_some_and(|fact| fact.value.completed))
}

/// Refuses once the onboarding is over.
pub async fn require_open(services: &Services) -> Result<()> {
    let mut tx = services.store.system("state of the onboarding").await?;
    if is_completed(&mut tx).await? { Err(closed()) } else { Ok(()) }
}

pub(super) fn closed() -> Error {
    Error::conflict("onboarding_completed", "The setup is complete. Sign in and use the settings instead.")
}
