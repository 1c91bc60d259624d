//! A database with users and their documents, filled as the product does it.

use chrono::{DateTime, Utc};
use domain::{
    Actor, Person, Role, UserId,
    knowledge::{Kind, chunks},
};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, PgPool};
use std::time::{Duration, Instant};
use store::{
    Store, Tx,
    knowledge::{self, NewChunk},
};
use uuid::Uuid;

/// Chunks that one transaction saves.
const SAVE_BATCH_SIZE: usize = 200;
/// Vectors that one transaction stores.
const VECTOR_BATCH_SIZE: usize = 500;

/// A database of this run.
pub struct Database {
    /// As superuser.
    pub pool: PgPool,
    /// As the product uses it.
    pub store: Store,
    /// Id of the model.
    pub model: i16,
    name: String,
}

/// In chunks per second.
pub struct Rate {
    /// Chunks with their words.
    pub saved: f64,
    pub vectors: f64,
}

impl Database {
    /// Creates a database with the product's schema.
    pub async fn create() -> Self {
        let name = format!("bench_{}", Uuid::now_v7().simple());
        let server = std::env::var("BENCH_DATABASE_URL").expect("run this by `make bench-knowledge`");
        let mut connection = PgConnection::connect(&server).await.unwrap();
        connection.execute(AssertSqlSafe(format!("create database {name}"))).await.unwrap();
        let url = server.replace("/postgres?", &format!("/{name}?"));
        let mut connection = PgConnection::connect(&url).await.unwrap();
        migrations::MIGRATOR.run(&mut connection).await.unwrap();
        store::rights::prepare(&mut connection).await.unwrap();
        let pool = PgPool::connect(&url).await.unwrap();
        let store = Store::new(pool.clone()).await.unwrap();
        let mut tx = store.system("bench").await.unwrap();
        let model = knowledge::ensure_model(&mut tx, "bench", 384).await.unwrap();
        tx.commit().await.unwrap();
        Self { pool, store, model, name }
    }

    /// Creates a user.
    pub async fn user(&self, name: &str) -> UserId {
        let id = Uuid::now_v7();
        sqlx::query("insert into users (id, username, display_name, role) values ($1, $2, $2, 'user')")
            .bind(id)
            .bind(name)
            .execute(&self.pool)
            .await
            .unwrap();
        id.into()
    }

    /// Begins a transaction as this user.
    pub async fn begin(&self, user: UserId) -> Tx {
        self.store.begin(&Actor::User(Person { id: user, role: Role::User })).await.unwrap()
    }

    /// Saves documents as findings, then their vectors.
    pub async fn fill(&self, user: UserId, documents: &[String], vectors: &[Vec<f32>]) -> Rate {
        let began = Instant::now();
        for texts in documents.chunks(SAVE_BATCH_SIZE) {
            let chunks: Vec<NewChunk<'_>> = texts.iter().map(|text| piece(text)).collect();
            let mut tx = self.begin(user).await;
            knowledge::add(&mut tx, user, Kind::Finding, "english", &chunks).await.unwrap();
            tx.commit().await.unwrap();
        }
        let saved = per_second(documents.len(), began.elapsed());
        // In the order in which they were saved.
        let ids: Vec<i64> =
            sqlx::query_scalar("select id from knowledge_chunks where user_id = $1 order by id")
                .bind(user.uuid())
                .fetch_all(&self.pool)
                .await
                .unwrap();
        let began = Instant::now();
        let embedded: Vec<(i64, Vec<f32>)> = ids.into_iter().zip(vectors.iter().cloned()).collect();
        for batch in embedded.chunks(VECTOR_BATCH_SIZE) {
            let mut tx = self.begin(user).await;
            knowledge::put_vectors(&mut tx, user, self.model, batch).await.unwrap();
            tx.commit().await.unwrap();
        }
        Rate { saved, vectors: per_second(embedded.len(), began.elapsed()) }
    }

    /// Does what autovacuum would do after a while.
    pub async fn vacuum(&self) {
        self.pool.execute("vacuum analyze").await.unwrap();
        self.pool.execute("checkpoint").await.unwrap();
    }

    /// Drops the database.
    pub async fn drop(self) {
        self.pool.close().await;
        let server = std::env::var("BENCH_DATABASE_URL").unwrap();
        let mut connection = PgConnection::connect(&server).await.unwrap();
        connection.execute(AssertSqlSafe(format!("drop database {} with (force)", self.name))).await.unwrap();
    }
}

fn piece(text: &str) -> NewChunk<'_> {
    let text = chunks(text).into_iter().next().unwrap();
    let at = DateTime::<Utc>::from_timestamp(1_795_000_000, 0).unwrap();
    NewChunk {
        parent_id: Uuid::now_v7(),
        ordinal: 0,
        conversation_id: None,
        agent_id: None,
        role: None,
        tags: &[],
        at,
        expires_at: None,
        text,
    }
}

fn per_second(count: usize, took: Duration) -> f64 {
    count as f64 / took.as_secs_f64()
}
