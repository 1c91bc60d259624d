//! The instance's key in a file, for `mosaic up` without `MOSAIC_SECRET_KEY`.
//!
//! Owns creating and reading the file. It must not check the key's strength: that is for crate `secrets`.

use base64::{Engine, engine::general_purpose::STANDARD};
use rand::CryptoRng;
use secrecy::{ExposeSecret, SecretString};
use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

#[derive(Debug, thiserror::Error)]
pub enum SecretFileError {
    /// It is not replaced, because a new key would not open what the old one sealed.
    #[error("the key file {0} is empty: restore it from a backup, or remove it if there is no data yet")]
    Empty(PathBuf),
    #[error("other users can read or change the key file {0}: chmod 600 {0}")]
    Exposed(PathBuf),
    #[error("the key file {path} cannot be {verb}: {source}")]
    Io {
        path: PathBuf,
        /// `read` or `created`.
        verb: &'static str,
        source: io::Error,
    },
}

/// The key in `path`. Creates the file (mode 0600, 32 random bytes as base64) if it is missing. If several processes do so
/// at the same time, one of them writes and all return its key. A process that is killed meanwhile leaves no partial file
/// at `path`.
pub fn read_or_create(path: &Path, rng: &mut impl CryptoRng) -> Result<SecretString, SecretFileError> {
    let failed = |verb| move |source| SecretFileError::Io { path: path.to_owned(), verb, source };
    match File::open(path) {
        Ok(file) => read(path, file),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            create(path, rng).map_err(failed("created"))?;
            read(path, File::open(path).map_err(failed("read"))?)
        }
        Err(error) => Err(failed("read")(error)),
    }
}

fn read(path: &Path, mut file: File) -> Result<SecretString, SecretFileError> {
    let failed = |source| SecretFileError::Io { path: path.to_owned(), verb: "read", source };
    if file.metadata().map_err(failed)?.permissions().mode() & 0o077 != 0 {
        return Err(SecretFileError::Exposed(path.to_owned()));
    }
    let mut text = String::new();
    file.read_to_string(&mut text).map_err(failed)?;
    let text = SecretString::from(text);
    match text.expose_secret().trim() {
        "" => Err(SecretFileError::Empty(path.to_owned())),
        key => Ok(SecretString::from(key)),
    }
}

fn create(path: &Path, rng: &mut impl CryptoRng) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // Postgres runs as another user and must be able to enter the data folder, but not to list it.
    DirBuilder::new().recursive(true).mode(0o711).create(folder)?;
    // A unique name: another process may already have linked its draft as the key file.
    let draft = path.with_extension(format!("{:016x}.new", rng.next_u64()));
    let linked = write_draft(&draft, rng).and_then(|()| fs::hard_link(&draft, path));
    fs::remove_file(&draft)?;
    match linked {
        // Another process was first. Its key is used.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
        Ok(()) => {
            tracing::info!(path = %path.display(), "created a new secret key: keep a copy of this file");
            File::open(folder)?.sync_all()
        }
    }
}

fn write_draft(draft: &Path, rng: &mut impl CryptoRng) -> io::Result<()> {
    let mut bytes = [0; 32];
    rng.fill_bytes(&mut bytes);
    let text = SecretString::from(STANDARD.encode(bytes) + "\n");
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(draft)?;
    file.write_all(text.expose_secret().as_bytes())?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use super::*;
    use std::{collections::HashSet, fs::Permissions, thread};

    fn key(path: &Path) -> Result<String, SecretFileError> {
        read_or_create(path, &mut rand::rng()).map(|key| key.expose_secret().to_owned())
    }

    #[test]
    fn the_file_is_created_once_and_private() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data/secret.key");
        let made = key(&path).unwrap();
        assert_eq!(STANDARD.decode(&made).unwrap().len(), 32);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(key(&path).unwrap(), made);
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "no draft is left");
    }

    #[test]
    fn concurrent_processes_agree_on_one_key() {
        let folder = tempfile::tempdir().unwrap();
        let path = &folder.path().join("secret.key");
        let keys: HashSet<String> = thread::scope(|scope| {
            let all: Vec<_> = (0..8).map(|_| scope.spawn(|| key(path).unwrap())).collect();
            all.into_iter().map(|one| one.join().unwrap()).collect()
        });
        assert_eq!(keys.len(), 1);
    }

    #[test]
    fn an_exposed_or_empty_file_is_refused_and_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret.key");
        let made = key(&path).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
        let error = key(&path).unwrap_err();
        assert!(matches!(error, SecretFileError::Exposed(_)));
        assert!(error.to_string().contains("chmod 600") && !error.to_string().contains(&made));
        fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        fs::write(&path, "\n").unwrap();
        assert!(matches!(key(&path), Err(SecretFileError::Empty(_))));
        assert_eq!(fs::read_to_string(&path).unwrap(), "\n");
    }

    #[test]
    fn a_folder_that_is_not_writable_is_named() {
        let error = key(Path::new("/proc/nowhere/secret.key")).unwrap_err().to_string();
        assert!(error.contains("/proc/nowhere/secret.key cannot be created"), "{error}");
    }
}
