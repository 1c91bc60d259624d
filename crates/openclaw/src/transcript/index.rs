//! Which file of an older OpenClaw's state is what, and the index that named its sessions (`sessions.json`).

use domain::Slug;
use serde_json::Value;
use std::collections::HashMap;

/// The folder of the state that holds every agent's files.
pub const AGENTS: &str = "agents";

/// A file that an older version kept sessions in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OldFile {
    /// Names the keys of an agent's sessions: read it by [`keys`].
    Index,
    /// A session log of this agent: read it by [`super::Reader`].
    Log(Slug),
}

/// What the file at this path below the state's root is: where the older version had it, or where OpenClaw puts it when it
/// has carried the sessions over that it knows by a key. What was deleted or reset is none of these: it was forgotten.
pub fn old_file(path: &str) -> Option<OldFile> {
    let parts: Vec<&str> = path.split('/').collect();
    let [AGENTS, agent, folder, name] = parts.as_slice() else { return None };
    let name = match *folder {
        "sessions" => *name,
        "session-sqlite-import-archive" => name.split_once(".imported-")?.0,
        _ => return None,
    };
    let agent = Slug::try_from((*agent).to_owned()).ok()?;
    match name {
        "sessions.json" | "legacy-store.sessions.json" => Some(OldFile::Index),
        _ => name.ends_with(".jsonl").then_some(OldFile::Log(agent)),
    }
}

/// The keys of sessions by their ids; what cannot be read names none.
pub fn keys(index: &[u8]) -> HashMap<String, String> {
    let Ok(Value::Object(rows)) = serde_json::from_slice(index) else { return HashMap::new() };
    let named = |(key, row): (String, Value)| Some((row["sessionId"].as_str()?.to_owned(), key));
    rows.into_iter().filter_map(named).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_logs_and_indexes_of_agents_count() {
        let ada = Slug::from_name("Ada", "agent");
        assert_eq!(old_file("agents/ada/sessions/sessions.json"), Some(OldFile::Index));
        assert_eq!(old_file("agents/ada/sessions/4594d514.jsonl"), Some(OldFile::Log(ada.clone())));
        let imported = |name: &str| old_file(&format!("agents/ada/session-sqlite-import-archive/{name}"));
        assert_eq!(imported("legacy-store.sessions.json.imported-1795389886036"), Some(OldFile::Index));
        assert_eq!(imported("agent_ada_main.4594d514.jsonl.imported-1795389885983"), Some(OldFile::Log(ada)));
        assert_eq!(imported("x.jsonl.deleted.2026-11-22.imported-1795389885983"), None);
        for path in [
            "agents/ada/sessions/4594d514.jsonl.deleted.2026-11-22",
            "agents/ada/agent/openclaw-agent.sqlite",
            "agents/ada/sessions/more/4594d514.jsonl",
            "agents/../sessions/x.jsonl",
            "workspace/notes.jsonl",
            "agents/ada/sessions/",
        ] {
            assert_eq!(old_file(path), None, "{path}");
        }
    }

    #[test]
    fn an_index_names_keys_and_nonsense_none() {
        let index = br#"{"agent:ada:main":{"sessionId":"s-1","updatedAt":7},"agent:ada:x":{},"y":3}"#;
        assert_eq!(keys(index), HashMap::from([("s-1".to_owned(), "agent:ada:main".to_owned())]));
        assert_eq!(keys(b"[]"), HashMap::new());
        assert_eq!(keys(b"{"), HashMap::new());
    }
}
