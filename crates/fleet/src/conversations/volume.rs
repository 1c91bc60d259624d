//! Reads files out of a state volume's tar, one by one, whatever their content.
//!
//! A container is not trusted: a file that is too large is skipped, and no more than one file is in memory at a time.

use crate::{Error, Result};
use domain::containers::ContainerError;
use futures_util::{FutureExt, TryStreamExt, future::BoxFuture, stream::BoxStream};
use std::io::{self, Cursor, Read};
use tokio::{
    sync::mpsc::{self, Receiver, Sender},
    task::JoinHandle,
};

/// The largest file that is read: as large as one that a user may import.
const MAX_FILE_BYTES: u64 = 16 << 20;

pub(super) struct VolumeFile {
    /// Its path in the tar.
    pub(super) path: String,
    pub(super) bytes: Vec<u8>,
}

/// The files of a tar whose paths are wanted, in the order of the tar.
pub(super) struct VolumeFiles {
    /// Sends the tar's bytes to the thread that reads it; `None` once all of them are sent.
    feed: Option<BoxFuture<'static, Result<()>>>,
    unpack: JoinHandle<io::Result<()>>,
    files: Receiver<VolumeFile>,
}

impl VolumeFiles {
    pub(super) fn new(
        mut tar: BoxStream<'static, std::result::Result<Vec<u8>, ContainerError>>,
        is_wanted: fn(&str) -> bool,
    ) -> Self {
        let (feed, chunks) = mpsc::channel(4);
        let (found, files) = mpsc::channel(1);
        let reader = ChannelReader { chunks, chunk: Cursor::default() };
        let unpack = tokio::task::spawn_blocking(move || unpack(reader, is_wanted, &found));
        let feed = async move {
            // When the reader has read enough, the channel is closed.
            while let Some(chunk) = tar.try_next().await? {
                if feed.send(chunk).await.is_err() {
                    break;
                }
            }
            Ok(())
        };
        Self { feed: Some(feed.boxed()), unpack, files }
    }

    /// The next file; `None` after the last one. If this is dropped, the thread ends because its channels are closed.
    pub(super) async fn next(&mut self) -> Result<Option<VolumeFile>> {
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

fn unpack(reader: ChannelReader, is_wanted: fn(&str) -> bool, files: &Sender<VolumeFile>) -> io::Result<()> {
    for entry in tar::Archive::new(reader).entries()? {
        let entry = entry?;
        let path = entry.path()?.to_string_lossy().into_owned();
        if !entry.header().entry_type().is_file() || !is_wanted(&path) {
            continue;
        }
        if entry.size() > MAX_FILE_BYTES {
            tracing::warn!(bytes = entry.size(), "a session log in a volume is too large to be read");
            continue;
        }
        let mut bytes = Vec::new();
        entry.take(MAX_FILE_BYTES).read_to_end(&mut bytes)?;
        if files.blocking_send(VolumeFile { path, bytes }).is_err() {
            break;
        }
    }
    Ok(())
}

/// The bytes of the tar as they arrive, for a reader that blocks.
struct ChannelReader {
    chunks: Receiver<Vec<u8>>,
    chunk: Cursor<Vec<u8>>,
}

impl Read for ChannelReader {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.chunk.read(into)? {
                0 if !into.is_empty() => match self.chunks.blocking_recv() {
                    Some(chunk) => self.chunk = Cursor::new(chunk),
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

    async fn all(mut files: VolumeFiles) -> Result<Vec<(String, Vec<u8>)>> {
        let mut all = Vec::new();
        while let Some(file) = files.next().await? {
            all.push((file.path, file.bytes));
        }
        Ok(all)
    }

    #[tokio::test]
    async fn wanted_files_are_read_one_by_one_and_large_ones_are_skipped() {
        let large = vec![b'x'; usize::try_from(MAX_FILE_BYTES).unwrap() + 1];
        let bytes =
            tar(&[("a/1.txt", b"one"), ("a/2.bin", b"no"), ("a/3.txt", &large), ("a/4.txt", b"four")]);
        let read = all(VolumeFiles::new(parts(&bytes), |path| path.ends_with(".txt"))).await.unwrap();
        assert_eq!(read, [("a/1.txt".to_owned(), b"one".to_vec()), ("a/4.txt".to_owned(), b"four".to_vec())]);
    }

    #[tokio::test]
    async fn a_truncated_tar_is_an_error() {
        let bytes = tar(&[("1.txt", b"one"), ("2.txt", b"two")]);
        let failing = stream::iter([Ok(bytes[..700].to_vec()), Err(ContainerError::Missing)]).boxed();
        assert!(all(VolumeFiles::new(failing, |_| true)).await.is_err());
        // In the middle of an entry's header.
        assert!(all(VolumeFiles::new(parts(&bytes[..1200]), |_| true)).await.is_err());
    }
}
