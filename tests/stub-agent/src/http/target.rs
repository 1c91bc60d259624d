//! The agent and the session of a chat request.

use axum::http::HeaderMap;

use super::header_text;
use super::refusal::Refusal;
use crate::config::Config;

const NO_OWNER: &str = "Multiple agents are configured, but this operation has no explicit owner. Select an agent explicitly; CLI callers can pass --agent <id>, channels can add a binding, and ambient services can set their agentId target.";
const RESERVED: &str = "`x-openclaw-session-key` cannot use reserved internal session namespaces.";

/// An agent and a session's key.
#[derive(Debug, PartialEq, Eq)]
pub struct Target {
    /// The agent's id.
    pub agent: String,
    /// The session's key, lower-cased.
    pub session: String,
}

impl Target {
    /// Resolves headers, `model` and `user` as OpenClaw does.
    ///
    /// # Errors
    /// Without an agent, with an unknown agent, or with a reserved session.
    pub fn resolve(
        config: &Config,
        headers: &HeaderMap,
        model: &str,
        user: Option<&str>,
    ) -> Result<Self, Refusal> {
        let agent = resolve_agent(config, headers, model)?;
        let key = match (header_text(headers, "x-openclaw-session-key"), user) {
            (Some(key), _) if is_reserved(key) => return Err(Refusal::invalid(RESERVED)),
            (Some(key), _) => key.to_owned(),
            (None, Some(user)) => format!("openai-user:{user}"),
            (None, None) => format!("openai:{}", uuid::Uuid::now_v7()),
        };
        let key = key.to_lowercase();
        // As in OpenClaw, a full key names its agent, independently of the model.
        let full = key.strip_prefix("agent:").and_then(|rest| rest.split_once(':'));
        let Some((own, _)) = full else {
            let session = format!("agent:{agent}:{key}");
            return Ok(Self { agent, session });
        };
        Ok(Self { agent: require_agent(config, own)?, session: key })
    }
}

fn resolve_agent(config: &Config, headers: &HeaderMap, model: &str) -> Result<String, Refusal> {
    let default = matches!(model, "" | "openclaw" | "openclaw/default");
    let named = model.strip_prefix("openclaw/");
    if !default && named.is_none() {
        return Err(Refusal::invalid("Invalid `model`. Use `openclaw` or `openclaw/<agentId>`."));
    }
    if let Some(id) = header_text(headers, "x-openclaw-agent-id") {
        return require_agent(config, id);
    }
    if let (false, Some(id)) = (default, named) {
        return require_agent(config, id);
    }
    let mut ids = config.agents.keys();
    match (ids.next(), ids.next()) {
        (Some(only), None) => Ok(only.clone()),
        _ => Err(Refusal::invalid(NO_OWNER)),
    }
}

fn require_agent(config: &Config, id: &str) -> Result<String, Refusal> {
    if config.agents.contains_key(id) {
        return Ok(id.to_owned());
    }
    Err(Refusal::invalid(format!("Unknown agent '{id}'.")))
}

fn is_reserved(key: &str) -> bool {
    let key = key.to_lowercase();
    let tail = key.splitn(3, ':').nth(2).unwrap_or_default();
    let inner = if key.starts_with("agent:") { tail } else { &key };
    ["subagent:", "cron:", "acp:"].iter().any(|name| inner.starts_with(name))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    fn resolve(agents: &str, key: Option<&str>, model: &str) -> Result<Target, Refusal> {
        let text = format!(r#"{{"agents":{{"ownership":"explicit","entries":{agents}}}}}"#);
        let config = Config::parse(&text, &|_| None).unwrap();
        let mut headers = HeaderMap::new();
        if let Some(key) = key {
            headers.insert("x-openclaw-session-key", key.parse().unwrap());
        }
        Target::resolve(&config, &headers, model, Some("Conv:A"))
    }

    const TWO: &str = r#"{"ada":{},"bob":{}}"#;

    #[test]
    fn keys_are_lower_cased_and_carry_the_agent() {
        let target = resolve(TWO, None, "openclaw/ada").unwrap();
        assert_eq!(target.session, "agent:ada:openai-user:conv:a");
        let target = resolve(TWO, Some("X"), "openclaw/bob").unwrap();
        assert_eq!(target.session, "agent:bob:x");
    }

    #[test]
    fn a_full_key_overrides_the_model() {
        let target = resolve(TWO, Some("agent:bob:foo"), "openclaw/ada").unwrap();
        assert_eq!(target.agent, "bob");
    }

    #[test]
    fn several_agents_need_a_name_and_reserved_keys_are_refused() {
        assert_eq!(resolve(TWO, None, "openclaw"), Err(Refusal::invalid(NO_OWNER)));
        assert!(resolve(r#"{"ada":{}}"#, None, "openclaw/default").is_ok());
        let unknown = resolve(TWO, None, "openclaw/nope");
        assert_eq!(unknown, Err(Refusal::invalid("Unknown agent 'nope'.")));
        assert!(resolve(TWO, None, "gpt-5").is_err());
        assert!(resolve(TWO, Some("cron:x"), "openclaw/ada").is_err());
        assert!(resolve(TWO, Some("agent:ada:subagent:x"), "openclaw/ada").is_err());
    }
}
