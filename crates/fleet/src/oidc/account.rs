//! From a person at the provider to an account here: found, or created.

use super::admission;
use crate::{Cx, Error, Result};
use ::oidc::Identity;
use domain::{Role, UserId};
use serde_json::json;
use store::{Tx, oidc, oidc::Provider, users, users::User};

/// The account of an identity that may sign in. Creates one where that is allowed, and sets the role that follows from the
/// groups. A disabled account stays disabled.
pub(super) async fn of(cx: &Cx, tx: &mut Tx, provider: &Provider, identity: &Identity) -> Result<User> {
    let (issuer, subject) = (&provider.issuer, &identity.subject);
    let user = match oidc::user_by_identity(tx, issuer, subject).await? {
        Some(user) => user,
        None => {
            // Two tabs of one new person: the second finds the first one's account.
            oidc::lock_identities(tx).await?;
            match oidc::user_by_identity(tx, issuer, subject).await? {
                Some(user) => user,
                None => create(cx, tx, provider, identity).await?,
            }
        }
    };
    if user.disabled_at.is_some() {
        return Err(Error::refused(
            "oidc_disabled",
            "Your account here is disabled. Ask an admin to open it again.",
        ));
    }
    oidc::record_identity_use(tx, issuer, subject, identity.email.as_deref()).await?;
    apply_role(cx, tx, provider, identity, user).await
}

async fn create(cx: &Cx, tx: &mut Tx, provider: &Provider, identity: &Identity) -> Result<User> {
    if !provider.auto_provision {
        let detail =
            "You have no account here yet, and accounts are not created automatically. Ask an admin.";
        return Err(Error::refused("oidc_no_account", detail));
    }
    let id = UserId::new(cx.services.clock.now());
    let username = free_name(tx, &preferred_name(identity), id).await?;
    let display = identity.name.as_deref().map(clean).filter(|name| !name.is_empty());
    users::insert(tx, id, &username, display.as_deref().unwrap_or(&username), Role::User).await?;
    oidc::insert_identity(tx, &provider.issuer, &identity.subject, id).await?;
    let detail = json!({ "username": username, "issuer": provider.issuer });
    cx.audit(tx, "user.create", &id.to_string(), Some(id), detail).await?;
    users::get(tx, id).await?.ok_or(Error::NotSignedIn)
}

/// A breakglass admin stays an admin whatever the provider says: the account is for the day when the provider is wrong.
async fn apply_role(
    cx: &Cx,
    tx: &mut Tx,
    provider: &Provider,
    identity: &Identity,
    user: User,
) -> Result<User> {
    let Some(role) = admission::role(provider, identity) else {
        return Ok(user);
    };
    if user.role == role || users::breakglass_hash(tx, user.id).await?.is_some() {
        return Ok(user);
    }
    users::set_role(tx, user.id, role).await?;
    let detail = json!({ "before": user.role, "after": role, "via": "oidc" });
    cx.audit(tx, "user.role", &user.id.to_string(), Some(user.id), detail).await?;
    Ok(User { role, ..user })
}

/// The person's name at the provider, without spaces.
fn preferred_name(identity: &Identity) -> String {
    let of_email = identity.email.as_deref().and_then(|email| email.split('@').next());
    let candidates = [identity.username.as_deref(), of_email, identity.name.as_deref()];
    let names = candidates.into_iter().flatten().map(|name| {
        let joined = clean(name).split_whitespace().collect::<Vec<_>>().join(".");
        joined.chars().take(48).collect::<String>()
    });
    names.into_iter().find(|name| !name.is_empty()).unwrap_or_else(|| "user".into())
}

async fn free_name(tx: &mut Tx, preferred: &str, id: UserId) -> Result<String> {
    for number in 1..=50 {
        let name = if number == 1 { preferred.to_owned() } else { format!("{preferred}-{number}") };
        if !users::name_is_taken(tx, &name).await? {
            return Ok(name);
        }
    }
    let unique = id.to_string();
    Ok(format!("{preferred}-{}", &unique[unique.len() - 12..]))
}

/// One line without control characters, of at most 120 characters.
fn clean(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(120).collect::<String>().trim().to_owned()
}
