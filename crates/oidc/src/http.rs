//! Sends the library's HTTP requests through the outbound client.
//!
//! Owns the translation of requests and responses. It must not follow redirects or cache anything.

use openidconnect::{AsyncHttpClient, HttpRequest, HttpResponse};
use providers::outbound::{AllowedHosts, Outbound, OutboundError, Request, Url};
use std::{future::Future, pin::Pin, time::Duration};

/// For each request, because a user is waiting in front of their browser.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);

/// The outbound client with the private hosts that it may reach.
pub(crate) struct Http<'a> {
    pub(crate) outbound: &'a Outbound,
    pub(crate) allowed: &'a AllowedHosts,
}

impl<'c> AsyncHttpClient<'c> for Http<'_> {
    type Error = OutboundError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, OutboundError>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(async move {
            let (head, body) = request.into_parts();
            let url = Url::parse(&head.uri.to_string()).map_err(|_| OutboundError::BadUrl)?;
            let mut request = Request::new(head.method, url).timeout(REQUEST_TIMEOUT).body(body.into());
            for (name, mut value) in head.headers {
                let Some(name) = name else { continue };
                value.set_sensitive(name == "authorization");
                request = request.header(name, value);
            }
            let received = self.outbound.send(request, self.allowed).await?;
            let mut response = HttpResponse::new(received.body.to_vec());
            (*response.status_mut(), *response.headers_mut()) = (received.status, received.headers);
            Ok(response)
        })
    }
}
