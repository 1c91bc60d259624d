//! What Mosaic itself gives to every agent: its tools, and the skill that says when to use them.
//!
//! OpenClaw does not tell a tool server which agent calls. So every agent has an entry of its own for the same server,
//! which names the agent in a header, and is denied the entries of the others. The first agent's tools have the short
//! name.

use super::{AgentInput, RenderInput, StateFile, personality, warm_up};
use domain::agent::BUILTIN_SKILL;
use serde_json::{Map, Value, json};

/// Has the slug of the agent that calls.
const AGENT_HEADER: &str = "X-Mosaic-Agent";
/// OpenClaw opens a connection per session and refuses the 257th. So an unused one is closed soon; it is opened again
/// when it is needed.
const IDLE_TIMEOUT_MS: u32 = 60_000;

const SKILL: &str = include_str!("SKILL.md");
const SKILL_DESCRIPTION: &str = "Lasting knowledge of your user: save and find facts, remember values, search everything \
                           that was said before. Use it before you say that you do not know, and whenever you learn \
                           something worth keeping.";

/// Mosaic's own agent: it lists and deletes sessions for Mosaic and warms OpenClaw up. No user can chat with it, because
/// its name is not a slug.
pub const SERVICE_AGENT: &str = "mosaic_archive";

pub(super) fn service_agent(input: &RenderInput) -> (String, Value) {
    let tools = json!({ "alsoAllow": ["sessions", "sessions_list"], "deny": ["bundle-mcp"] });
    let mut entry = json!({ "name": "Archive", "skills": [], "tools": tools });
    if input.internal_url.is_some() {
        entry["model"] = json!({ "primary": warm_up::MODEL, "fallbacks": [] });
    }
    (SERVICE_AGENT.to_owned(), entry)
}

/// The tool servers: one entry for each agent.
pub(super) fn servers(input: &RenderInput) -> Value {
    let Some(url) = input.internal_url.as_ref().map(|url| format!("{url}/mcp")) else { return json!({}) };
    let entry = |agent: &AgentInput| {
        let entry = json!({
            "url": url,
            "transport": "streamable-http",
            "headers": {
                "Authorization": "Bearer ${OPENCLAW_GATEWAY_TOKEN}",
                AGENT_HEADER: agent.slug.as_str(),
            },
            "connectionTimeoutMs": 5_000,
            "requestTimeoutMs": 20_000,
        });
        (server_name(input, agent), entry)
    };
    let servers: Map<String, Value> = input.agents.iter().map(entry).collect();
    json!({ "servers": servers, "sessionIdleTtlMs": IDLE_TIMEOUT_MS })
}

/// The other agents' tools.
pub(super) fn denied_tools(input: &RenderInput, agent: &AgentInput) -> Vec<String> {
    let others = input.agents.iter().filter(|other| input.internal_url.is_some() && other.slug != agent.slug);
    others.map(|other| format!("{}__*", server_name(input, other))).collect()
}

/// The agent's copy of the skill, with the names that the tools have for this agent.
pub(super) fn skill(input: &RenderInput, agent: &AgentInput) -> Option<StateFile> {
    input.internal_url.as_ref()?;
    let text = SKILL.replace("{tools}", &server_name(input, agent));
    let description = Value::from(SKILL_DESCRIPTION);
    Some(StateFile {
        path: format!("{}/skills/{BUILTIN_SKILL}/SKILL.md", personality::folder(&agent.slug)),
        content: format!("---\nname: {BUILTIN_SKILL}\ndescription: {description}\n---\n\n{text}"),
    })
}

/// OpenClaw calls a tool `<server name>__<tool>`. The longest one has no more than the 64 characters that providers allow.
fn server_name(input: &RenderInput, agent: &AgentInput) -> String {
    let first = input.agents.first().is_some_and(|first| first.slug == agent.slug);
    if first { BUILTIN_SKILL.to_owned() } else { format!("{BUILTIN_SKILL}-{}", agent.slug) }
}
