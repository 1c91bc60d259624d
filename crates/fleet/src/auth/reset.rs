//! A new breakglass password, set on the server.

use crate::{Cx, Error, Origin, Result, Services};
use domain::Actor;
use secrecy::SecretString;
use serde_json::json;
use std::sync::Arc;
use store::{credentials, users};

/// Sets a new password for the oldest breakglass admin and ends their sessions. Answers with their username.
pub async fn reset_breakglass(services: &Arc<Services>, password: SecretString) -> Result<String> {
    let cx = Cx {
        actor: Actor::System("reset of the breakglass password on the server"),
        origin: Origin { request_id: "command line".into(), address: "local".into(), ..Origin::default() },
        services: Arc::clone(services),
    };
    let mut tx = cx.begin().await?;
    let admin = users::first_breakglass(&mut tx).await?.ok_or_else(|| {
        Error::conflict(
            "no_breakglass",
            "There is no breakglass admin yet. Open the setup link and create one.",
        )
    })?;
    tx.commit().await?;
    secrets::password::rules::check(&password, &admin.username)?;
    let hash = services.passwords.hash(password).await?;

    let mut tx = cx.begin().await?;
    users::set_breakglass(&mut tx, admin.id, &hash).await?;
    credentials::delete_sessions_of(&mut tx, admin.id).await?;
    super::forget_failures(&cx, &mut tx, &admin.username).await?;
    cx.audit(&mut tx, "breakglass.reset", &admin.id.to_string(), Some(admin.id), json!({})).await?;
    tx.commit().await?;
    Ok(admin.username)
}
