//! A gzipped tar that is written into memory and taken out in pieces. Pure.

use chrono::{DateTime, Utc};
use flate2::{Compression, write::GzEncoder};
use std::io::{self, Write};
use tar::{Builder, EntryType, Header};

/// The bytes of the archive that were not taken out yet.
pub(super) struct Archive {
    tar: Builder<GzEncoder<Vec<u8>>>,
    mtime: u64,
}

impl Archive {
    /// Its files have the modification time `now`.
    pub(super) fn new(now: DateTime<Utc>) -> Self {
        let tar = Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
        Self { tar, mtime: u64::try_from(now.timestamp()).unwrap_or_default() }
    }

    pub(super) fn add_file(&mut self, path: &str, content: &[u8]) -> io::Result<()> {
        let mut header = Header::new_ustar();
        header.set_entry_type(EntryType::Regular);
        header.set_size(content.len() as u64);
        header.set_mode(0o600);
        header.set_mtime(self.mtime);
        self.tar.append_data(&mut header, path, content)
    }

    /// Appends a part of another tar as it is. Only its other parts may follow, because it has its own end.
    pub(super) fn append_tar(&mut self, part: &[u8]) -> io::Result<()> {
        self.tar.get_mut().write_all(part)
    }

    /// Takes out the bytes that are ready.
    pub(super) fn take_ready(&mut self) -> Vec<u8> {
        std::mem::take(self.tar.get_mut().get_mut())
    }

    pub(super) fn ready_bytes(&self) -> usize {
        self.tar.get_ref().get_ref().len()
    }

    /// Ends the archive and returns the bytes that were not taken out yet.
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
    fn files_and_an_appended_tar_are_read_as_one() {
        let mut other = Builder::new(Vec::new());
        let mut header = Header::new_ustar();
        header.set_size(3);
        other.append_data(&mut header, "data/x", b"abc".as_slice()).unwrap();
        let other = other.into_inner().unwrap();

        let mut archive = Archive::new(Utc::now());
        archive.add_file("README.md", b"hello").unwrap();
        let mut bytes = archive.take_ready();
        archive.add_file("chats/one.md", b"").unwrap();
        for part in other.chunks(100) {
            archive.append_tar(part).unwrap();
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
