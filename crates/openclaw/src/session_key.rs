//! Names of OpenClaw sessions.
//!
//! Owns the one form in which Mosaic names a session. OpenClaw lower-cases keys, refuses some prefixes, assigns a key
//! without an agent to no agent if there are several, and lets the agent in a key win over the request's. So a key is
//! made only from ids.

use domain::{ChatId, Slug};

/// The session of one branch of one chat. Each agent has its own session of that name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SessionKey {
    chat: ChatId,
    branch: u32,
}

impl SessionKey {
    /// The key of a chat's branch. A replaced turn begins the next branch.
    pub const fn new(chat: ChatId, branch: u32) -> Self {
        Self { chat, branch }
    }

    /// The key of a branch as its row counts them.
    pub fn of_branch(chat: ChatId, branch: i32) -> Self {
        Self::new(chat, u32::try_from(branch).unwrap_or_default())
    }

    /// Whether a full key is of this form: a session of a chat of Mosaic, with any agent.
    pub fn is_mosaic_key(key: &str) -> bool {
        key.strip_prefix("agent:")
            .and_then(|rest| rest.split_once(':'))
            .is_some_and(|(_, rest)| rest.starts_with("mosaic:"))
    }

    /// The session of a full key, if it belongs to a chat of Mosaic.
    pub fn parse(key: &str) -> Option<Self> {
        let (_, rest) = key.strip_prefix("agent:")?.split_once(':')?;
        let (chat, branch) = rest.strip_prefix("mosaic:")?.split_once(':')?;
        Some(Self { chat: format!("{}_{chat}", ChatId::PREFIX).parse().ok()?, branch: branch.parse().ok()? })
    }

    /// The full key `agent:<slug>:mosaic:<chat>:<branch>`, for the header and for the history's path.
    pub fn for_agent(self, agent: &Slug) -> String {
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
        let key = SessionKey::new(chat, 3).for_agent(&agent);
        assert_eq!(key, "agent:ada:mosaic:0198f3c2aaaa70008000000000000abc:3");
        assert_eq!(key, key.to_lowercase());
        assert!(SessionKey::is_mosaic_key(&key));
        assert_eq!(SessionKey::parse(&key), Some(SessionKey::new(chat, 3)));
        for other in ["agent:ada:main", "agent:mosaic:main", "mosaic:0:0", "agent:ada:not-mosaic:1"] {
            assert!(!SessionKey::is_mosaic_key(other), "{other}");
        }
        for other in ["agent:ada:mosaic:warm-up", "agent:ada:mosaic:0:0", "agent:ada:mosaic:x:-1"] {
            assert_eq!(SessionKey::parse(other), None, "{other}");
        }
    }
}
