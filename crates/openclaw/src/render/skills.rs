//! An agent's skills, as the files OpenClaw lists in its prompt and the agent reads when it needs them.

use super::{AgentInput, StateFile, personality};
use domain::agent::Skill;

/// One `SKILL.md` each, in the agent's workspace, where its own skills come first.
pub(super) fn files(agent: &AgentInput) -> impl Iterator<Item = StateFile> {
    agent.skills.iter().map(|skill| StateFile {
        path: format!("{}/skills/{}/SKILL.md", personality::folder(&agent.slug), skill.name),
        content: text(skill),
    })
}

/// The head is YAML: a description in JSON's quotes is a valid scalar there, whatever is in it.
fn text(skill: &Skill) -> String {
    let description = serde_json::Value::from(skill.description.trim());
    format!("---\nname: {}\ndescription: {description}\n---\n\n{}\n", skill.name, skill.content.trim())
}
