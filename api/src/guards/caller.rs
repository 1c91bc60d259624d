//! From cookie or bearer token to a context.

use super::{csrf, proxies::Proxies, transport::Way};
use crate::{catch, headers, problem::Problem};
use domain::{Actor, Person, Role, SessionId};
use fleet::auth::User;
use fleet::{
    Cx, Error, Origin, Services,
    auth::{self, ApiScope},
    system_containers,
};
use rocket::{
    Request, State,
    http::Status,
    outcome::Outcome,
    request::{self, FromRequest},
};
use secrecy::SecretString;
use std::{marker::PhantomData, net::IpAddr, sync::Arc};

/// What else than a session cookie opens a route.
pub trait Scope: Send + Sync + 'static {
    /// The API-token scope that is enough; `None` = browsers only.
    const TOKEN: Option<ApiScope>;
    /// The least role.
    const ROLE: Role = Role::User;
    /// Whether an admin may do it for one of the instance's own agents too, with [`ACCOUNT`].
    const FOR_ACCOUNTS: bool = false;
}

/// Names the account of one of the instance's own agents: an admin's browser acts for it in this request, with the
/// account's rights and none of the admin's.
const ACCOUNT: &str = "X-Mosaic-Account";

/// Browsers only.
pub struct Cookie;
impl Scope for Cookie {
    const TOKEN: Option<ApiScope> = None;
    const FOR_ACCOUNTS: bool = true;
}

/// A person's own browser only: what concerns his session.
pub struct Oneself;
impl Scope for Oneself {
    const TOKEN: Option<ApiScope> = None;
}

/// Admins' browsers only: refused before the body is looked at.
pub struct Admin;
impl Scope for Admin {
    const TOKEN: Option<ApiScope> = None;
    const ROLE: Role = Role::Admin;
}

/// Browsers, and API tokens made for chatting.
pub struct Chat;
impl Scope for Chat {
    const TOKEN: Option<ApiScope> = Some(ApiScope::Chat);
    const FOR_ACCOUNTS: bool = true;
}

/// Browsers, and API tokens made for the job board.
pub struct Jobs;
impl Scope for Jobs {
    const TOKEN: Option<ApiScope> = Some(ApiScope::Jobs);
    const FOR_ACCOUNTS: bool = true;
}

/// Browsers, and API tokens made for knowledge.
pub struct Knowledge;
impl Scope for Knowledge {
    const TOKEN: Option<ApiScope> = Some(ApiScope::Knowledge);
    const FOR_ACCOUNTS: bool = true;
}

/// A recognised person with what a use-case needs.
pub struct Caller<S> {
    /// The context of his request.
    pub cx: Cx,
    /// His session and account, where a session was used.
    pub session: Option<(SessionId, User)>,
    /// The account that he acts for, where it is not his own.
    pub account: Option<User>,
    scope: PhantomData<S>,
}

#[rocket::async_trait]
impl<'r, S: Scope> FromRequest<'r> for Caller<S> {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> request::Outcome<Self, ()> {
        match recognise::<S>(request).await {
            Ok(caller) => {
                if let Some(hand) = caller.cx.actor.real_user() {
                    headers::note_user(request, hand);
                }
                Outcome::Success(caller)
            }
            Err(problem) => Outcome::Error(catch::leave(request, problem)),
        }
    }
}

async fn recognise<S: Scope>(request: &Request<'_>) -> Result<Caller<S>, Problem> {
    let services = services(request)?;
    let origin = origin(request);
    let account = request.headers().get_one(ACCOUNT);
    if let Some(bearer) = request.headers().get_one("Authorization") {
        let token = bearer.strip_prefix("Bearer ").ok_or(Error::NotSignedIn)?;
        let bearer = auth::by_api_token(&services, &SecretString::from(token.trim())).await?;
        let scope = S::TOKEN.ok_or(Error::Forbidden("API tokens cannot do this. Sign in with a browser."))?;
        let actor = Actor::User(bearer.require(scope)?);
        if account.is_some() {
            let detail = "An API token acts for its own account. Leave X-Mosaic-Account out.";
            return Err(Error::Forbidden(detail).into());
        }
        let cx = Cx { actor, origin, services };
        return Ok(Caller { cx, session: None, account: None, scope: PhantomData });
    }
    let way = Way::of(request)?.ok_or(Error::NotSignedIn)?;
    let cookie = request.cookies().get(way.session()).ok_or(Error::NotSignedIn)?;
    csrf::check(request)?;
    let (session, user) = auth::by_session(&services, &SecretString::from(cookie.value())).await?;
    let role = Role::from_stored(&user.role);
    if S::ROLE == Role::Admin && role != Role::Admin {
        return Err(Error::Forbidden("Only an admin may do this.").into());
    }
    if account.is_some() && !S::FOR_ACCOUNTS {
        return Err(Error::Forbidden("This is done as oneself. Leave X-Mosaic-Account out.").into());
    }
    let account = match account {
        Some(account) => Some(system_containers::keep(&services, user.id, account).await?),
        None => None,
    };
    let actor = match &account {
        Some(account) => Actor::Delegate { account: account.id, admin: user.id },
        None => Actor::User(Person { id: user.id, role }),
    };
    let cx = Cx { actor, origin, services };
    Ok(Caller { cx, session: Some((session, user)), account, scope: PhantomData })
}

/// Somebody who need not be signed in: where he comes from.
pub struct Client {
    /// For audit and logs.
    pub origin: Origin,
    /// The browser as it names itself.
    pub user_agent: String,
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Client {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> request::Outcome<Self, ()> {
        if let Err(problem) = csrf::check(request) {
            return Outcome::Error(catch::leave(request, problem));
        }
        let user_agent = request.headers().get_one("User-Agent").unwrap_or_default().to_owned();
        Outcome::Success(Self { origin: origin(request), user_agent })
    }
}

fn origin(request: &Request<'_>) -> Origin {
    let address = client_address(request).map(|ip| ip.to_string()).unwrap_or_default();
    let trace = Some(headers::trace(request).clone());
    let idempotency_key = request.headers().get_one("Idempotency-Key").map(str::to_owned);
    Origin { request_id: headers::request_id(request).to_owned(), address, trace, idempotency_key }
}

/// The connection's address; behind trusted proxies the last one that they say and that is none of them.
fn client_address(request: &Request<'_>) -> Option<IpAddr> {
    let mut address = request.client_ip()?.to_canonical();
    let Ok(services) = services(request) else { return Some(address) };
    let trusted = &services.settings.get().trusted_proxies;
    let said: Vec<&str> = request.headers().get("X-Forwarded-For").flat_map(|line| line.split(',')).collect();
    for hop in said.into_iter().rev() {
        if !Proxies::include(request, address) && !trusted.iter().any(|net| net.contains(&address)) {
            break;
        }
        let Ok(before) = hop.trim().parse::<IpAddr>() else { break };
        address = before.to_canonical();
    }
    Some(address)
}

pub(super) fn services(request: &Request<'_>) -> Result<Arc<Services>, Problem> {
    let services: Option<&State<Arc<Services>>> = State::get(request.rocket());
    services.map(|services| Arc::clone(services)).ok_or_else(|| {
        Problem::new(
            Status::InternalServerError,
            "internal",
            "The server was put together without its services.",
        )
    })
}
