//! A directory in which another process may put anything at any time. Paths are walked one name
//! after the other from an open directory, and no symbolic link is ever followed: what was checked
//! is what is used.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

use rustix::fs::{AtFlags, Mode, OFlags, mkdirat, openat, renameat, unlinkat};

use crate::envelope::RelPath;

const DIR: OFlags = OFlags::DIRECTORY.union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);
const PRIVATE_DIR: Mode = Mode::from_raw_mode(0o700);
const PRIVATE_FILE: Mode = Mode::from_raw_mode(0o600);
/// Of files that we wrote ourselves; a larger one is not ours any more.
const MAX_FILE: u64 = 8 << 20;

/// What to do about a folder that is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Absent {
    Make,
    Leave,
}

/// An open directory.
#[derive(Debug)]
pub struct Tree(OwnedFd);

impl Tree {
    /// Opens a directory, making it when it is absent.
    ///
    /// # Errors
    /// When it cannot be made or opened, or is a link.
    pub fn open(root: &Path) -> io::Result<Self> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(root)?;
        Ok(Self(openat(rustix::fs::CWD, root, DIR, Mode::empty())?))
    }

    /// A regular file's bytes; `None` when there is no such file.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn read(&self, path: &RelPath) -> io::Result<Option<Vec<u8>>> {
        let Some((dir, name)) = self.dir_of(path, Absent::Leave)? else {
            return Ok(None);
        };
        read_in(&dir, name)
    }

    /// Makes a file hold these bytes, at once or not at all, for its owner only.
    ///
    /// # Errors
    /// When it cannot be written, or a folder on the way is a link.
    pub fn write(&self, path: &RelPath, bytes: &[u8]) -> io::Result<()> {
        let Some((dir, name)) = self.dir_of(path, Absent::Make)? else {
            return Err(io::ErrorKind::NotFound.into());
        };
        if read_in(&dir, name).is_ok_and(|present| present.as_deref() == Some(bytes)) {
            return Ok(());
        }
        let temporary = format!(".{name}.mosaic-tmp");
        remove_in(&dir, &temporary)?;
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mut file = File::from(openat(&dir, temporary.as_str(), flags, PRIVATE_FILE)?);
        file.write_all(bytes)?;
        Ok(renameat(&dir, temporary.as_str(), &dir, name)?)
    }

    /// Removes a file; it is fine when there is none.
    ///
    /// # Errors
    /// When it is there and cannot be removed.
    pub fn remove(&self, path: &RelPath) -> io::Result<()> {
        match self.dir_of(path, Absent::Leave)? {
            Some((dir, name)) => remove_in(&dir, name),
            None => Ok(()),
        }
    }

    fn dir_of<'p>(&self, path: &'p RelPath, absent: Absent) -> io::Result<Option<(OwnedFd, &'p str)>> {
        let (folders, name) = path.parts();
        let mut dir = self.0.try_clone()?;
        for folder in folders {
            if absent == Absent::Make {
                match mkdirat(&dir, folder, PRIVATE_DIR) {
                    Ok(()) | Err(rustix::io::Errno::EXIST) => {}
                    Err(error) => return Err(error.into()),
                }
            }
            dir = match openat(&dir, folder, DIR, Mode::empty()) {
                Ok(next) => next,
                Err(rustix::io::Errno::NOENT) => return Ok(None),
                Err(rustix::io::Errno::NOTDIR | rustix::io::Errno::LOOP) => {
                    return Err(io::Error::other(format!("{folder} is not a folder of its own")));
                }
                Err(error) => return Err(error.into()),
            };
        }
        Ok(Some((dir, name)))
    }
}

/// Without waiting: what lies there may be a pipe.
fn read_in(dir: &OwnedFd, name: &str) -> io::Result<Option<Vec<u8>>> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = match openat(dir, name, flags, Mode::empty()) {
        Ok(file) => File::from(file),
        Err(rustix::io::Errno::NOENT | rustix::io::Errno::LOOP) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    if !file.metadata()?.is_file() {
        return Ok(None);
    }
    let mut bytes = Vec::new();
    file.take(MAX_FILE).read_to_end(&mut bytes)?;
    Ok(Some(bytes))
}

fn remove_in(dir: &OwnedFd, name: &str) -> io::Result<()> {
    match unlinkat(dir, name, AtFlags::empty()) {
        Ok(()) | Err(rustix::io::Errno::NOENT) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
