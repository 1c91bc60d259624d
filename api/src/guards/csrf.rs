//! A cookie goes along with whatever a foreign page sends, so a write by cookie must come from our own.

use super::caller::services;
use crate::problem::Problem;
use rocket::{
    Request,
    http::{Method, Status},
};

/// Refuses a write that a browser says comes from elsewhere. Browsers always say; programs without
/// these headers cannot be tricked by a page.
pub(super) fn check(request: &Request<'_>) -> Result<(), Problem> {
    if matches!(request.method(), Method::Get | Method::Head | Method::Options) {
        return Ok(());
    }
    let headers = request.headers();
    let from_here = match (headers.get_one("Sec-Fetch-Site"), headers.get_one("Origin")) {
        (Some(site), _) => site == "same-origin" || site == "none",
        (None, Some(origin)) => {
            let host = headers.get_one("Host").unwrap_or_default();
            // A proxy may rewrite the Host; the public URL is what browsers know.
            let public = services(request)?.settings.get().public_url.clone();
            public.is_some_and(|url| url.as_str() == origin)
                || origin.split_once("://").is_some_and(|(_, origin)| !host.is_empty() && origin == host)
        }
        (None, None) => true,
    };
    if from_here {
        return Ok(());
    }
    let detail = "This request comes from another site. Use the page of this server.";
    Err(Problem::new(Status::Forbidden, "cross_site", detail))
}
