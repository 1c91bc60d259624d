//! The library's HTTP, led through the one outbound client.
//!
//! Owns the translation of requests and answers. It must not follow redirects or keep anything.

use openidconnect::{AsyncHttpClient, HttpRequest, HttpResponse};
use providers::outbound::{AllowedHosts, Call, Fault, Outbound, Url};
use std::{future::Future, pin::Pin, time::Duration};

/// Somebody waits in front of a browser: no single request takes longer.
const PATIENCE: Duration = Duration::from_secs(10);

/// The outbound client with the private hosts that it may reach for this work.
pub(crate) struct Http<'a> {
    pub(crate) outbound: &'a Outbound,
    pub(crate) allowed: &'a AllowedHosts,
}

impl<'c> AsyncHttpClient<'c> for Http<'_> {
    type Error = Fault;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, Fault>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(async move {
            let (head, body) = request.into_parts();
            let url = Url::parse(&head.uri.to_string()).map_err(|_| Fault::Url)?;
            let mut call = Call::new(head.method, url).within(PATIENCE).body(body.into());
            for (name, mut value) in head.headers {
                let Some(name) = name else { continue };
                value.set_sensitive(name == "authorization");
                call = call.header(name, value);
            }
            let answer = self.outbound.send(call, self.allowed).await?;
            let mut response = HttpResponse::new(answer.body.to_vec());
            (*response.status_mut(), *response.headers_mut()) = (answer.status, answer.headers);
            Ok(response)
        })
    }
}
