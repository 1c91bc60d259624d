//! The three queues that are measured, behind one interface.

use crate::{apalis_stock, database::Database, graphile, mosaic, process::Process};
use sqlx::PgConnection;

/// A queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum System {
    /// With attempts, fencing and history as in production.
    Mosaic,
    /// graphile-worker: a job that is done leaves no row.
    Graphile,
    /// apalis-postgres as it comes, with its notifications.
    Apalis,
}

impl System {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Mosaic => "Mosaic",
            Self::Graphile => "graphile-worker 0.17.3",
            Self::Apalis => "apalis-postgres 1.0.0, `with_pubsub`",
        }
    }

    /// Creates its tables.
    pub async fn prepare(self, database: &Database) {
        match self {
            Self::Mosaic => mosaic::prepare(database).await,
            Self::Graphile => graphile::prepare(database).await,
            Self::Apalis => apalis_stock::prepare(database).await,
        }
    }

    /// Starts a worker process that runs `slots` jobs at once.
    pub fn worker(self, database: &Database, slots: usize) -> Process {
        match self {
            Self::Mosaic => mosaic::worker(database, slots),
            Self::Graphile => graphile::worker(database, slots),
            Self::Apalis => apalis_stock::worker(database, slots),
        }
    }

    /// Enqueues one job, durably. The handler prints no stamp for 0.
    pub async fn enqueue(self, database: &Database, n: i64) {
        match self {
            Self::Mosaic => mosaic::enqueue(database, n).await,
            Self::Graphile => graphile::enqueue(database, n).await,
            Self::Apalis => apalis_stock::enqueue(database, n).await,
        }
    }

    /// Enqueues many jobs that are due now and print no stamps, in the open transaction of this connection.
    pub async fn fill(self, connection: &mut PgConnection, count: i64) {
        match self {
            Self::Mosaic => mosaic::fill(connection, count).await,
            Self::Graphile => graphile::fill(connection, count).await,
            Self::Apalis => apalis_stock::fill(connection, count).await,
        }
    }

    /// The number of jobs that have not ended.
    pub async fn count_unfinished(self, database: &Database) -> i64 {
        let sql = match self {
            Self::Mosaic => "select count(*) from jobs where state in ('queued', 'running')",
            Self::Graphile => "select count(*) from graphile_worker._private_jobs",
            Self::Apalis => {
                "select count(*) from apalis.jobs where status in ('Pending', 'Queued', 'Running')"
            }
        };
        sqlx::query_scalar(sql).fetch_one(&database.pool).await.unwrap()
    }
}
