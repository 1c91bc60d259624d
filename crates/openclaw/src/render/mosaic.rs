//! What Mosaic itself gives to every agent: its tools, and the skill that says when to use them.
//!
//! OpenClaw does not tell a tool server which agent calls. So every agent has an entry of its own for the same
//! server, which names him in a header, and is denied the others'. The first agent's tools have the short name.

use super::{Agent, File, Input, personality, warm_up};
use domain::agent::OWN_SKILL;
use serde_json::{Map, Value, json};

/// Names the agent whose tools are called; its value is the agent's slug.
const AGENT_HEADER: &str = "X-Mosaic-Agent";
/// OpenClaw opens a connection per session and refuses the 257th: one that is not used goes soon, and is made again.
const IDLE_MS: u32 = 60_000;

const SKILL: &str = include_str!("SKILL.md");
const DESCRIPTION: &str = "Lasting knowledge of your user: save and find facts, remember values, search everything \
                           that was said before. Use it before you say that you do not know, and whenever you learn \
                           something worth keeping.";

/// The agent that lists sessions to Mosaic, deletes them and warms OpenClaw up; no slug can be that. No person speaks to it.
pub const LISTING_AGENT: &str = "mosaic_archive";

/// Its entry.
pub(super) fn listing_agent(input: &Input) -> (String, Value) {
    let tools = json!({ "alsoAllow": ["sessions", "sessions_list"], "deny": ["bundle-mcp"] });
    let mut entry = json!({ "name": "Archive", "skills": [], "tools": tools });
    if input.internal_url.is_some() {
        entry["model"] = json!({ "primary": warm_up::MODEL, "fallbacks": [] });
    }
    (LISTING_AGENT.to_owned(), entry)
}

/// The tool servers: one entry for each agent.
pub(super) fn servers(input: &Input) -> Value {
    let Some(url) = input.internal_url.as_ref().map(|url| format!("{url}/mcp")) else { return json!({}) };
    let entry = |agent: &Agent| {
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
        (name(input, agent), entry)
    };
    let servers: Map<String, Value> = input.agents.iter().map(entry).collect();
    json!({ "servers": servers, "sessionIdleTtlMs": IDLE_MS })
}

/// The other agents' tools, which this one must not see.
pub(super) fn denied(input: &Input, agent: &Agent) -> Vec<String> {
    let there = input.agents.iter().filter(|_| input.internal_url.is_some());
    there.filter(|other| other.slug != agent.slug).map(|other| format!("{}__*", name(input, other))).collect()
}

/// The agent's copy of the skill, which calls the tools by his names for them.
pub(super) fn skill(input: &Input, agent: &Agent) -> Option<File> {
    input.internal_url.as_ref()?;
    let text = SKILL.replace("{tools}", &name(input, agent));
    let description = Value::from(DESCRIPTION);
    Some(File {
        path: format!("{}/skills/{OWN_SKILL}/SKILL.md", personality::folder(&agent.slug)),
        content: format!("---\nname: {OWN_SKILL}\ndescription: {description}\n---\n\n{text}"),
    })
}

/// OpenClaw calls a tool `<name>__<tool>`; the longest is still within the 64 characters that providers allow.
fn name(input: &Input, agent: &Agent) -> String {
    let first = input.agents.first().is_some_and(|first| first.slug == agent.slug);
    if first { OWN_SKILL.to_owned() } else { format!("{OWN_SKILL}-{}", agent.slug) }
}
