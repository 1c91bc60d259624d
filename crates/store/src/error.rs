//! What can go wrong with the database, sorted by what a caller can do about it.

use std::borrow::Cow;

/// A database failure. Its text is for logs, never for clients.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A unique or foreign key refused the row; the constraint's name tells which.
    #[error("constraint {0} refused the row")]
    Conflict(Cow<'static, str>),
    /// The database is away, restarting or out of connections: trying again can help.
    #[error("the database is not available: {0}")]
    Unavailable(#[source] sqlx::Error),
    /// Stored data that this version cannot read.
    #[error("stored {what} cannot be read")]
    Corrupt {
        /// Which column or document.
        what: &'static str,
    },
    /// Anything else is a bug.
    #[error("database error: {0}")]
    Other(#[source] sqlx::Error),
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::Io(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed => Self::Unavailable(error),
            sqlx::Error::Database(db) => match db.code().as_deref() {
                // integrity constraint violations
                Some(code) if code.starts_with("23") => {
                    Self::Conflict(db.constraint().map_or(Cow::Borrowed("?"), |name| name.to_owned().into()))
                }
                // operator intervention, connection exceptions, too many connections
                Some(code) if code.starts_with("57P") || code.starts_with("08") || code == "53300" => {
                    Self::Unavailable(error)
                }
                _ => Self::Other(error),
            },
            _ => Self::Other(error),
        }
    }
}
