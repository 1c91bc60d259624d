//! A connection to one checked origin.
//!
//! Owns the HTTP client that is pinned to the checked addresses, and the caps while a body arrives.
//! It must not be made by anything but the guard.

use super::{Answer, Call, Fault, Limits, Url, resolve::Pinned, tls::Tls};
use bytes::{Bytes, BytesMut};
use reqwest::{Client, Response, StatusCode, header::HeaderMap, redirect::Policy};
use std::{sync::Arc, time::Duration};
use tokio::time::timeout;

/// One origin (scheme, host, port), reachable at checked addresses only. Its connections are its
/// own: no two users ever share one.
pub struct Origin {
    base: Url,
    client: Client,
    limits: Limits,
}

impl Origin {
    pub(super) fn new(url: &Url, pinned: Pinned, limits: Limits, tls: &Tls) -> Result<Self, Fault> {
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
        let client = builder.build().map_err(|_| Fault::Client)?;
        Ok(Self { base: url.clone(), client, limits })
    }

    /// Sends `call` and reads the answer to the end.
    ///
    /// # Errors
    /// [`Fault::OtherOrigin`] before anything is sent; else what went wrong on the way, including
    /// [`Fault::TimedOut`] and [`Fault::TooLarge`] from the caps.
    pub async fn send(&self, call: Call) -> Result<Answer, Fault> {
        let whole = call.whole.unwrap_or(self.limits.whole);
        let exchange = async { self.open(call).await?.whole().await };
        timeout(whole, exchange).await.map_err(|_| Fault::TimedOut)?
    }

    /// Sends `call` and returns as soon as the head of the answer is there. Dropping the answer
    /// closes the connection.
    ///
    /// # Errors
    /// As [`Self::send`]; the caps on the body apply while it is read.
    pub async fn open(&self, call: Call) -> Result<Incoming, Fault> {
        if call.url.origin() != self.base.origin() {
            return Err(Fault::OtherOrigin);
        }
        let whole = call.whole.unwrap_or(self.limits.whole);
        let left = call.cap.unwrap_or(self.limits.body);
        let request = self.client.request(call.method, call.url).headers(call.headers);
        let request = if call.body.is_empty() { request } else { request.body(call.body) };
        let head = timeout(whole, request.send()).await.map_err(|_| Fault::TimedOut)?;
        Ok(Incoming { response: head?, idle: self.limits.idle, left })
    }
}

/// An answer whose body is still arriving.
pub struct Incoming {
    response: Response,
    idle: Duration,
    left: usize,
}

impl Incoming {
    /// The status.
    pub fn status(&self) -> StatusCode {
        self.response.status()
    }

    /// The headers: not to be trusted or echoed.
    pub fn headers(&self) -> &HeaderMap {
        self.response.headers()
    }

    /// The next piece of the body; `None` at its end.
    ///
    /// # Errors
    /// [`Fault::TimedOut`] when none came within the idle cap, [`Fault::TooLarge`] past the size
    /// cap, [`Fault::Lost`] when the connection ended too soon.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, Fault> {
        let next = timeout(self.idle, self.response.chunk()).await.map_err(|_| Fault::TimedOut)?;
        let Some(bytes) = next.map_err(broken_body)? else {
            return Ok(None);
        };
        self.left = self.left.checked_sub(bytes.len()).ok_or(Fault::TooLarge)?;
        Ok(Some(bytes))
    }

    async fn whole(mut self) -> Result<Answer, Fault> {
        let announced = self.response.content_length().unwrap_or(0);
        if announced > self.left as u64 {
            return Err(Fault::TooLarge);
        }
        let mut body = BytesMut::new();
        while let Some(bytes) = self.chunk().await? {
            body.extend_from_slice(&bytes);
        }
        let (status, headers) = (self.response.status(), self.response.headers().clone());
        Ok(Answer { status, headers, body: body.freeze() })
    }
}

/// Whatever the HTTP stack calls it, a body that does not arrive whole is a lost connection.
fn broken_body(error: reqwest::Error) -> Fault {
    match Fault::from(error) {
        Fault::TimedOut => Fault::TimedOut,
        _ => Fault::Lost,
    }
}
