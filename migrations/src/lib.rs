//! The database schema: timestamped migrations, one concern per file, expand before contract.
//!
//! Owns the DDL and nothing else. Rights (the restricted role and its grants) are put in force by
//! `store::rights` after migrating, because they depend on what the connecting user may do.

/// All migrations in order, embedded in the binary.
pub static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!("./sql");
