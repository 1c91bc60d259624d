//! Who may act for such an account: an admin, from his browser, while both stand.

use crate::{Error, Result, Services};
use domain::UserId;
use store::{system_containers, users::User};

/// The account that `admin` asks to act for, as he typed its id. Whatever does not fit is one refusal: it must not
/// tell a person's account from none.
pub async fn keep(services: &Services, admin: UserId, account: &str) -> Result<User> {
    let account = account.parse().map_err(|_| refused())?;
    kept(services, account, admin).await
}

/// The same with ids that were checked before.
pub(crate) async fn kept(services: &Services, account: UserId, admin: UserId) -> Result<User> {
    let mut tx = services.store.system("may an admin act for an account").await?;
    system_containers::kept(&mut tx, account, admin).await?.ok_or_else(refused)
}

fn refused() -> Error {
    let detail = "You cannot act for this account. Only admins can, and only for an agent of the instance itself \
                  that is there and not disabled. Leave X-Mosaic-Account out to act for yourself.";
    Error::refused("not_kept", detail)
}
