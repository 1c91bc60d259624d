//! The files that this program writes: the config file, and the personality files in the state directory
//! with a list of them. The agent can write to that directory too, so its content is not trusted.

mod tree;

use std::collections::BTreeSet;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::envelope::{Envelope, OWN_DIR, RelPath};
use crate::settings::Settings;
use tree::Tree;

/// The list of personality files.
const LIST_FILE: &str = "files.json";

/// Whether the bytes of the config file changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Changed {
    /// The gateway will read it.
    Yes,
    No,
}

#[derive(Debug)]
pub struct Disk {
    config: PathBuf,
    state: PathBuf,
}

impl Disk {
    pub fn new(settings: &Settings) -> Self {
        Self { config: settings.config_path.clone(), state: settings.state_dir.clone() }
    }

    /// Writes a version: the files first, so that they exist when the config names their
    /// agent. Files with the same content are not written again.
    ///
    /// # Errors
    /// Names the file that cannot be written.
    pub fn write(&self, envelope: &Envelope) -> io::Result<Changed> {
        self.write_files(&envelope.files)?;
        self.write_config(&envelope.config)
    }

    /// The free space of the state directory.
    pub fn free_mib(&self) -> Option<u64> {
        let stat = rustix::fs::statvfs(&self.state).ok()?;
        Some(stat.f_bavail.saturating_mul(stat.f_frsize) >> 20)
    }

    /// Writes the config file atomically. Only its owner can read it.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write_config(&self, bytes: &[u8]) -> io::Result<Changed> {
        let named = |error: io::Error| with_path(&self.config, &error);
        if fs::read(&self.config).is_ok_and(|present| present == bytes) {
            return Ok(Changed::No);
        }
        write_atomically(&self.config, bytes).map_err(named)?;
        Ok(Changed::Yes)
    }

    /// Writes the personality files, and removes those of the previous list that are not among them. Other
    /// files in the state directory are not changed.
    fn write_files(&self, files: &[(RelPath, String)]) -> io::Result<()> {
        let state = Tree::open(&self.state)?;
        let own = Tree::open(&self.state.join(OWN_DIR))?;
        let previous = read_list(&own);
        let wanted: BTreeSet<_> = files.iter().map(|(path, _)| path.clone()).collect();
        // First a list with both, so that no file is forgotten after a crash.
        write_list(&own, previous.union(&wanted))?;
        for (path, content) in files {
            state.write(path, content.as_bytes()).map_err(|error| with_path(path, &error))?;
        }
        for path in previous.difference(&wanted) {
            state.remove(path).map_err(|error| with_path(path, &error))?;
        }
        write_list(&own, wanted.iter())
    }
}

/// The previous list. The agent could have changed it, so only valid paths count.
fn read_list(own: &Tree) -> BTreeSet<RelPath> {
    let bytes = RelPath::parse(LIST_FILE).and_then(|path| own.read(&path).ok().flatten());
    let names: Vec<String> = bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default();
    names.iter().filter_map(|name| RelPath::parse(name)).collect()
}

fn write_list<'a>(own: &Tree, paths: impl Iterator<Item = &'a RelPath>) -> io::Result<()> {
    let names: Vec<_> = paths.map(RelPath::as_str).collect();
    let Some(path) = RelPath::parse(LIST_FILE) else {
        return Ok(());
    };
    own.write(&path, &serde_json::to_vec(&names)?)
}

fn write_atomically(path: &Path, bytes: &[u8]) -> io::Result<()> {
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

/// The error with the path in its text.
fn with_path(path: impl AsRef<Path>, error: &io::Error) -> io::Error {
    let text = format!("{} cannot be written: {error}", path.as_ref().display());
    io::Error::new(error.kind(), text)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;
    use serde_json::json;
    use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

    struct TestDisk(tempfile::TempDir, Disk);

    fn test_disk() -> TestDisk {
        let dir = tempfile::tempdir().unwrap();
        let disk =
            Disk { config: dir.path().join("run/mosaic/openclaw.json"), state: dir.path().join("data") };
        TestDisk(dir, disk)
    }

    impl TestDisk {
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
        let disk = test_disk();
        assert_eq!(disk.write(&[("w/SOUL.md", "calm")]).unwrap(), Changed::Yes);
        let config = fs::metadata(&disk.1.config).unwrap();
        let soul = fs::metadata(disk.at("w/SOUL.md")).unwrap();
        assert_eq!(config.permissions().mode() & 0o777, 0o600);
        assert_eq!(soul.permissions().mode() & 0o777, 0o600);
        assert_eq!(disk.write(&[("w/SOUL.md", "calm")]).unwrap(), Changed::No);
        // Another write would rename, and so change the inode.
        assert_eq!(fs::metadata(&disk.1.config).unwrap().ino(), config.ino());
        assert_eq!(fs::metadata(disk.at("w/SOUL.md")).unwrap().ino(), soul.ino());
    }

    #[test]
    fn only_files_of_the_previous_list_are_removed() {
        let disk = test_disk();
        disk.write(&[("w/SOUL.md", "a"), ("w/USER.md", "b")]).unwrap();
        fs::write(disk.at("w/notes.md"), "the agent's own").unwrap();
        disk.write(&[("w/SOUL.md", "a2")]).unwrap();
        assert_eq!(fs::read_to_string(disk.at("w/SOUL.md")).unwrap(), "a2");
        assert!(!disk.at("w/USER.md").exists());
        assert!(disk.at("w/notes.md").exists());
    }

    #[test]
    fn a_link_in_the_way_is_refused_and_its_target_untouched() {
        let disk = test_disk();
        let outside = disk.0.path().join("outside");
        fs::create_dir_all(&outside).unwrap();
        fs::write(outside.join("SOUL.md"), "theirs").unwrap();
        fs::create_dir_all(&disk.1.state).unwrap();
        symlink(&outside, disk.at("w")).unwrap();
        let error = disk.write(&[("w/SOUL.md", "ours")]).unwrap_err().to_string();
        assert!(error.starts_with("w/SOUL.md cannot be written: "), "{error}");
        assert_eq!(fs::read_to_string(outside.join("SOUL.md")).unwrap(), "theirs");
    }

    #[test]
    fn a_link_instead_of_a_file_is_replaced_not_followed() {
        let disk = test_disk();
        let outside = disk.0.path().join("passwd");
        fs::write(&outside, "theirs").unwrap();
        fs::create_dir_all(disk.at("w")).unwrap();
        symlink(&outside, disk.at("w/SOUL.md")).unwrap();
        disk.write(&[("w/SOUL.md", "ours")]).unwrap();
        assert_eq!(fs::read_to_string(&outside).unwrap(), "theirs");
        assert!(fs::symlink_metadata(disk.at("w/SOUL.md")).unwrap().is_file());
    }

    #[test]
    fn a_forged_list_removes_nothing_outside() {
        let disk = test_disk();
        let outside = disk.0.path().join("precious");
        fs::write(&outside, "x").unwrap();
        disk.write(&[]).unwrap();
        let forged = json!(["../precious", outside, ".mosaic/files.json"]);
        fs::write(disk.at(".mosaic/files.json"), forged.to_string()).unwrap();
        disk.write(&[]).unwrap();
        assert!(outside.exists() && disk.at(".mosaic/files.json").exists());
    }
}
