//! `/api/settings/breakglass/password`: the admin's own password.

use crate::{
    body::Body,
    guards::{Admin, Caller},
    problem::Reply,
};
use rocket::{http::Status, post};
use secrecy::SecretString;
use serde::Deserialize;
use utoipa::ToSchema;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasswordChange {
    #[schema(value_type = String, format = Password, write_only)]
    current: SecretString,
    #[schema(value_type = String, format = Password, write_only)]
    new: SecretString,
}

/// Changes the password, and ends all other sessions.
#[utoipa::path(request_body = PasswordChange, responses((status = 204, description = "Done")))]
#[post("/settings/breakglass/password", data = "<body>")]
pub async fn change(caller: Caller<Admin>, body: Body<PasswordChange>) -> Reply<Status> {
    let PasswordChange { current, new } = body.0;
    let (session, _) = caller.session.ok_or(fleet::Error::NotSignedIn)?;
    fleet::auth::change_password(&caller.cx, session, current, new).await?;
    Ok(Status::NoContent)
}
