//! `/api/settings/breakglass/password`: the acting admin's own password.

use crate::{
    body::Body,
    guards::{Admin, Caller},
    problem::Reply,
};
use rocket::{http::Status, post};
use secrecy::SecretString;
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Change {
    current: SecretString,
    new: SecretString,
}

/// Replaces it and ends the other sessions.
#[post("/settings/breakglass/password", data = "<body>")]
pub async fn change(caller: Caller<Admin>, body: Body<Change>) -> Reply<Status> {
    let Change { current, new } = body.0;
    let (session, _) = caller.session.ok_or(fleet::Error::NotSignedIn)?;
    fleet::auth::change_password(&caller.cx, session, current, new).await?;
    Ok(Status::NoContent)
}
