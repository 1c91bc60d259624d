//! How the browser reaches Mosaic: what its address bar says, and whether the way there is safe for a password.
//!
//! Owns the name of the session cookie, which follows from it. Three ways: https (a proxy in front says so by
//! `X-Forwarded-Proto`, or the instance's public URL does), this very machine, and anything else, where nobody
//! signs in. The header may come from anybody: who claims https without having it loses only his own session,
//! because his browser does not send the cookie back.

use super::caller::services;
use crate::{catch, problem::Problem};
use domain::public_url::{host_of, is_this_machine};
use rocket::{
    Request,
    http::{Cookie, SameSite, Status},
    outcome::Outcome,
    request::{self, FromRequest},
    time::Duration,
};

/// A way that is safe for a password.
pub struct Way {
    /// The origin in the address bar, without a slash at its end.
    pub base: String,
    tls: bool,
}

impl Way {
    /// The session cookie's name: `__Host-` makes browsers refuse it from anywhere but here, by https.
    pub(crate) const fn session(&self) -> &'static str {
        if self.tls { "__Host-mosaic_session" } else { "mosaic_session" }
    }

    /// The name of the cookie that a browser keeps while it is away at the identity provider.
    pub(crate) const fn flow(&self) -> &'static str {
        if self.tls { "__Host-mosaic_flow" } else { "mosaic_flow" }
    }

    /// A cookie out of reach of scripts and of other sites.
    pub(crate) fn cookie(&self, name: &'static str, value: String, seconds: i64) -> Cookie<'static> {
        Cookie::build((name, value))
            .path("/")
            .http_only(true)
            .secure(self.tls)
            .same_site(SameSite::Lax)
            .max_age(Duration::seconds(seconds))
            .build()
    }

    /// The way of this request; `None` where the network can listen.
    pub(super) fn of(request: &Request<'_>) -> Result<Option<Self>, Problem> {
        let settings = services(request)?.settings.get();
        let headers = request.headers();
        let host = headers.get_one("Host").unwrap_or_default();
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':' | '[' | ']');
        if !host.chars().all(fits) {
            return Err(Problem::new(Status::BadRequest, "bad_request", "The Host header is no host."));
        }
        let public = settings.public_url.as_ref();
        // Of several proxies the first one met the browser.
        let forwarded = headers.get_one("X-Forwarded-Proto").and_then(|protos| protos.split(',').next());
        let forwarded = forwarded.is_some_and(|proto| proto.trim().eq_ignore_ascii_case("https"));
        let at_public =
            public.is_some_and(|url| url.is_https() && url.authority().eq_ignore_ascii_case(host));
        let tls = forwarded || at_public;
        if !tls && !is_this_machine(host_of(host)) {
            return Ok(None);
        }
        let scheme = if tls { "https" } else { "http" };
        // A proxy may rewrite the Host; the public URL is what browsers know.
        let base = public.map_or_else(|| format!("{scheme}://{host}"), ToString::to_string);
        Ok(Some(Self { base, tls }))
    }
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Way {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> request::Outcome<Self, ()> {
        let refused = match Self::of(request) {
            Ok(Some(way)) => return Outcome::Success(way),
            Ok(None) => insecure(),
            Err(problem) => problem,
        };
        Outcome::Error(catch::leave(request, refused))
    }
}

fn insecure() -> Problem {
    let detail = "Signing in over plain http would show your password to the network. Put a proxy with TLS in front \
                  and set publicUrl, or reach this server by an SSH tunnel: ssh -L 8080:localhost:8080 <server>, then \
                  open http://localhost:8080.";
    Problem::new(Status::Forbidden, "insecure_transport", detail)
}
