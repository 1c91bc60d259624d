//! The private hosts that an admin allowed.
//!
//! Owns the comparison of a URL's host and port with that set. It must not decide what is private.

use super::Url;
use domain::settings::AllowedHost;
use std::{collections::HashSet, net::Ipv6Addr};

/// A set of hosts with ports. A name allows all private addresses that it resolves to, on that port only.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AllowedHosts(HashSet<(String, u16)>);

impl AllowedHosts {
    /// Allows nothing private.
    pub fn none() -> Self {
        Self::default()
    }

    /// Also allows `host` (a name, or an address with or without brackets) on `port`. Ignores an invalid host.
    #[must_use]
    pub fn with(mut self, host: &str, port: u16) -> Self {
        self.0.extend(canonical(host).map(|host| (host, port)));
        self
    }

    /// Also allows the host and port of `url`, for a provider whose `allowPrivateHost` an admin set.
    #[must_use]
    pub fn with_host_of(self, url: &Url) -> Self {
        match (url.host_str(), url.port_or_known_default()) {
            (Some(host), Some(port)) => self.with(host, port),
            _ => self,
        }
    }

    pub(super) fn contains(&self, url: &Url) -> bool {
        let (Some(host), Some(port)) = (url.host_str(), url.port_or_known_default()) else {
            return false;
        };
        canonical(host).is_some_and(|host| self.0.contains(&(host, port)))
    }
}

impl<'a> FromIterator<&'a AllowedHost> for AllowedHosts {
    fn from_iter<I: IntoIterator<Item = &'a AllowedHost>>(hosts: I) -> Self {
        hosts.into_iter().fold(Self::none(), |set, allowed| set.with(&allowed.host, allowed.port))
    }
}

/// The host as the URL parser normalizes it (case, punycode, unusual IPv4 forms), without a trailing dot, so that both
/// sides of a comparison follow the same rules.
fn canonical(host: &str) -> Option<String> {
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    let authority = match bare.parse::<Ipv6Addr>() {
        Ok(address) => format!("[{address}]"),
        // Characters that would end the host in a URL, or vanish from it.
        Err(_) if host.contains(|c: char| "/\\?#@:".contains(c) || c.is_whitespace() || c.is_control()) => {
            return None;
        }
        Err(_) => host.to_owned(),
    };
    let url = Url::parse(&format!("http://{authority}/")).ok()?;
    Some(url.host_str()?.trim_end_matches('.').to_owned())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn host_and_port_must_both_match() {
        let set = AllowedHosts::none().with("ollama.lan", 11434);
        assert!(set.contains(&url("http://ollama.lan:11434/api")));
        assert!(!set.contains(&url("http://ollama.lan:22/")));
        assert!(!set.contains(&url("http://other.lan:11434/")));
        assert!(!set.contains(&url("http://x.ollama.lan:11434/")));
    }

    #[test]
    fn one_host_has_one_spelling() {
        let set = AllowedHosts::none()
            .with("Ollama.LAN.", 80)
            .with("::1", 443)
            .with("[::2]", 443)
            .with("127.1", 80);
        for same in [
            "http://ollama.lan/",
            "http://OLLAMA.lan./",
            "https://[0:0::1]/",
            "https://[::2]/",
            "http://0x7f000001/",
        ] {
            assert!(set.contains(&url(same)), "{same}");
        }
    }

    #[test]
    fn an_invalid_host_allows_nothing() {
        for odd in ["", "a@b", "@b", "a/b", "a:80", "a:81", "a?b", "a b", "a\nb", "a#b", "a\\b"] {
            let set = AllowedHosts::none().with(odd, 80);
            assert_eq!(set, AllowedHosts::none(), "{odd}");
        }
    }

    #[test]
    fn settings_become_a_set() {
        let hosts = [AllowedHost { host: "llm.corp".into(), port: 8443 }];
        let set: AllowedHosts = hosts.iter().collect();
        assert!(set.contains(&url("https://llm.corp:8443/v1")));
        let set = AllowedHosts::none().with_host_of(&url("https://llm.corp/v1"));
        assert!(set.contains(&url("https://llm.corp:443/other")));
    }
}
