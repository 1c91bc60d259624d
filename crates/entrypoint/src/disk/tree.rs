//! A directory that another process can change at any time. Paths are opened one name after the other,
//! starting at an open directory, and symbolic links are never followed. So the file that was checked is
//! the file that is used.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

use rustix::fs::{AtFlags, Mode, OFlags, mkdirat, openat, renameat, unlinkat};

use crate::envelope::RelPath;

const OPEN_DIR: OFlags = OFlags::DIRECTORY.union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);
const DIR_MODE: Mode = Mode::from_raw_mode(0o700);
const FILE_MODE: Mode = Mode::from_raw_mode(0o600);
/// This program writes no larger files.
const MAX_FILE_BYTES: u64 = 8 << 20;

/// What to do about a missing folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum IfMissing {
    Create,
    ReturnNone,
}

/// An open directory.
#[derive(Debug)]
pub struct Tree(OwnedFd);

impl Tree {
    /// Opens a directory, or creates it.
    ///
    /// # Errors
    /// When it cannot be created or opened, or is a link.
    pub fn open(root: &Path) -> io::Result<Self> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(root)?;
        Ok(Self(openat(rustix::fs::CWD, root, OPEN_DIR, Mode::empty())?))
    }

    /// The bytes of a regular file. `None` if it does not exist.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn read(&self, path: &RelPath) -> io::Result<Option<Vec<u8>>> {
        let Some((dir, name)) = self.dir_of(path, IfMissing::ReturnNone)? else {
            return Ok(None);
        };
        read_in(&dir, name)
    }

    /// Writes a file atomically. Only its owner can read it.
    ///
    /// # Errors
    /// When it cannot be written, or a folder on the way is a link.
    pub fn write(&self, path: &RelPath, bytes: &[u8]) -> io::Result<()> {
        let Some((dir, name)) = self.dir_of(path, IfMissing::Create)? else {
            return Err(io::ErrorKind::NotFound.into());
        };
        if read_in(&dir, name).is_ok_and(|present| present.as_deref() == Some(bytes)) {
            return Ok(());
        }
        let temporary = format!(".{name}.mosaic-tmp");
        remove_in(&dir, &temporary)?;
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mut file = File::from(openat(&dir, temporary.as_str(), flags, FILE_MODE)?);
        file.write_all(bytes)?;
        Ok(renameat(&dir, temporary.as_str(), &dir, name)?)
    }

    /// Removes a file. A missing file is no error.
    ///
    /// # Errors
    /// When it cannot be removed.
    pub fn remove(&self, path: &RelPath) -> io::Result<()> {
        match self.dir_of(path, IfMissing::ReturnNone)? {
            Some((dir, name)) => remove_in(&dir, name),
            None => Ok(()),
        }
    }

    fn dir_of<'p>(&self, path: &'p RelPath, if_missing: IfMissing) -> io::Result<Option<(OwnedFd, &'p str)>> {
        let (folders, name) = path.parts();
        let mut dir = self.0.try_clone()?;
        for folder in folders {
            if if_missing == IfMissing::Create {
                match mkdirat(&dir, folder, DIR_MODE) {
                    Ok(()) | Err(rustix::io::Errno::EXIST) => {}
                    Err(error) => return Err(error.into()),
                }
            }
            dir = match openat(&dir, folder, OPEN_DIR, Mode::empty()) {
                Ok(next) => next,
                Err(rustix::io::Errno::NOENT) => return Ok(None),
                Err(rustix::io::Errno::NOTDIR | rustix::io::Errno::LOOP) => {
                    return Err(io::Error::other(format!("{folder} is not a folder")));
                }
                Err(error) => return Err(error.into()),
            };
        }
        Ok(Some((dir, name)))
    }
}

/// Without blocking, because the file may be a pipe.
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
    file.take(MAX_FILE_BYTES).read_to_end(&mut bytes)?;
    Ok(Some(bytes))
}

fn remove_in(dir: &OwnedFd, name: &str) -> io::Result<()> {
    match unlinkat(dir, name, AtFlags::empty()) {
        Ok(()) | Err(rustix::io::Errno::NOENT) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
