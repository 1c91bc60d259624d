//! What Mosaic sends: a version, the whole `openclaw.json`, and the personality files. Nothing of
//! an envelope is used before all of it was checked.

use std::fmt;
use std::path::Path;

use serde::Deserialize;
use serde_json::Value;

/// OpenClaw's, when the config names none.
const DEFAULT_PORT: u16 = 18789;
const MAX_FILES: usize = 500;
const MAX_PATH: usize = 512;
/// Our own folder in the state directory; no file of an envelope may lie there.
pub const OWN_DIR: &str = ".mosaic";

/// A checked envelope.
#[derive(Debug, PartialEq, Eq)]
pub struct Envelope {
    /// Names exactly this content.
    pub version: Version,
    /// The config file's bytes: the same config is always the same bytes.
    pub config: Vec<u8>,
    /// Personality files by path.
    pub files: Vec<(RelPath, String)>,
    /// The port that this config makes the gateway listen on.
    pub port: u16,
}

/// A version's name, as the server gave it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version(String);

impl Version {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Why an envelope is not used.
#[derive(Debug, thiserror::Error)]
pub enum Unusable {
    /// Not an envelope at all.
    #[error("sent something that is no config: {0}")]
    Malformed(&'static str),
    /// A version with something wrong in it, which the server should hear about.
    #[error("sent version {} with a mistake: {why}", .version.as_str())]
    Mistaken {
        /// The version.
        version: Version,
        /// What is wrong.
        why: String,
    },
}

#[derive(Deserialize)]
struct Raw {
    version: String,
    config: Value,
    #[serde(default)]
    files: Vec<RawFile>,
}

#[derive(Deserialize)]
struct RawFile {
    path: String,
    content: String,
}

impl Envelope {
    /// Reads and checks an answer's body.
    ///
    /// # Errors
    /// [`Unusable`]; its text holds nothing of the content but paths.
    pub fn parse(body: &[u8]) -> Result<Self, Unusable> {
        // serde's own message could quote the config, and with it a key.
        let raw: Raw =
            serde_json::from_slice(body).map_err(|_| Unusable::Malformed("not the expected JSON"))?;
        if raw.version.is_empty() || raw.version.len() > MAX_PATH {
            return Err(Unusable::Malformed("no version"));
        }
        let version = Version(raw.version);
        let mistaken = |why: String| Unusable::Mistaken { version: version.clone(), why };
        if !raw.config.is_object() {
            return Err(mistaken("config is not an object".to_owned()));
        }
        if raw.files.len() > MAX_FILES {
            return Err(mistaken(format!("more than {MAX_FILES} files")));
        }
        let mut files = Vec::with_capacity(raw.files.len());
        for RawFile { path, content } in raw.files {
            let checked = RelPath::parse(&path)
                .ok_or_else(|| mistaken(format!("{path:?} is not a path inside the state directory")))?;
            files.push((checked, content));
        }
        let port = raw.config.pointer("/gateway/port").and_then(Value::as_u64);
        let port = port.and_then(|port| u16::try_from(port).ok()).unwrap_or(DEFAULT_PORT);
        let config = stable_bytes(raw.config).map_err(|error| mistaken(error.to_string()))?;
        Ok(Self { version, config, files, port })
    }
}

/// Pretty JSON with sorted keys: the gateway re-examines a file whose bytes changed, so the same
/// config must never look different.
fn stable_bytes(mut config: Value) -> serde_json::Result<Vec<u8>> {
    config.sort_all_objects();
    let mut bytes = serde_json::to_vec_pretty(&config)?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// A path that cannot leave the directory it is used in, symbolic links aside (those are `disk`'s
/// business).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct RelPath(String);

impl RelPath {
    /// Accepts `workspace-ada/SOUL.md`; refuses absolute paths, `..`, `.`, empty names, control
    /// characters, backslashes and our own folder.
    pub fn parse(path: &str) -> Option<Self> {
        let plain = |name: &str| {
            !matches!(name, "" | "." | "..") && !name.contains(|c: char| c.is_control() || c == '\\')
        };
        let ours = path.split('/').next() == Some(OWN_DIR);
        let good = !ours && path.len() <= MAX_PATH && path.split('/').all(plain);
        good.then(|| Self(path.to_owned()))
    }

    /// The path as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The folders and the file's name.
    pub fn parts(&self) -> (impl Iterator<Item = &str>, &str) {
        let (dirs, name) = self.0.rsplit_once('/').unwrap_or(("", &self.0));
        (dirs.split('/').filter(|dir| !dir.is_empty()), name)
    }
}

impl AsRef<Path> for RelPath {
    fn as_ref(&self) -> &Path {
        Path::new(&self.0)
    }
}

impl fmt::Display for RelPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;
    use serde_json::json;

    fn parse(body: &Value) -> Result<Envelope, Unusable> {
        Envelope::parse(body.to_string().as_bytes())
    }

    #[test]
    fn only_paths_that_stay_inside_are_paths() {
        for good in ["SOUL.md", "workspace-ada/SOUL.md", "a/b/.hidden", "w/…/ü.md"] {
            assert!(RelPath::parse(good).is_some(), "{good}");
        }
        for bad in [
            "",
            "/etc/passwd",
            "../x",
            "a/../../x",
            "a/./b",
            "a//b",
            "a/",
            "a\\b",
            "a\0b",
            "a\nb",
            ".mosaic/files.json",
            "..",
            ".",
        ] {
            assert!(RelPath::parse(bad).is_none(), "{bad:?}");
        }
        assert!(RelPath::parse(&"a/".repeat(400)).is_none());
    }

    #[test]
    fn the_same_config_is_the_same_bytes_whatever_its_order() {
        let one = Envelope::parse(br#"{"version":"1","config":{"b":{"y":1,"x":[2,1]},"a":"Z"}}"#);
        let two = Envelope::parse(br#"{"config":{"a":"Z","b":{"x":[2,1],"y":1}},"version":"1"}"#);
        let one = one.unwrap();
        assert_eq!(one, two.unwrap());
        let text = String::from_utf8(one.config).unwrap();
        assert_eq!(
            text,
            "{\n  \"a\": \"Z\",\n  \"b\": {\n    \"x\": [\n      2,\n      1\n    ],\n    \"y\": 1\n  }\n}\n"
        );
    }

    #[test]
    fn one_bad_path_spoils_the_version_and_names_it() {
        let files = json!([{"path": "ok.md", "content": ""}, {"path": "../../etc/x", "content": ""}]);
        let error = parse(&json!({"version": "v9", "config": {}, "files": files})).unwrap_err();
        assert!(matches!(&error, Unusable::Mistaken { version, .. } if version.as_str() == "v9"));
        assert!(error.to_string().contains("../../etc/x"));
    }

    #[test]
    fn what_is_no_envelope_is_refused_without_being_quoted() {
        let error = Envelope::parse(br#"{"version":"1","config":{},"files":"sk-secret"}"#);
        assert!(!error.unwrap_err().to_string().contains("sk-secret"));
        assert!(parse(&json!({"version": "", "config": {}})).is_err());
        assert!(parse(&json!({"version": "1", "config": []})).is_err());
    }
}
