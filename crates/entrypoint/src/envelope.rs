//! What Mosaic sends: a version, the whole `openclaw.json`, and the personality files. No part of
//! an envelope is used before all of it was checked.

use std::fmt;
use std::path::Path;

use serde::Deserialize;
use serde_json::Value;

/// OpenClaw's port, if the config has none.
const DEFAULT_PORT: u16 = 18789;
const MAX_FILES: usize = 500;
const MAX_PATH_BYTES: usize = 512;
const MAX_VERSION_BYTES: usize = 512;
/// This program's own folder in the state directory. No file of an envelope may be in it.
pub const OWN_DIR: &str = ".mosaic";

/// A checked envelope.
#[derive(Debug, PartialEq, Eq)]
pub struct Envelope {
    /// Identifies this content.
    pub version: Version,
    /// The bytes of the config file. The same config always has the same bytes.
    pub config: Vec<u8>,
    /// Personality files by path.
    pub files: Vec<(RelPath, String)>,
    /// The port of the gateway with this config.
    pub port: u16,
}

/// The id of a version, as the server sent it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version(String);

impl Version {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Why an envelope is not used.
#[derive(Debug, thiserror::Error)]
pub enum EnvelopeError {
    /// Not an envelope.
    #[error("sent something that is not a config: {0}")]
    Malformed(&'static str),
    /// A version with an error, which is reported to the server.
    #[error("sent version {} with an error: {reason}", .version.as_str())]
    Invalid { version: Version, reason: String },
}

#[derive(Deserialize)]
struct RawEnvelope {
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
    /// Parses and checks the body of a response.
    ///
    /// # Errors
    /// [`EnvelopeError`]. Its text has no content of the envelope except paths.
    pub fn parse(body: &[u8]) -> Result<Self, EnvelopeError> {
        // Without serde's message, which could quote the config and with it a key.
        let raw: RawEnvelope =
            serde_json::from_slice(body).map_err(|_| EnvelopeError::Malformed("not the expected JSON"))?;
        if raw.version.is_empty() || raw.version.len() > MAX_VERSION_BYTES {
            return Err(EnvelopeError::Malformed("no version"));
        }
        let version = Version(raw.version);
        let invalid = |reason: String| EnvelopeError::Invalid { version: version.clone(), reason };
        if !raw.config.is_object() {
            return Err(invalid("config is not an object".to_owned()));
        }
        if raw.files.len() > MAX_FILES {
            return Err(invalid(format!("more than {MAX_FILES} files")));
        }
        let mut files = Vec::with_capacity(raw.files.len());
        for RawFile { path, content } in raw.files {
            let checked = RelPath::parse(&path)
                .ok_or_else(|| invalid(format!("{path:?} is not a path inside the state directory")))?;
            files.push((checked, content));
        }
        let port = raw.config.pointer("/gateway/port").and_then(Value::as_u64);
        let port = port.and_then(|port| u16::try_from(port).ok()).unwrap_or(DEFAULT_PORT);
        let config = stable_bytes(raw.config).map_err(|error| invalid(error.to_string()))?;
        Ok(Self { version, config, files, port })
    }
}

/// Pretty JSON with sorted keys. The gateway checks a file again when its bytes change, so the same
/// config must always have the same bytes.
fn stable_bytes(mut config: Value) -> serde_json::Result<Vec<u8>> {
    config.sort_all_objects();
    let mut bytes = serde_json::to_vec_pretty(&config)?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// A relative path that cannot leave its directory, except by symbolic links, which `disk` deals with.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct RelPath(String);

impl RelPath {
    /// Accepts `workspace-ada/SOUL.md`. Refuses absolute paths, `..`, `.`, empty names, control
    /// characters, backslashes and [`OWN_DIR`].
    pub fn parse(path: &str) -> Option<Self> {
        let is_plain = |name: &str| {
            !matches!(name, "" | "." | "..") && !name.contains(|c: char| c.is_control() || c == '\\')
        };
        let is_own = path.split('/').next() == Some(OWN_DIR);
        let is_valid = !is_own && path.len() <= MAX_PATH_BYTES && path.split('/').all(is_plain);
        is_valid.then(|| Self(path.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The folders and the name of the file.
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

    fn parse(body: &Value) -> Result<Envelope, EnvelopeError> {
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
    fn the_same_config_has_the_same_bytes_in_any_order() {
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
    fn one_invalid_path_makes_the_version_invalid() {
        let files = json!([{"path": "ok.md", "content": ""}, {"path": "../../etc/x", "content": ""}]);
        let error = parse(&json!({"version": "v9", "config": {}, "files": files})).unwrap_err();
        assert!(matches!(&error, EnvelopeError::Invalid { version, .. } if version.as_str() == "v9"));
        assert!(error.to_string().contains("../../etc/x"));
    }

    #[test]
    fn a_malformed_envelope_is_not_quoted() {
        let error = Envelope::parse(br#"{"version":"1","config":{},"files":"sk-secret"}"#);
        assert!(!error.unwrap_err().to_string().contains("sk-secret"));
        assert!(parse(&json!({"version": "", "config": {}})).is_err());
        assert!(parse(&json!({"version": "1", "config": []})).is_err());
    }
}
