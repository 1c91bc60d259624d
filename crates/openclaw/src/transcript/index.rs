//! The files in which older versions of OpenClaw kept sessions, and their index (`sessions.json`).

use domain::Slug;
use serde_json::Value;
use std::collections::HashMap;

/// The folder of all agents in the state.
pub const AGENTS_DIR: &str = "agents";

/// A file in which an older version kept sessions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LegacyFile {
    /// The keys of an agent's sessions, for [`parse_index`].
    Index,
    /// A session log of this agent, for [`super::LegacyLogReader`].
    Log(Slug),
}

/// Classifies a file by its path below the root of the state. The path is that of the older version, or that of the
/// archive into which OpenClaw moves the files after it has imported them. Logs of sessions that were deleted or reset do
/// not count.
pub fn classify_legacy_file(path: &str) -> Option<LegacyFile> {
    let parts: Vec<&str> = path.split('/').collect();
    let [AGENTS_DIR, agent, folder, name] = parts.as_slice() else { return None };
    let name = match *folder {
        "sessions" => *name,
        "session-sqlite-import-archive" => name.split_once(".imported-")?.0,
        _ => return None,
    };
    let agent = Slug::try_from((*agent).to_owned()).ok()?;
    match name {
        "sessions.json" | "legacy-store.sessions.json" => Some(LegacyFile::Index),
        _ => name.ends_with(".jsonl").then_some(LegacyFile::Log(agent)),
    }
}

/// The keys of sessions by their ids. Rows that cannot be read are skipped.
pub fn parse_index(index: &[u8]) -> HashMap<String, String> {
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
        assert_eq!(classify_legacy_file("agents/ada/sessions/sessions.json"), Some(LegacyFile::Index));
        assert_eq!(
            classify_legacy_file("agents/ada/sessions/4594d514.jsonl"),
            Some(LegacyFile::Log(ada.clone()))
        );
        let imported =
            |name: &str| classify_legacy_file(&format!("agents/ada/session-sqlite-import-archive/{name}"));
        assert_eq!(imported("legacy-store.sessions.json.imported-1795389886036"), Some(LegacyFile::Index));
        assert_eq!(
            imported("agent_ada_main.4594d514.jsonl.imported-1795389885983"),
            Some(LegacyFile::Log(ada))
        );
        assert_eq!(imported("x.jsonl.deleted.2026-11-22.imported-1795389885983"), None);
        for path in [
            "agents/ada/sessions/4594d514.jsonl.deleted.2026-11-22",
            "agents/ada/agent/openclaw-agent.sqlite",
            "agents/ada/sessions/more/4594d514.jsonl",
            "agents/../sessions/x.jsonl",
            "workspace/notes.jsonl",
            "agents/ada/sessions/",
        ] {
            assert_eq!(classify_legacy_file(path), None, "{path}");
        }
    }

    #[test]
    fn an_index_has_keys_and_nonsense_has_none() {
        let index = br#"{"agent:ada:main":{"sessionId":"s-1","updatedAt":7},"agent:ada:x":{},"y":3}"#;
        assert_eq!(parse_index(index), HashMap::from([("s-1".to_owned(), "agent:ada:main".to_owned())]));
        assert_eq!(parse_index(b"[]"), HashMap::new());
        assert_eq!(parse_index(b"{"), HashMap::new());
    }
}
