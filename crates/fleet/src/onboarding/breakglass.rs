//! The first admin.

use super::state::{closed, is_completed};
use crate::{
    Cx, Error, Origin, Result, Services,
    auth::{self, SignIn, open_session},
    users::parse_name,
};
use domain::{Actor, Role, UserId};
use secrecy::SecretString;
use serde_json::json;
use std::sync::Arc;
use store::users;

/// Refuses a client without the token of the setup link, and returns the token otherwise.
pub fn require_setup_token(services: &Services, presented: Option<SecretString>) -> Result<SecretString> {
    presented.filter(|token| services.ring.is_setup_token(services.instance, token)).ok_or(Error::SetupToken)
}

/// Creates the breakglass admin and signs them in. Needs the setup token; there is only one first admin.
pub async fn breakglass(
    services: &Arc<Services>,
    origin: Origin,
    setup_token: Option<SecretString>,
    username: &str,
    password: SecretString,
    user_agent: &str,
) -> Result<SignIn> {
    require_setup_token(services, setup_token)?;
    let username = parse_name("username", username)?;
    secrets::password::rules::check(&password, &username)?;
    let cx = Cx { actor: Actor::System("first admin"), origin, services: Arc::clone(services) };
    // Refused early, before the expensive hash; the decision is below, under the lock.
    let mut tx = cx.begin().await?;
    refuse_second(&mut tx).await?;
    drop(tx);
    let hash = services.passwords.hash(password).await?;

    let mut tx = cx.begin().await?;
    users::breakglass_exists_locked(&mut tx).await?;
    refuse_second(&mut tx).await?;
    let id = UserId::new(services.clock.now());
    users::insert(&mut tx, id, &username, &username, Role::Admin).await?;
    users::set_breakglass(&mut tx, id, &hash).await?;
    // From here on strangers elsewhere cannot slow down sign-ins from this address.
    auth::record_success(&cx, &mut tx, &username).await?;
    let (token, lasts_seconds) = open_session(&cx, &mut tx, id, user_agent, None).await?;
    cx.audit(&mut tx, "breakglass.create", &id.to_string(), Some(id), json!({ "username": username }))
        .await?;
    let user = users::get(&mut tx, id).await?.ok_or(Error::NotSignedIn)?;
    tx.commit().await?;
    Ok(SignIn { user, token, lasts_seconds })
}

async fn refuse_second(tx: &mut store::Tx) -> Result<()> {
    if is_completed(tx).await? {
        return Err(closed());
    }
    if users::breakglass_exists(tx).await? {
        return Err(Error::conflict(
            "breakglass_exists",
            "There is an admin already. Sign in as that admin to go on.",
        ));
    }
    Ok(())
}
