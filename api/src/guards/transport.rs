//! How the browser reaches Mosaic: its origin, and whether the connection is safe for a password.
//!
//! Owns the names of cookies, which depend on it. The transport is https (known by a proxy's `X-Forwarded-Proto` or by the
//! instance's public URL), or plain http on the same machine. Over any other transport no one can sign in. Any client may
//! send that header: one that claims https without using it only loses its own session, because its browser does not send
//! the cookie back.

use super::services::services;
use crate::{catch, problem::Problem};
use domain::public_url::{host_of, is_loopback_host};
use rocket::{
    Request,
    http::{Cookie, SameSite, Status},
    outcome::Outcome,
    request::{self, FromRequest},
    time::Duration,
};

/// A transport that is safe for a password.
pub struct ClientTransport {
    /// The origin in the browser's address bar, without a trailing slash.
    pub origin: String,
    tls: bool,
}

impl ClientTransport {
    /// With the prefix `__Host-`, browsers accept the cookie only from this host and by https.
    pub(crate) const fn session_cookie_name(&self) -> &'static str {
        if self.tls { "__Host-mosaic_session" } else { "mosaic_session" }
    }

    /// The cookie that a browser keeps while it is at the identity provider.
    pub(crate) const fn flow_cookie_name(&self) -> &'static str {
        if self.tls { "__Host-mosaic_flow" } else { "mosaic_flow" }
    }

    /// A cookie that scripts cannot read and other sites cannot use.
    pub(crate) fn cookie(&self, name: &'static str, value: String, seconds: i64) -> Cookie<'static> {
        Cookie::build((name, value))
            .path("/")
            .http_only(true)
            .secure(self.tls)
            .same_site(SameSite::Lax)
            .max_age(Duration::seconds(seconds))
            .build()
    }

    /// The transport of this request; `None` when it is not safe for a password.
    pub(super) fn of(request: &Request<'_>) -> Result<Option<Self>, Problem> {
        let settings = services(request)?.settings.get();
        let headers = request.headers();
        let host = headers.get_one("Host").unwrap_or_default();
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':' | '[' | ']');
        if !host.chars().all(fits) {
            return Err(Problem::new(Status::BadRequest, "bad_request", "The Host header is not valid."));
        }
        let public = settings.public_url.as_ref();
        // Of several proxies, the first one was reached by the browser.
        let forwarded = headers.get_one("X-Forwarded-Proto").and_then(|protos| protos.split(',').next());
        let forwarded = forwarded.is_some_and(|proto| proto.trim().eq_ignore_ascii_case("https"));
        let at_public =
            public.is_some_and(|url| url.is_https() && url.authority().eq_ignore_ascii_case(host));
        let tls = forwarded || at_public;
        if !tls && !is_loopback_host(host_of(host)) {
            return Ok(None);
        }
        let scheme = if tls { "https" } else { "http" };
        // A proxy may rewrite the Host. Browsers know the public URL.
        let origin = public.map_or_else(|| format!("{scheme}://{host}"), ToString::to_string);
        Ok(Some(Self { origin, tls }))
    }
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for ClientTransport {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> request::Outcome<Self, ()> {
        let problem = match Self::of(request) {
            Ok(Some(transport)) => return Outcome::Success(transport),
            Ok(None) => insecure_transport(),
            Err(problem) => problem,
        };
        Outcome::Error(catch::store_problem(request, problem))
    }
}

fn insecure_transport() -> Problem {
    let detail = "Signing in over plain http would reveal your password to the network. Use a proxy with TLS and set \
                  publicUrl, or an SSH tunnel to this server: ssh -L 8080:localhost:8080 <server>, then open \
                  http://localhost:8080.";
    Problem::new(Status::Forbidden, "insecure_transport", detail)
}
