//! What this program writes: the config file, and the personality files in the state directory
//! with a list of them. The agent may write in that directory as well, so it is never trusted.

mod tree;

use std::collections::BTreeSet;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::envelope::{Envelope, OWN_DIR, RelPath};
use crate::settings::Settings;
use tree::Tree;

const LIST: &str = "files.json";

/// Whether the config file's bytes became others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Changed {
    /// The gateway will look at it.
    Yes,
    /// Nothing was written.
    No,
}

/// The two places.
#[derive(Debug)]
pub struct Disk {
    config: PathBuf,
    state: PathBuf,
}

impl Disk {
    /// The places that the environment names.
    pub fn new(settings: &Settings) -> Self {
        Self { config: settings.config_path.clone(), state: settings.state_dir.clone() }
    }

    /// Writes a version: the files first, so that they are there when the config names their
    /// agent. What is on the disk already is not written again.
    ///
    /// # Errors
    /// When something cannot be written; says what.
    pub fn write(&self, envelope: &Envelope) -> io::Result<Changed> {
        self.write_files(&envelope.files)?;
        self.write_config(&envelope.config)
    }

    /// MiB that the state directory has room for.
    pub fn left_mib(&self) -> Option<u64> {
        let there = rustix::fs::statvfs(&self.state).ok()?;
        Some(there.f_bavail.saturating_mul(there.f_frsize) >> 20)
    }

    /// Writes the config file: for its owner only, and at once or not at all.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write_config(&self, bytes: &[u8]) -> io::Result<Changed> {
        let named = |error: io::Error| named(&self.config, &error);
        if fs::read(&self.config).is_ok_and(|present| present == bytes) {
            return Ok(Changed::No);
        }
        write_beside(&self.config, bytes).map_err(named)?;
        Ok(Changed::Yes)
    }

    /// Makes the personality files what the list says; those of an earlier list that are not on
    /// it any more are removed. Nothing else in the state directory is touched.
    fn write_files(&self, files: &[(RelPath, String)]) -> io::Result<()> {
        let state = Tree::open(&self.state)?;
        let own = Tree::open(&self.state.join(OWN_DIR))?;
        let earlier = listed(&own);
        let wanted: BTreeSet<_> = files.iter().map(|(path, _)| path.clone()).collect();
        // First a list that holds both, so that no crash makes us forget a file of ours.
        list(&own, earlier.union(&wanted))?;
        for (path, content) in files {
            state.write(path, content.as_bytes()).map_err(|error| named(path, &error))?;
        }
        for path in earlier.difference(&wanted) {
            state.remove(path).map_err(|error| named(path, &error))?;
        }
        list(&own, wanted.iter())
    }
}

/// The earlier list. The agent could have written anything there: only good paths count.
fn listed(own: &Tree) -> BTreeSet<RelPath> {
    let bytes = RelPath::parse(LIST).and_then(|path| own.read(&path).ok().flatten());
    let names: Vec<String> = bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default();
    names.iter().filter_map(|name| RelPath::parse(name)).collect()
}

fn list<'a>(own: &Tree, paths: impl Iterator<Item = &'a RelPath>) -> io::Result<()> {
    let names: Vec<_> = paths.map(RelPath::as_str).collect();
    let Some(path) = RelPath::parse(LIST) else {
        return Ok(());
    };
    own.write(&path, &serde_json::to_vec(&names)?)
}

fn write_beside(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let parent = path.parent().unwrap_or(Path::new("/"));
    fs::DirBuilder::new().recursive(true).mode(0o700).create(parent)?;
    let temporary = path.with_extension("tmp");
    match fs::remove_file(&temporary) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&temporary)?;
    file.write_all(bytes)?;
    fs::rename(&temporary, path)
}

/// An error that names the place.
fn named(path: impl AsRef<Path>, error: &io::Error) -> io::Error {
    let text = format!("{} cannot be written: {error}", path.as_ref().display());
    io::Error::new(error.kind(), text)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;
    use serde_json::json;
    use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

    struct Place(tempfile::TempDir, Disk);

    fn place() -> Place {
        let dir = tempfile::tempdir().unwrap();
        let disk =
            Disk { config: dir.path().join("run/mosaic/openclaw.json"), state: dir.path().join("data") };
        Place(dir, disk)
    }

    impl Place {
        fn write(&self, files: &[(&str, &str)]) -> io::Result<Changed> {
            let list = files.iter().map(|(path, content)| json!({"path": path, "content": content}));
            let body = json!({"version": "1", "config": {"a": 1}, "files": list.collect::<Vec<_>>()});
            self.1.write(&Envelope::parse(body.to_string().as_bytes()).unwrap())
        }

        fn at(&self, path: &str) -> PathBuf {
            self.1.state.join(path)
        }
    }

    #[test]
    fn everything_is_private_and_written_once() {
        let place = place();
        assert_eq!(place.write(&[("w/SOUL.md", "calm")]).unwrap(), Changed::Yes);
        let config = fs::metadata(&place.1.config).unwrap();
        let soul = fs::metadata(place.at("w/SOUL.md")).unwrap();
        assert_eq!(config.permissions().mode() & 0o777, 0o600);
        assert_eq!(soul.permissions().mode() & 0o777, 0o600);
        assert_eq!(place.write(&[("w/SOUL.md", "calm")]).unwrap(), Changed::No);
        // A rewrite would be a rename, and a rename another inode.
        assert_eq!(fs::metadata(&place.1.config).unwrap().ino(), config.ino());
        assert_eq!(fs::metadata(place.at("w/SOUL.md")).unwrap().ino(), soul.ino());
    }

    #[test]
    fn only_files_of_an_earlier_list_are_removed() {
        let place = place();
        place.write(&[("w/SOUL.md", "a"), ("w/USER.md", "b")]).unwrap();
        fs::write(place.at("w/notes.md"), "the agent's own").unwrap();
        place.write(&[("w/SOUL.md", "a2")]).unwrap();
        assert_eq!(fs::read_to_string(place.at("w/SOUL.md")).unwrap(), "a2");
        assert!(!place.at("w/USER.md").exists());
        assert!(place.at("w/notes.md").exists());
    }

    #[test]
    fn a_link_in_the_way_is_refused_and_its_target_untouched() {
        let place = place();
        let outside = place.0.path().join("outside");
        fs::create_dir_all(&outside).unwrap();
        fs::write(outside.join("SOUL.md"), "theirs").unwrap();
        fs::create_dir_all(&place.1.state).unwrap();
        symlink(&outside, place.at("w")).unwrap();
        let error = place.write(&[("w/SOUL.md", "ours")]).unwrap_err().to_string();
        assert!(error.starts_with("w/SOUL.md cannot be written: "), "{error}");
        assert_eq!(fs::read_to_string(outside.join("SOUL.md")).unwrap(), "theirs");
    }

    #[test]
    fn a_link_instead_of_a_file_is_replaced_not_followed() {
        let place = place();
        let outside = place.0.path().join("passwd");
        fs::write(&outside, "theirs").unwrap();
        fs::create_dir_all(place.at("w")).unwrap();
        symlink(&outside, place.at("w/SOUL.md")).unwrap();
        place.write(&[("w/SOUL.md", "ours")]).unwrap();
        assert_eq!(fs::read_to_string(&outside).unwrap(), "theirs");
        assert!(fs::symlink_metadata(place.at("w/SOUL.md")).unwrap().is_file());
    }

    #[test]
    fn a_forged_list_removes_nothing_outside() {
        let place = place();
        let outside = place.0.path().join("precious");
        fs::write(&outside, "x").unwrap();
        place.write(&[]).unwrap();
        let forged = json!(["../precious", outside, ".mosaic/files.json"]);
        fs::write(place.at(".mosaic/files.json"), forged.to_string()).unwrap();
        place.write(&[]).unwrap();
        assert!(outside.exists() && place.at(".mosaic/files.json").exists());
    }
}
