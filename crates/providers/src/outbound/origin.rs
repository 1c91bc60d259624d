//! A connection to one checked origin.
//!
//! Owns the HTTP client that is pinned to the checked addresses, and the limits while a body arrives. Only the guard may
//! create it.

use super::{OutboundError, Request, RequestLimits, Response, Url, resolve::PinnedResolver, tls::Tls};
use bytes::{Bytes, BytesMut};
use reqwest::{Client, StatusCode, header::HeaderMap, redirect::Policy};
use std::{sync::Arc, time::Duration};
use tokio::time::timeout;

/// An origin (scheme, host, port), reachable at the checked addresses only. Its connections are never shared between
/// users.
pub struct Origin {
    base: Url,
    client: Client,
    limits: RequestLimits,
}

impl Origin {
    pub(super) fn new(
        url: &Url,
        pinned: PinnedResolver,
        limits: RequestLimits,
        tls: &Tls,
    ) -> Result<Self, OutboundError> {
        let builder = Client::builder()
            .user_agent(concat!("mosaic-fleet/", env!("CARGO_PKG_VERSION")))
            .dns_resolver(Arc::new(pinned))
            .no_proxy()
            .redirect(Policy::none())
            .referer(false)
            .connect_timeout(limits.connect);
        let builder = match url.scheme() {
            "https" => builder.use_preconfigured_tls(tls.config()?),
            _ => builder.tls_built_in_root_certs(false),
        };
        let client = builder.build().map_err(|_| OutboundError::ClientSetup)?;
        Ok(Self { base: url.clone(), client, limits })
    }

    /// Sends `request` and reads the whole response.
    ///
    /// # Errors
    /// [`OutboundError::OtherOrigin`] before anything is sent; otherwise what went wrong on the way, including
    /// [`OutboundError::TimedOut`] and [`OutboundError::ResponseTooLarge`] from the limits.
    pub async fn send(&self, request: Request) -> Result<Response, OutboundError> {
        let total = request.timeout.unwrap_or(self.limits.total);
        let exchange = async { self.open(request).await?.read_to_end().await };
        timeout(total, exchange).await.map_err(|_| OutboundError::TimedOut)?
    }

    /// Sends `request` and returns as soon as the head of the response has arrived. Dropping the response closes the
    /// connection.
    ///
    /// # Errors
    /// As [`Self::send`]. The limits of the body apply while it is read.
    pub async fn open(&self, request: Request) -> Result<ResponseStream, OutboundError> {
        if request.url.origin() != self.base.origin() {
            return Err(OutboundError::OtherOrigin);
        }
        let total = request.timeout.unwrap_or(self.limits.total);
        let bytes_left = request.max_bytes.unwrap_or(self.limits.body_bytes);
        let builder = self.client.request(request.method, request.url).headers(request.headers);
        let builder = if request.body.is_empty() { builder } else { builder.body(request.body) };
        let response = timeout(total, builder.send()).await.map_err(|_| OutboundError::TimedOut)??;
        Ok(ResponseStream { response, idle: self.limits.idle, bytes_left })
    }
}

/// A response whose body is still arriving.
pub struct ResponseStream {
    response: reqwest::Response,
    idle: Duration,
    bytes_left: usize,
}

impl ResponseStream {
    pub fn status(&self) -> StatusCode {
        self.response.status()
    }

    /// Not to be trusted or echoed.
    pub fn headers(&self) -> &HeaderMap {
        self.response.headers()
    }

    /// The next piece of the body; `None` at its end.
    ///
    /// # Errors
    /// [`OutboundError::TimedOut`] when none arrived within the idle limit, [`OutboundError::ResponseTooLarge`] past the
    /// size limit, [`OutboundError::ConnectionLost`] when the connection ended too early.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, OutboundError> {
        let next = timeout(self.idle, self.response.chunk()).await.map_err(|_| OutboundError::TimedOut)?;
        let Some(bytes) = next.map_err(body_error)? else {
            return Ok(None);
        };
        self.bytes_left = self.bytes_left.checked_sub(bytes.len()).ok_or(OutboundError::ResponseTooLarge)?;
        Ok(Some(bytes))
    }

    async fn read_to_end(mut self) -> Result<Response, OutboundError> {
        let announced = self.response.content_length().unwrap_or(0);
        if announced > self.bytes_left as u64 {
            return Err(OutboundError::ResponseTooLarge);
        }
        let mut body = BytesMut::new();
        while let Some(bytes) = self.chunk().await? {
            body.extend_from_slice(&bytes);
        }
        let (status, headers) = (self.response.status(), self.response.headers().clone());
        Ok(Response { status, headers, body: body.freeze() })
    }
}

/// A body that does not arrive whole is a lost connection, whatever the HTTP stack calls it.
fn body_error(error: reqwest::Error) -> OutboundError {
    match OutboundError::from(error) {
        OutboundError::TimedOut => OutboundError::TimedOut,
        _ => OutboundError::ConnectionLost,
    }
}
