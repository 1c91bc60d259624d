//! Authenticates callers by session cookie or API token.

use super::{client::origin, csrf, services::services, transport::ClientTransport};
use crate::{catch, headers, problem::Problem};
use domain::{Actor, Person, Role, SessionId};
use fleet::{
    Cx, Error, access,
    auth::{self, ApiScope, User},
};
use rocket::{
    Request,
    outcome::Outcome,
    request::{self, FromRequest},
};
use secrecy::SecretString;
use std::marker::PhantomData;

/// Who may call a route.
pub trait Scope: Send + Sync + 'static {
    /// The scope that an API token needs; `None` = browsers only.
    const TOKEN_SCOPE: Option<ApiScope>;
    const REQUIRED_ROLE: Role = Role::User;
    /// Whether an admin may also call it for a system container, with [`ACCOUNT`].
    const ALLOWS_IMPERSONATION: bool = false;
}

/// Names the account of a system container: an admin's browser acts for it in this request, with the account's rights and
/// without the admin's.
const ACCOUNT: &str = "X-Mosaic-Account";

/// Browsers only.
pub struct Cookie;
impl Scope for Cookie {
    const TOKEN_SCOPE: Option<ApiScope> = None;
    const ALLOWS_IMPERSONATION: bool = true;
}

/// Browsers only, without impersonation: for what concerns the user's own session or account.
pub struct SelfOnly;
impl Scope for SelfOnly {
    const TOKEN_SCOPE: Option<ApiScope> = None;
}

/// Admins' browsers only. Others are refused before the body is parsed.
pub struct Admin;
impl Scope for Admin {
    const TOKEN_SCOPE: Option<ApiScope> = None;
    const REQUIRED_ROLE: Role = Role::Admin;
}

/// Browsers, and API tokens with the scope `chat`.
pub struct Chat;
impl Scope for Chat {
    const TOKEN_SCOPE: Option<ApiScope> = Some(ApiScope::Chat);
    const ALLOWS_IMPERSONATION: bool = true;
}

/// Browsers, and API tokens with the scope `jobs`.
pub struct Jobs;
impl Scope for Jobs {
    const TOKEN_SCOPE: Option<ApiScope> = Some(ApiScope::Jobs);
    const ALLOWS_IMPERSONATION: bool = true;
}

/// Browsers, and API tokens with the scope `knowledge`.
pub struct Knowledge;
impl Scope for Knowledge {
    const TOKEN_SCOPE: Option<ApiScope> = Some(ApiScope::Knowledge);
    const ALLOWS_IMPERSONATION: bool = true;
}

/// An authenticated caller.
pub struct Caller<S> {
    /// The context for use cases.
    pub cx: Cx,
    /// Their session and account; `None` with an API token.
    pub session: Option<(SessionId, User)>,
    /// The impersonated account, if there is one.
    pub account: Option<User>,
    scope: PhantomData<S>,
}

#[rocket::async_trait]
impl<'r, S: Scope> FromRequest<'r> for Caller<S> {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> request::Outcome<Self, ()> {
        match authenticate::<S>(request).await {
            Ok(caller) => {
                if let Some(user) = caller.cx.actor.real_user() {
                    headers::record_user(request, user);
                }
                Outcome::Success(caller)
            }
            Err(problem) => Outcome::Error(catch::store_problem(request, problem)),
        }
    }
}

async fn authenticate<S: Scope>(request: &Request<'_>) -> Result<Caller<S>, Problem> {
    let services = services(request)?;
    let origin = origin(request);
    let account = request.headers().get_one(ACCOUNT);
    if let Some(bearer) = request.headers().get_one("Authorization") {
        let token = bearer.strip_prefix("Bearer ").ok_or(Error::NotSignedIn)?;
        let bearer = auth::by_api_token(&services, &SecretString::from(token.trim())).await?;
        let scope =
            S::TOKEN_SCOPE.ok_or(Error::Forbidden("API tokens cannot do this. Sign in with a browser."))?;
        let actor = Actor::User(bearer.require(scope)?);
        if account.is_some() {
            let detail = "An API token acts for its own account. Remove the header X-Mosaic-Account.";
            return Err(Error::Forbidden(detail).into());
        }
        let cx = Cx { actor, origin, services };
        return Ok(Caller { cx, session: None, account: None, scope: PhantomData });
    }
    let transport = ClientTransport::of(request)?.ok_or(Error::NotSignedIn)?;
    let cookie = request.cookies().get(transport.session_cookie_name()).ok_or(Error::NotSignedIn)?;
    csrf::check(request)?;
    let (session, user) = auth::by_session(&services, &SecretString::from(cookie.value())).await?;
    let role = user.role;
    if S::REQUIRED_ROLE == Role::Admin && role != Role::Admin {
        return Err(Error::Forbidden("Only an admin may do this.").into());
    }
    if account.is_some() && !S::ALLOWS_IMPERSONATION {
        return Err(Error::Forbidden(
            "This cannot be done for another account. Remove the header X-Mosaic-Account.",
        )
        .into());
    }
    let account = match account {
        Some(account) => Some(access::authorize_impersonation(&services, user.id, account).await?),
        None => None,
    };
    let actor = match &account {
        Some(account) => Actor::Delegate { account: account.id, admin: user.id },
        None => Actor::User(Person { id: user.id, role }),
    };
    let cx = Cx { actor, origin, services };
    Ok(Caller { cx, session: Some((session, user)), account, scope: PhantomData })
}
