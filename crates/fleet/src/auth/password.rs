//! A breakglass admin's new password.

use super::throttle;
use crate::{Cx, Error, Result};
use domain::{Invalid, SessionId};
use secrecy::SecretString;
use serde_json::json;
use store::{audit, sessions, users};

/// Replaces the acting admin's password, after a check of the current one, and ends all sessions but this one.
pub async fn change_password(
    cx: &Cx,
    session: SessionId,
    current: SecretString,
    new: SecretString,
) -> Result<()> {
    let user = cx.as_admin()?.user()?;
    let services = &cx.services;
    let mut tx = services.store.system("read a breakglass password").await?;
    let stored = users::breakglass_hash(&mut tx, user).await?.ok_or_else(|| {
        let detail =
            "Your account has no password here. Change it at the identity provider you sign in with.";
        Error::conflict("no_breakglass", detail)
    })?;
    let username = users::get(&mut tx, user).await?.ok_or(Error::NotSignedIn)?.username;
    drop(tx);
    secrets::password::rules::check(&new, &username)
        .map_err(|invalid| Invalid { field: "new", ..invalid })?;
    // In a browser that was left open nobody can guess faster than at the sign-in.
    let attempt = throttle::attempt(cx, &username).await?;
    let fits = services.passwords.verify(current, Some(stored.clone()), attempt.throttle_class()).await?;
    if !fits {
        let mut tx = cx.begin().await?;
        let denied = audit::Outcome::Denied;
        cx.audit_outcome(
            &mut tx,
            "breakglass.password",
            &user.to_string(),
            Some(user),
            denied,
            attempt.detail(),
        )
        .await?;
        tx.commit().await?;
        return Err(Invalid::new("current", "This is not the current password.").into());
    }
    let hash = services.passwords.hash(new).await?;
    let mut tx = services.store.system("replace a breakglass password").await?;
    attempt.succeeded(&mut tx).await?;
    if !users::replace_breakglass(&mut tx, user, &stored, &hash).await? {
        return Err(Error::Stale);
    }
    let ended = sessions::delete_others(&mut tx, user, session).await?;
    cx.audit(
        &mut tx,
        "breakglass.password",
        &user.to_string(),
        Some(user),
        json!({ "endedSessions": ended }),
    )
    .await?;
    tx.commit().await?;
    Ok(())
}
