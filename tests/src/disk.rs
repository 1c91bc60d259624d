//! A small disk of a test's own: a file system in a file. It goes with the value, whatever became of the test.
//!
//! Needs root, as the engine of a test's own does: where it cannot be mounted the test that wants it fails and says so.

use std::{
    fs::{self, File},
    io::{ErrorKind, Write},
    path::{Path, PathBuf},
    process::Command,
};
use tempfile::TempDir;

/// What lies on it to leave no space.
const BALLAST: &str = "ballast";

/// The disk, mounted.
pub struct Disk {
    place: PathBuf,
    _folder: TempDir,
}

impl Disk {
    /// One without limits for folders.
    pub fn plain(mib: u64) -> Self {
        Self::made(mib, &["mkfs.ext4", "-q", "-F", "-m", "0"], "loop")
            .expect("a disk can be mounted (as root)")
    }

    /// One whose folders can be limited (project quotas); `Err`: what the kernel said that does not know them.
    pub fn with_quotas(mib: u64) -> Result<Self, String> {
        Self::made(mib, &["mkfs.xfs", "-q", "-f"], "loop,pquota")
    }

    /// The file system of the other one, mounted as nobody takes trouble.
    pub fn without_quotas(mib: u64) -> Self {
        Self::made(mib, &["mkfs.xfs", "-q", "-f"], "loop").expect("a disk can be mounted (as root)")
    }

    /// Where it is mounted.
    pub fn path(&self) -> &Path {
        &self.place
    }

    /// Leaves no space on it.
    pub fn fill(&self) {
        fill(&self.place);
    }

    /// Gives the space back.
    pub fn relieve(&self) {
        fs::remove_file(self.place.join(BALLAST)).unwrap();
    }

    fn made(mib: u64, make: &[&str], options: &str) -> Result<Self, String> {
        let folder = tempfile::tempdir().unwrap();
        let (image, place) = (folder.path().join("image"), folder.path().join("disk"));
        File::create(&image).unwrap().set_len(mib << 20).unwrap();
        fs::create_dir(&place).unwrap();
        run(Command::new(make[0]).args(&make[1..]).arg(&image))?;
        run(Command::new("mount").args(["-o", options]).arg(&image).arg(&place))?;
        Ok(Self { place, _folder: folder })
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // The loop device goes with its last user.
        let _ = Command::new("umount").arg("-l").arg(&self.place).output();
    }
}

/// Leaves no space in a folder, as far as it may grow; answers with what lies there now.
pub fn fill(folder: &Path) -> PathBuf {
    let path = folder.join(BALLAST);
    let mut ballast = File::create(&path).unwrap();
    // Ever smaller, until not even the last block is free.
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
