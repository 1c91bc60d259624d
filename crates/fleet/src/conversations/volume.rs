//! Files out of a state volume's tar, one by one. Knows nothing of what they mean.
//!
//! A container is not trusted: what is too large is passed over, and no more than one file is in memory at a time.

use crate::{Error, Result};
use domain::containers::ContainerError;
use futures_util::{FutureExt, TryStreamExt, future::BoxFuture, stream::BoxStream};
use std::io::{self, Cursor, Read};
use tokio::{
    sync::mpsc::{self, Receiver, Sender},
    task::JoinHandle,
};

/// The largest file that is read: as large as one that a person may bring.
const LARGEST: u64 = 16 << 20;

/// A file.
pub(super) struct File {
    /// Its path in the tar.
    pub(super) path: String,
    pub(super) bytes: Vec<u8>,
}

/// The files of a tar whose path is wanted, in its order.
pub(super) struct Files {
    /// Hands the tar's parts to the thread that reads it; `None` when it has handed over all of them.
    feed: Option<BoxFuture<'static, Result<()>>>,
    unpack: JoinHandle<io::Result<()>>,
    files: Receiver<File>,
}

impl Files {
    pub(super) fn of(
        mut tar: BoxStream<'static, std::result::Result<Vec<u8>, ContainerError>>,
        wanted: fn(&str) -> bool,
    ) -> Self {
        let (feed, parts) = mpsc::channel(4);
        let (found, files) = mpsc::channel(1);
        let parts = Parts { parts, part: Cursor::default() };
        let unpack = tokio::task::spawn_blocking(move || unpack(parts, wanted, &found));
        let feed = async move {
            // A reader that has read enough ends the feeding too.
            while let Some(part) = tar.try_next().await? {
                if feed.send(part).await.is_err() {
                    break;
                }
            }
            Ok(())
        };
        Self { feed: Some(feed.boxed()), unpack, files }
    }

    /// The next one, `None` behind the last. Dropped in between, the thread ends at a channel that is closed.
    pub(super) async fn next(&mut self) -> Result<Option<File>> {
        if let Some(feed) = &mut self.feed {
            tokio::select! {
                fed = feed => {
                    self.feed = None;
                    fed?;
                }
                file = self.files.recv() => if file.is_some() {
                    return Ok(file);
                },
            }
        }
        match self.files.recv().await {
            Some(file) => Ok(Some(file)),
            None => {
                let unpacked = (&mut self.unpack).await.map_err(Error::internal)?;
                unpacked.map(|()| None).map_err(Error::internal)
            }
        }
    }
}

fn unpack(parts: Parts, wanted: fn(&str) -> bool, files: &Sender<File>) -> io::Result<()> {
    for entry in tar::Archive::new(parts).entries()? {
        let entry = entry?;
        let path = entry.path()?.to_string_lossy().into_owned();
        if !entry.header().entry_type().is_file() || !wanted(&path) {
            continue;
        }
        if entry.size() > LARGEST {
            tracing::warn!(bytes = entry.size(), "a session log in a volume is too large to be read");
            continue;
        }
        let mut bytes = Vec::new();
        entry.take(LARGEST).read_to_end(&mut bytes)?;
        if files.blocking_send(File { path, bytes }).is_err() {
            break;
        }
    }
    Ok(())
}

/// The parts of the tar as they come, for a reader that blocks.
struct Parts {
    parts: Receiver<Vec<u8>>,
    part: Cursor<Vec<u8>>,
}

impl Read for Parts {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.part.read(into)? {
                0 if !into.is_empty() => match self.parts.blocking_recv() {
                    Some(part) => self.part = Cursor::new(part),
                    None => return Ok(0),
                },
                read => return Ok(read),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use futures_util::{StreamExt, stream};

    fn tar(entries: &[(&str, &[u8])]) -> Vec<u8> {
        let mut builder = tar::Builder::new(Vec::new());
        for (path, bytes) in entries {
            let mut header = tar::Header::new_ustar();
            header.set_size(bytes.len() as u64);
            builder.append_data(&mut header, path, *bytes).unwrap();
        }
        builder.into_inner().unwrap()
    }

    fn parts(bytes: &[u8]) -> BoxStream<'static, std::result::Result<Vec<u8>, ContainerError>> {
        stream::iter(bytes.chunks(700).map(|part| Ok(part.to_vec())).collect::<Vec<_>>()).boxed()
    }

    async fn all(mut files: Files) -> Result<Vec<(String, Vec<u8>)>> {
        let mut seen = Vec::new();
        while let Some(file) = files.next().await? {
            seen.push((file.path, file.bytes));
        }
        Ok(seen)
    }

    #[tokio::test]
    async fn wanted_files_come_one_by_one_and_large_ones_not_at_all() {
        let large = vec![b'x'; usize::try_from(LARGEST).unwrap() + 1];
        let bytes =
            tar(&[("a/1.txt", b"one"), ("a/2.bin", b"no"), ("a/3.txt", &large), ("a/4.txt", b"four")]);
        let seen = all(Files::of(parts(&bytes), |path| path.ends_with(".txt"))).await.unwrap();
        assert_eq!(seen, [("a/1.txt".to_owned(), b"one".to_vec()), ("a/4.txt".to_owned(), b"four".to_vec())]);
    }

    #[tokio::test]
    async fn a_tar_that_breaks_off_is_a_failure_and_not_an_end() {
        let bytes = tar(&[("1.txt", b"one"), ("2.txt", b"two")]);
        let away = stream::iter([Ok(bytes[..700].to_vec()), Err(ContainerError::Missing)]).boxed();
        assert!(all(Files::of(away, |_| true)).await.is_err());
        // In the middle of an entry's head.
        assert!(all(Files::of(parts(&bytes[..1200]), |_| true)).await.is_err());
    }
}
