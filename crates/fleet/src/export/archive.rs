//! A gzipped tar that is written into memory and taken out piece by piece. Pure.

use chrono::{DateTime, Utc};
use flate2::{Compression, write::GzEncoder};
use std::io::{self, Write};
use tar::{Builder, EntryType, Header};

/// The archive as far as it was not taken out yet.
pub(super) struct Archive {
    tar: Builder<GzEncoder<Vec<u8>>>,
    made: u64,
}

impl Archive {
    /// Its files bear the time `now`.
    pub(super) fn new(now: DateTime<Utc>) -> Self {
        let tar = Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
        Self { tar, made: u64::try_from(now.timestamp()).unwrap_or_default() }
    }

    /// Adds a file.
    pub(super) fn file(&mut self, path: &str, content: &[u8]) -> io::Result<()> {
        let mut header = Header::new_ustar();
        header.set_entry_type(EntryType::Regular);
        header.set_size(content.len() as u64);
        header.set_mode(0o600);
        header.set_mtime(self.made);
        self.tar.append_data(&mut header, path, content)
    }

    /// Adds a part of another tar as it is. Nothing but further parts of it may follow: it bears its own end.
    pub(super) fn rest(&mut self, part: &[u8]) -> io::Result<()> {
        self.tar.get_mut().write_all(part)
    }

    /// What is ready by now.
    pub(super) fn take(&mut self) -> Vec<u8> {
        std::mem::take(self.tar.get_mut().get_mut())
    }

    /// How much that is, in bytes.
    pub(super) fn ready(&self) -> usize {
        self.tar.get_ref().get_ref().len()
    }

    /// Ends it; what was not taken out yet.
    pub(super) fn finish(self) -> io::Result<Vec<u8>> {
        self.tar.into_inner()?.finish()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::disallowed_methods)]
    use super::*;
    use std::io::Read;

    #[test]
    fn files_and_the_rest_of_another_tar_are_read_as_one() {
        let mut other = Builder::new(Vec::new());
        let mut header = Header::new_ustar();
        header.set_size(3);
        other.append_data(&mut header, "data/x", b"abc".as_slice()).unwrap();
        let other = other.into_inner().unwrap();

        let mut archive = Archive::new(Utc::now());
        archive.file("README.md", b"hello").unwrap();
        let mut bytes = archive.take();
        archive.file("chats/one.md", b"").unwrap();
        for part in other.chunks(100) {
            archive.rest(part).unwrap();
        }
        bytes.extend(archive.finish().unwrap());

        let mut tar = tar::Archive::new(flate2::read::GzDecoder::new(bytes.as_slice()));
        let read = |entry: io::Result<tar::Entry<'_, _>>| {
            let mut entry = entry.unwrap();
            let mut text = String::new();
            entry.read_to_string(&mut text).unwrap();
            (entry.path().unwrap().to_str().unwrap().to_owned(), text)
        };
        let found: Vec<_> = tar.entries().unwrap().map(read).collect();
        let expected = [("README.md", "hello"), ("chats/one.md", ""), ("data/x", "abc")];
        assert_eq!(found, expected.map(|(path, text)| (path.to_owned(), text.to_owned())));
    }
}
