//! Why the embedded Postgres does not run, each with what to do about it.

use std::{io, path::PathBuf};

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("there is no Postgres in {0} (bin/postgres is missing): run `make up`, or set DATABASE_URL")]
    NotInstalled(PathBuf),
    #[error("another Mosaic is running on {0}: stop it first, or choose another data folder")]
    InUse(PathBuf),
    #[error(
        "the data in {data} is of Postgres {found}, but the installed programs are of {installed}: start it with \
         Postgres {found} again, save everything with pg_dumpall, and load it into a new data folder"
    )]
    OtherMajor {
        data: PathBuf,
        /// The version of the data.
        found: String,
        /// The version of the programs.
        installed: String,
    },
    /// Postgres refuses to run as root, and the user that it runs as instead cannot reach a folder.
    #[error(
        "Postgres does not run as root, and as uid {uid} it cannot pass through {folder}: \
         chmod a+x {folder}, or choose another folder"
    )]
    NoPassage { folder: PathBuf, uid: u32 },
    /// A socket's path may have at most 107 bytes.
    #[error("the path {0} is too long for a socket: choose a shorter data folder")]
    PathTooLong(PathBuf),
    /// Another program started the server, or it does not end.
    #[error("a Postgres that does not belong to Mosaic is running on {0}: stop it first")]
    Foreign(PathBuf),
    #[error("{program} failed: {last_line}")]
    Program {
        program: &'static str,
        /// The last line of its output.
        last_line: String,
    },
    #[error("Postgres ended while starting: {last_line} (the whole log: {log})")]
    Ended {
        /// The last line of the log.
        last_line: String,
        log: PathBuf,
    },
    #[error("Postgres did not answer within {seconds} s: {last_line} (the whole log: {log})")]
    Silent {
        seconds: u64,
        /// The last line of the log.
        last_line: String,
        log: PathBuf,
    },
    #[error("{path}: {source}")]
    Io {
        /// The file or program.
        path: PathBuf,
        source: io::Error,
    },
}

impl Error {
    /// For `map_err`: adds the path to the system's error.
    pub(super) fn at(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { path, source }
    }
}
