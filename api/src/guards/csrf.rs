//! Protects against cross-site request forgery: a browser sends the cookie also with requests of other sites' pages, so
//! that a write by cookie must come from Mosaic's own pages.

use super::services::services;
use crate::problem::Problem;
use rocket::{
    Request,
    http::{Method, Status},
};

/// Refuses a write if the browser says that it comes from another site. Browsers always say so. Clients without these
/// headers are not browsers, and no page can make them send a request.
pub(super) fn check(request: &Request<'_>) -> Result<(), Problem> {
    if matches!(request.method(), Method::Get | Method::Head | Method::Options) {
        return Ok(());
    }
    let headers = request.headers();
    let is_same_origin = match (headers.get_one("Sec-Fetch-Site"), headers.get_one("Origin")) {
        (Some(site), _) => site == "same-origin" || site == "none",
        (None, Some(origin)) => {
            let host = headers.get_one("Host").unwrap_or_default();
            // A proxy may rewrite the Host. Browsers know the public URL.
            let public = services(request)?.settings.get().public_url.clone();
            public.is_some_and(|url| url.as_str() == origin)
                || origin.split_once("://").is_some_and(|(_, origin)| !host.is_empty() && origin == host)
        }
        (None, None) => true,
    };
    if is_same_origin {
        return Ok(());
    }
    let detail = "This request comes from another site. Use the pages of this server.";
    Err(Problem::new(Status::Forbidden, "cross_site", detail))
}
