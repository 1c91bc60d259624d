//! An agent's skills as files, which OpenClaw lists in the prompt and the agent reads when it needs them.

use super::{AgentInput, StateFile, personality};
use domain::agent::Skill;

/// One `SKILL.md` per skill, in the agent's workspace, whose skills have priority.
pub(super) fn files(agent: &AgentInput) -> impl Iterator<Item = StateFile> {
    agent.skills.iter().map(|skill| StateFile {
        path: format!("{}/skills/{}/SKILL.md", personality::folder(&agent.slug), skill.name),
        content: text(skill),
    })
}

/// With the description as a JSON string, which is a valid YAML scalar for any text.
fn text(skill: &Skill) -> String {
    let description = serde_json::Value::from(skill.description.trim());
    format!("---\nname: {}\ndescription: {description}\n---\n\n{}\n", skill.name, skill.content.trim())
}
