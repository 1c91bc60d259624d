//! The URL at which browsers reach this instance.

use crate::invalid::Invalid;
use serde::{Deserialize, Serialize};
use std::{fmt, net::IpAddr};

const ADVICE: &str = "Use the browser's address without its path: https://fleet.example.org. Plain http is for localhost only.";

/// An origin: `https://host[:port]`, or `http://` if the host is this machine. Lower case, without a trailing slash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PublicUrl(String);

impl PublicUrl {
    /// Accepts an origin, and normalizes it.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let wrong = || Invalid::new("publicUrl", ADVICE);
        let text = text.trim().trim_end_matches('/').to_ascii_lowercase();
        let (scheme, authority) = text.split_once("://").ok_or_else(wrong)?;
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':' | '[' | ']');
        let host = host_of(authority);
        if host.is_empty() || authority.len() > 255 || !authority.chars().all(fits) {
            return Err(wrong());
        }
        match scheme {
            "https" => Ok(Self(text)),
            "http" if is_loopback_host(host) => Ok(Self(text)),
            _ => Err(wrong()),
        }
    }

    /// The origin as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Host and port, as browsers send them in `Host`.
    pub fn authority(&self) -> &str {
        self.0.split_once("://").map_or("", |(_, authority)| authority)
    }

    /// Whether browsers use https.
    pub fn is_https(&self) -> bool {
        self.0.starts_with("https://")
    }
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for PublicUrl {
    type Error = Invalid;
    fn try_from(text: String) -> Result<Self, Invalid> {
        Self::parse(&text)
    }
}

impl From<PublicUrl> for String {
    fn from(url: PublicUrl) -> Self {
        url.0
    }
}

/// The host of `host[:port]`, without the brackets of an IPv6 address.
pub fn host_of(authority: &str) -> &str {
    match authority.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => authority.rsplit_once(':').map_or(authority, |(host, _)| host),
    }
}

/// Whether the host is the client's own machine, so that requests cross no network.
pub fn is_loopback_host(host: &str) -> bool {
    let host = host.to_ascii_lowercase();
    host == "localhost"
        || host.ends_with(".localhost")
        || host.parse::<IpAddr>().is_ok_and(|address| address.to_canonical().is_loopback())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn https_anywhere_and_http_on_this_machine_only() {
        for good in
            ["https://fleet.example.org", "https://10.0.0.4:8443", "http://localhost:8080", "http://[::1]:80"]
        {
            assert_eq!(PublicUrl::parse(good).unwrap().as_str(), good);
        }
        assert_eq!(
            PublicUrl::parse(" HTTPS://Fleet.Example.org/ ").unwrap().as_str(),
            "https://fleet.example.org"
        );
        assert_eq!(PublicUrl::parse("https://h:1").unwrap().authority(), "h:1");
        for bad in [
            "",
            "fleet",
            "http://fleet.example.org",
            "https://",
            "https://:80",
            "https://a/b",
            "https://a@b",
            "ftp://a",
            "http://localhost.evil.example",
            "https://a?b",
        ] {
            assert!(PublicUrl::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn loopback_hosts_have_several_names() {
        for host in [
            "localhost",
            "LOCALHOST",
            "mosaic.localhost",
            "127.0.0.1",
            "127.8.8.8",
            "::1",
            "::ffff:127.0.0.1",
        ] {
            assert!(is_loopback_host(host), "{host}");
        }
        for host in ["", "10.0.0.1", "localhost.example.org", "0.0.0.0", "127.0.0.1.example.org"] {
            assert!(!is_loopback_host(host), "{host}");
        }
        assert_eq!(host_of("[::1]:80"), "::1");
        assert_eq!(host_of("a.b:80"), "a.b");
    }
}
