//! A small disk that belongs to one test: a file system in a file. It is unmounted when the value is dropped, also
//! after a failure.
//!
//! Mounting needs root, like the test's own engine. Where it is not possible, the test fails and says so.

use std::{
    fs::{self, File},
    io::{ErrorKind, Write},
    path::{Path, PathBuf},
    process::Command,
};
use tempfile::TempDir;

/// The name of the file that fills it.
const BALLAST: &str = "ballast";

/// A mounted disk.
pub struct Disk {
    mount: PathBuf,
    _folder: TempDir,
}

impl Disk {
    /// A disk without support for folder limits (ext4).
    pub fn ext4(mib: u64) -> Self {
        Self::mount(mib, &["mkfs.ext4", "-q", "-F", "-m", "0"], "loop")
            .expect("a disk can be mounted (as root)")
    }

    /// A disk whose folders can be limited (xfs with project quotas).
    ///
    /// # Errors
    /// The kernel's message, where it has no project quotas.
    pub fn with_quotas(mib: u64) -> Result<Self, String> {
        Self::mount(mib, &["mkfs.xfs", "-q", "-f"], "loop,pquota")
    }

    /// The same file system, mounted without project quotas.
    pub fn without_quotas(mib: u64) -> Self {
        Self::mount(mib, &["mkfs.xfs", "-q", "-f"], "loop").expect("a disk can be mounted (as root)")
    }

    /// The folder it is mounted at.
    pub fn path(&self) -> &Path {
        &self.mount
    }

    /// Fills it completely.
    pub fn fill(&self) {
        fill_folder(&self.mount);
    }

    /// Frees what [`Disk::fill`] took.
    pub fn free(&self) {
        fs::remove_file(self.mount.join(BALLAST)).unwrap();
    }

    fn mount(mib: u64, format: &[&str], options: &str) -> Result<Self, String> {
        let folder = tempfile::tempdir().unwrap();
        let (image, mount) = (folder.path().join("image"), folder.path().join("disk"));
        File::create(&image).unwrap().set_len(mib << 20).unwrap();
        fs::create_dir(&mount).unwrap();
        run(Command::new(format[0]).args(&format[1..]).arg(&image))?;
        run(Command::new("mount").args(["-o", options]).arg(&image).arg(&mount))?;
        Ok(Self { mount, _folder: folder })
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // The kernel removes the loop device with its last user.
        let _ = Command::new("umount").arg("-l").arg(&self.mount).output();
    }
}

/// Fills a folder up to its limit; returns the file that it wrote.
pub fn fill_folder(folder: &Path) -> PathBuf {
    let path = folder.join(BALLAST);
    let mut ballast = File::create(&path).unwrap();
    // In ever smaller pieces, until the last block is used.
    for size in [1 << 20, 1 << 12, 1] {
        let block = vec![0x4d; size];
        let error = loop {
            if let Err(error) = ballast.write_all(&block) {
                break error;
            }
        };
        assert!(matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded), "{error}");
    }
    ballast.sync_all().unwrap();
    path
}

fn run(command: &mut Command) -> Result<(), String> {
    let output = command.output().map_err(|error| format!("{command:?}: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("{command:?}: {}", String::from_utf8_lossy(&output.stderr).trim()))
}
