//! A repeated Idempotency-Key is the same request: what it creates is created once.
//!
//! Owns the comparison with the earlier request. What is created, and in which transaction, is up to the use-case. Messages
//! keep their key in their own row (`turns::create`), because it must live as long as they do.

use crate::{Cx, Error, Result};
use domain::invalid;
use serde_json::Value;
use sha2::{Digest, Sha256};
pub(crate) use store::idempotency::forget;
use store::{
    Tx,
    idempotency::{self, IdempotencyRecord},
};
use uuid::Uuid;

const MAX_KEY_CHARS: usize = 200;

/// The id of what was created under the request's key before, if anything was.
///
/// Call it in the transaction that creates `what` with the new `id`, before anything is written. `request` distinguishes a
/// repetition from another request; it must contain no secret.
pub(crate) async fn find_created<Id: From<Uuid>>(
    cx: &Cx,
    tx: &mut Tx,
    what: &str,
    id: Uuid,
    request: &Value,
) -> Result<Option<Id>> {
    let Some(key) = checked(cx.origin.idempotency_key.as_deref())? else { return Ok(None) };
    let digest = Sha256::digest(request.to_string()).to_vec();
    let made = IdempotencyRecord { made: what.to_owned(), subject: id, digest };
    match idempotency::claim(tx, cx.user()?, &key, &made).await? {
        None => Ok(None),
        Some(before) if (&before.made, &before.digest) == (&made.made, &made.digest) => {
            Ok(Some(before.subject.into()))
        }
        Some(_) => Err(reused()),
    }
}

/// Checks a client's key.
pub(crate) fn checked(key: Option<&str>) -> Result<Option<String>> {
    Ok(key.map(|key| invalid::line("Idempotency-Key", key, MAX_KEY_CHARS)).transpose()?)
}

/// The key belongs to a request with other content.
pub(crate) fn reused() -> Error {
    Error::conflict(
        "idempotency_key_reused",
        "This Idempotency-Key belongs to another request. Use a fresh one.",
    )
}
