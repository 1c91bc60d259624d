//! Whether somebody who listens for long may go on: what he was when he began he may have ceased to be.

use crate::{Cx, Error, Result, system_containers};
use domain::{Actor, Role};
use store::users;

/// A refusal ([`Error::is_refusal`]) once his account is shut or gone, once he is no admin any more where that is what
/// he listens as, and once he may not act for the account that he looks after.
pub(crate) async fn recheck_access(cx: &Cx) -> Result<()> {
    let (person, role) = match cx.actor {
        Actor::Delegate { account, admin } => {
            return system_containers::kept(&cx.services, account, admin).await.map(drop);
        }
        Actor::System(_) => return Ok(()),
        Actor::User(person) => (person, Role::User),
        Actor::Admin(person) => (person, Role::Admin),
    };
    let mut tx = cx.system("may somebody go on listening").await?;
    let user = users::get(&mut tx, person.id).await?.filter(|user| user.disabled_at.is_none());
    let user = user.ok_or(Error::NotSignedIn)?;
    if role == Role::Admin && Role::from_stored(&user.role) != Role::Admin {
        return Err(Error::Forbidden("Only an admin may do this."));
    }
    Ok(())
}
