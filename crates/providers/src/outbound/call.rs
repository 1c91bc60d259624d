//! One request and its answer, as plain values.
//!
//! Owns what callers say about a request and its limits. It must not send anything.

use super::{Fault, Url};
use bytes::Bytes;
use reqwest::{
    Method, StatusCode,
    header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue},
};
use secrecy::{ExposeSecret, SecretString};
use std::time::Duration;

/// Time and size caps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// For the lookup, and again for TCP and TLS together.
    pub connect: Duration,
    /// For the whole call, body included; of a streamed answer, for its head.
    pub whole: Duration,
    /// Between two pieces of a body.
    pub idle: Duration,
    /// Bytes of a body.
    pub body: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            whole: Duration::from_secs(30),
            idle: Duration::from_secs(30),
            body: 1 << 20,
        }
    }
}

/// A request. Has no `Debug`, because its headers may hold a key.
pub struct Call {
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    pub(super) whole: Option<Duration>,
    pub(super) cap: Option<usize>,
}

impl Call {
    /// A request without headers and body.
    pub fn new(method: Method, url: Url) -> Self {
        Self { method, url, headers: HeaderMap::new(), body: Bytes::new(), whole: None, cap: None }
    }

    /// A GET.
    pub fn get(url: Url) -> Self {
        Self::new(Method::GET, url)
    }

    /// A POST of a JSON document.
    pub fn post_json(url: Url, document: &serde_json::Value) -> Self {
        Self::new(Method::POST, url)
            .header(CONTENT_TYPE, HeaderValue::from_static("application/json"))
            .body(document.to_string().into())
    }

    /// Replaces the body.
    #[must_use]
    pub fn body(mut self, body: Bytes) -> Self {
        self.body = body;
        self
    }

    /// Sets a header.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    /// Sets a header to `prefix` and `secret`, marked so that no log or table shows it.
    ///
    /// # Errors
    /// [`Fault::Header`] unless the secret is made of visible ASCII characters.
    pub fn secret_header(self, name: HeaderName, prefix: &str, secret: &SecretString) -> Result<Self, Fault> {
        let secret = secret.expose_secret();
        if secret.is_empty() || !secret.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(Fault::Header);
        }
        let mut value = HeaderValue::from_str(&format!("{prefix}{secret}")).map_err(|_| Fault::Header)?;
        value.set_sensitive(true);
        Ok(self.header(name, value))
    }

    /// Replaces the cap on the whole call's time.
    #[must_use]
    pub fn within(mut self, whole: Duration) -> Self {
        self.whole = Some(whole);
        self
    }

    /// Replaces the cap on the body's bytes.
    #[must_use]
    pub fn at_most(mut self, bytes: usize) -> Self {
        self.cap = Some(bytes);
        self
    }
}

/// A complete answer, whatever its status.
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers, as the other side sent them: not to be trusted or echoed.
    pub headers: HeaderMap,
    /// The body, within the call's cap.
    pub body: Bytes,
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use reqwest::header::AUTHORIZATION;

    #[test]
    fn a_secret_header_hides_its_value() {
        let call = Call::get(Url::parse("https://h/").unwrap());
        let call = call.secret_header(AUTHORIZATION, "Bearer ", &"sk-1".into()).unwrap();
        assert_eq!(call.headers[AUTHORIZATION], "Bearer sk-1");
        assert!(!format!("{:?}", call.headers).contains("sk-1"));
    }
}
