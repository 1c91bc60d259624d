//! Names of OpenClaw sessions.
//!
//! Owns the one form in which Mosaic names a session. OpenClaw lower-cases keys, refuses some prefixes,
//! takes a bare key for nobody's as soon as there are two agents, and lets a key that names an agent win
//! over the request's own; so a key is never made from anything but ids.

use domain::{ChatId, Slug};

/// The session of one branch of one chat. Each agent has its own session of that name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SessionKey {
    chat: ChatId,
    branch: u32,
}

impl SessionKey {
    /// The key of `chat`'s branch `branch` (a replaced turn begins the next branch).
    pub const fn new(chat: ChatId, branch: u32) -> Self {
        Self { chat, branch }
    }

    /// Whether a full key is of this form: a session of Mosaic's chat, whichever agent's.
    pub fn is_one(key: &str) -> bool {
        key.strip_prefix("agent:")
            .and_then(|rest| rest.split_once(':'))
            .is_some_and(|(_, rest)| rest.starts_with("mosaic:"))
    }

    /// The session that a full key names, if it is one of Mosaic's chat.
    pub fn of_key(key: &str) -> Option<Self> {
        let (_, rest) = key.strip_prefix("agent:")?.split_once(':')?;
        let (chat, branch) = rest.strip_prefix("mosaic:")?.split_once(':')?;
        Some(Self { chat: format!("{}_{chat}", ChatId::PREFIX).parse().ok()?, branch: branch.parse().ok()? })
    }

    /// The full key `agent:<slug>:mosaic:<chat>:<branch>`, as header and history path want it.
    pub fn of(self, agent: &Slug) -> String {
        format!("agent:{agent}:mosaic:{}:{}", self.chat.uuid().simple(), self.branch)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_full_key_is_lower_case_and_names_its_agent() {
        let chat: ChatId = "cht_0198F3C2AAAA70008000000000000ABC".parse().unwrap();
        let agent = Slug::from_name("Ada", "agent");
        let key = SessionKey::new(chat, 3).of(&agent);
        assert_eq!(key, "agent:ada:mosaic:0198f3c2aaaa70008000000000000abc:3");
        assert_eq!(key, key.to_lowercase());
        assert!(SessionKey::is_one(&key));
        assert_eq!(SessionKey::of_key(&key), Some(SessionKey::new(chat, 3)));
        for other in ["agent:ada:main", "agent:mosaic:main", "mosaic:0:0", "agent:ada:not-mosaic:1"] {
            assert!(!SessionKey::is_one(other), "{other}");
        }
        for other in ["agent:ada:mosaic:warm-up", "agent:ada:mosaic:0:0", "agent:ada:mosaic:x:-1"] {
            assert_eq!(SessionKey::of_key(other), None, "{other}");
        }
    }
}
