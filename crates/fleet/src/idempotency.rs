//! The same Idempotency-Key again is the same request: what it made is made once.
//!
//! Owns the comparison with the request before. What is made, and in which transaction, is the use-case's. Messages
//! keep their key in their own row (`turns::create`), because it must live as long as they do.

use crate::{Cx, Error, Result};
use domain::invalid;
use serde_json::Value;
use sha2::{Digest, Sha256};
pub(crate) use store::idempotency::forget;
use store::{
    Tx,
    idempotency::{self, Made},
};
use uuid::Uuid;

/// The longest key, in characters.
const LONGEST: usize = 200;

/// In the transaction that makes `what` (with this new id), and before anything is written: the id of what was made under
/// the request's key before, if there is one. `asked` tells a repetition from another request; it must hold no secret.
pub(crate) async fn made_before<Id: From<Uuid>>(
    cx: &Cx,
    tx: &mut Tx,
    what: &str,
    id: Uuid,
    asked: &Value,
) -> Result<Option<Id>> {
    let Some(key) = checked(cx.origin.idempotency_key.as_deref())? else { return Ok(None) };
    let digest = Sha256::digest(asked.to_string()).to_vec();
    let made = Made { made: what.to_owned(), subject: id, digest };
    match idempotency::claim(tx, cx.user()?, &key, &made).await? {
        None => Ok(None),
        Some(before) if (&before.made, &before.digest) == (&made.made, &made.digest) => {
            Ok(Some(before.subject.into()))
        }
        Some(_) => Err(reused()),
    }
}

/// A client's key, fit to be stored.
pub(crate) fn checked(key: Option<&str>) -> Result<Option<String>> {
    Ok(key.map(|key| invalid::line("Idempotency-Key", key, LONGEST)).transpose()?)
}

/// The key belongs to a request that asked for something else.
pub(crate) fn reused() -> Error {
    Error::conflict(
        "idempotency_key_reused",
        "This Idempotency-Key belongs to another request. Use a fresh one.",
    )
}
