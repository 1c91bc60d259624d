//! A request and its response, as plain values. It must not send anything.

use super::{OutboundError, Url};
use bytes::Bytes;
use reqwest::{
    Method, StatusCode,
    header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue},
};
use secrecy::{ExposeSecret, SecretString};
use std::time::Duration;

/// Limits of time and size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestLimits {
    /// For the lookup, and again for TCP and TLS together.
    pub connect: Duration,
    /// For the whole exchange, body included; of a streamed response, for its head.
    pub total: Duration,
    /// Between two pieces of a body.
    pub idle: Duration,
    pub body_bytes: usize,
}

impl Default for RequestLimits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            total: Duration::from_secs(30),
            idle: Duration::from_secs(30),
            body_bytes: 1 << 20,
        }
    }
}

/// A request. It has no `Debug`, because its headers may hold a key.
pub struct Request {
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    pub(super) timeout: Option<Duration>,
    pub(super) max_bytes: Option<usize>,
}

impl Request {
    pub fn new(method: Method, url: Url) -> Self {
        Self { method, url, headers: HeaderMap::new(), body: Bytes::new(), timeout: None, max_bytes: None }
    }

    pub fn get(url: Url) -> Self {
        Self::new(Method::GET, url)
    }

    pub fn post_json(url: Url, document: &serde_json::Value) -> Self {
        Self::new(Method::POST, url)
            .header(CONTENT_TYPE, HeaderValue::from_static("application/json"))
            .body(document.to_string().into())
    }

    #[must_use]
    pub fn body(mut self, body: Bytes) -> Self {
        self.body = body;
        self
    }

    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    /// Sets a header to `prefix` and `secret`, marked as sensitive so that no log shows it.
    ///
    /// # Errors
    /// [`OutboundError::BadHeader`] unless the secret consists of visible ASCII characters.
    pub fn secret_header(
        self,
        name: HeaderName,
        prefix: &str,
        secret: &SecretString,
    ) -> Result<Self, OutboundError> {
        let secret = secret.expose_secret();
        if secret.is_empty() || !secret.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(OutboundError::BadHeader);
        }
        let mut value =
            HeaderValue::from_str(&format!("{prefix}{secret}")).map_err(|_| OutboundError::BadHeader)?;
        value.set_sensitive(true);
        Ok(self.header(name, value))
    }

    /// Replaces [`RequestLimits::total`].
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Replaces [`RequestLimits::body_bytes`].
    #[must_use]
    pub fn max_bytes(mut self, max_bytes: usize) -> Self {
        self.max_bytes = Some(max_bytes);
        self
    }
}

/// A complete response of any status.
pub struct Response {
    pub status: StatusCode,
    /// Not to be trusted or echoed.
    pub headers: HeaderMap,
    pub body: Bytes,
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use reqwest::header::AUTHORIZATION;

    #[test]
    fn a_secret_header_hides_its_value() {
        let request = Request::get(Url::parse("https://h/").unwrap());
        let request = request.secret_header(AUTHORIZATION, "Bearer ", &"sk-1".into()).unwrap();
        assert_eq!(request.headers[AUTHORIZATION], "Bearer sk-1");
        assert!(!format!("{:?}", request.headers).contains("sk-1"));
    }
}
