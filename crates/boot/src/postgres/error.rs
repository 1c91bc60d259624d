//! Why the embedded Postgres does not run, each with what to do about it.

use std::{io, path::PathBuf};

/// The embedded Postgres cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The install is not one.
    #[error("there is no Postgres in {0} (bin/postgres is missing): run `make up`, or set DATABASE_URL")]
    NotInstalled(PathBuf),
    /// Another Mosaic has the folder.
    #[error("another Mosaic is running on {0}: stop it first, or choose another data folder")]
    InUse(PathBuf),
    /// The data was made by another major version.
    #[error(
        "the data in {data} is of Postgres {found}, but the programs are of {installed}: start once more with \
         Postgres {found}, save everything with pg_dumpall, and load it into a new data folder"
    )]
    OtherMajor {
        /// The cluster's folder.
        data: PathBuf,
        /// Its version.
        found: String,
        /// The install's version.
        installed: String,
    },
    /// Postgres refuses to run as root, and the user it runs as instead cannot get to a folder.
    #[error(
        "Postgres does not run as root; as uid {uid} it cannot pass through {folder}: \
         chmod a+x {folder}, or choose another folder"
    )]
    NoPassage {
        /// The closed folder.
        folder: PathBuf,
        /// The user it runs as.
        uid: u32,
    },
    /// The socket's path would not fit into the 107 bytes that the system allows.
    #[error("the path {0} is too long for a socket: choose a shorter data folder")]
    PathTooLong(PathBuf),
    /// A server runs that somebody else started, or one that does not end.
    #[error("a Postgres that is not Mosaic's own is running on {0}: stop it first")]
    Foreign(PathBuf),
    /// One of Postgres's programs failed.
    #[error("{program} failed: {says}")]
    Program {
        /// Its name.
        program: &'static str,
        /// The last line it wrote.
        says: String,
    },
    /// The server ended before it answered.
    #[error("Postgres ended while starting: {says} (all of it: {log})")]
    Ended {
        /// The last line of its log.
        says: String,
        /// Its log.
        log: PathBuf,
    },
    /// The server does not answer.
    #[error("Postgres did not answer within {seconds} s: {says} (all of it: {log})")]
    Silent {
        /// How long it had.
        seconds: u64,
        /// The last line of its log.
        says: String,
        /// Its log.
        log: PathBuf,
    },
    /// The system refused.
    #[error("{path}: {source}")]
    Io {
        /// The file or program.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl Error {
    /// For `map_err`: names the file beside the system's reason.
    pub(super) fn at(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { path, source }
    }
}
