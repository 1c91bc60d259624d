//! Who may act, beyond the credential that a request brings: for another account, and after a while.

use crate::{Cx, Error, Result, Services};
use domain::{Actor, Role, UserId};
use store::{
    system_containers,
    users::{self, User},
};

/// The account that an admin asks to act for, by its id as the client wrote it.
///
/// # Errors
/// One refusal for everything that does not fit: it must not tell a person's account from none.
pub async fn authorize_impersonation(services: &Services, admin: UserId, account: &str) -> Result<User> {
    let account = account.parse().map_err(|_| may_not_impersonate())?;
    check_impersonation(services, admin, account).await
}

async fn check_impersonation(services: &Services, admin: UserId, account: UserId) -> Result<User> {
    let mut tx = services.store.system("may an admin act for an account").await?;
    system_containers::authorize_impersonation(&mut tx, account, admin).await?.ok_or_else(may_not_impersonate)
}

fn may_not_impersonate() -> Error {
    let detail = "You cannot act for this account. Only admins can, and only for an agent of the instance itself \
                  that is there and not disabled. Leave X-Mosaic-Account out to act for yourself.";
    Error::refused("not_kept", detail)
}

/// Checks again whether the actor of a long request may go on.
///
/// # Errors
/// A refusal ([`Error::is_refusal`]) once the account is disabled or deleted, once a person who listens as an admin is
/// none, and once an admin may not act for the account any more.
pub(crate) async fn recheck_access(cx: &Cx) -> Result<()> {
    let (person, role) = match cx.actor {
        Actor::Delegate { account, admin } => {
            return check_impersonation(&cx.services, admin, account).await.map(drop);
        }
        Actor::System(_) => return Ok(()),
        Actor::User(person) => (person, Role::User),
        Actor::Admin(person) => (person, Role::Admin),
    };
    let mut tx = cx.system("may an actor go on listening").await?;
    let user = users::get(&mut tx, person.id).await?.filter(|user| user.disabled_at.is_none());
    let user = user.ok_or(Error::NotSignedIn)?;
    if role == Role::Admin && user.role != Role::Admin {
        return Err(Error::Forbidden("Only an admin may do this."));
    }
    Ok(())
}
