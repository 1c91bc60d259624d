//! A database for each case, and the other jobs in it.

use crate::{graphile, system::System};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, PgPool, postgres::types::PgInterval};
use store::Store;

/// The other jobs in the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backlog {
    None,
    /// 100,000 jobs that wait in another lane.
    OtherLane,
    /// 100,000 jobs of the same lane and kind that are due tomorrow.
    Later,
    /// 1,000,000 jobs that are done, with their attempts.
    Finished,
}

impl Backlog {
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "idle",
            Self::OtherLane => "behind 100,000 queued in another lane",
            Self::Later => "behind 100,000 future-dated in the same lane",
            Self::Finished => "beside 1,000,000 finished",
        }
    }
}

/// The database of one case.
pub struct Database {
    pub url: String,
    /// As superuser.
    pub pool: PgPool,
    /// As the product uses it; `None` for the peers.
    pub store: Option<Store>,
}

impl Database {
    /// Creates a database with the tables of this queue.
    pub async fn create(system: System) -> Self {
        let name = format!("bench_{}", uuid::Uuid::now_v7().simple());
        let server = std::env::var("BENCH_DATABASE_URL").expect("run this by `make bench-queue`");
        let mut connection = PgConnection::connect(&server).await.unwrap();
        connection.execute(AssertSqlSafe(format!("create database {name}"))).await.unwrap();
        let url = server.replace("/postgres?", &format!("/{name}?"));
        let pool = PgPool::connect(&url).await.unwrap();
        let mut database = Self { url, pool, store: None };
        system.prepare(&database).await;
        if system == System::Mosaic {
            database.store = Some(Store::new(database.pool.clone()).await.unwrap());
        }
        database
    }

    /// Inserts the backlog, and vacuums.
    pub async fn insert_backlog(&self, system: System, backlog: Backlog) {
        let sql = match (system, backlog) {
            (_, Backlog::None) => return,
            (System::Mosaic, Backlog::OtherLane) => {
                "insert into jobs (kind, lane, acts_for, reason, payload, max_attempts)
                 select 'noop', 'ingest', 'system', 'bench', '{\"n\": 0}', 5 from generate_series(1, 100000)"
            }
            (System::Mosaic, Backlog::Later) => {
                "insert into jobs (kind, lane, acts_for, reason, payload, max_attempts, due_at)
                 select 'noop', 'maintenance', 'system', 'bench', '{\"n\": 0}', 5, now() + interval '1 day' * (1 + random())
                 from generate_series(1, 100000)"
            }
            (System::Mosaic, Backlog::Finished) => {
                "with made as (
                     insert into jobs (kind, lane, acts_for, reason, payload, max_attempts, state, attempt,
                                       created_at, started_at, finished_at)
                     select 'noop', 'maintenance', 'system', 'bench', '{\"n\": 0}', 5, 'done', 1, at, at, at
                     from generate_series(1, 1000000) n, lateral (select now() - interval '1 s' * n as at) t
                     returning id, started_at
                 )
                 insert into job_attempts (job_id, attempt, worker, started_at, outcome)
                 select id, 1, gen_random_uuid(), started_at, 'done' from made"
            }
            (System::Graphile, Backlog::Later) => {
                let day = PgInterval { days: 1, ..PgInterval::default() };
                sqlx::query(graphile::ADD_JOBS).bind(100_000_i64).bind(day).execute(&self.pool).await.unwrap();
                "select 1"
            }
            (System::Apalis, Backlog::Later) => {
                "insert into apalis.jobs (job, id, job_type, status, attempts, max_attempts, run_at, priority)
                 select convert_to('0', 'UTF8'), apalis.generate_ulid(), 'noop', 'Pending', 0, 25,
                        now() + interval '1 day' * (1 + random()), 0
                 from generate_series(1, 100000)"
            }
            (_, Backlog::OtherLane | Backlog::Finished) => return,
        };
        self.pool.execute(sql).await.unwrap();
        self.pool.execute("vacuum analyze").await.unwrap();
        self.pool.execute("checkpoint").await.unwrap();
    }

    /// Drops the database.
    pub async fn drop(self) {
        let name = self.url.rsplit('/').find(|part| part.starts_with("bench_")).unwrap();
        let name = name.split('?').next().unwrap().to_owned();
        if let Some(store) = self.store {
            store.pool().close().await;
        }
        self.pool.close().await;
        let server = std::env::var("BENCH_DATABASE_URL").unwrap();
        let mut connection = PgConnection::connect(&server).await.unwrap();
        connection.execute(AssertSqlSafe(format!("drop database {name} with (force)"))).await.unwrap();
    }
}
