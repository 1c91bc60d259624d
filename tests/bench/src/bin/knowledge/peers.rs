//! Alternatives that the product does not use: reading all vectors of a user, and one HNSW index over all users.

use crate::{database::Database, searches::nearest, vectors::Vectors};
use domain::UserId;
use pgvector::HalfVector;
use sqlx::Executor;
use std::time::{Duration, Instant};

/// Of each case.
const QUERIES: usize = 200;

/// Prints a row for each alternative and user.
pub async fn measure(database: &Database, users: &[(&str, UserId)], vectors: &Vectors) {
    println!("\n| the ten nearest of {QUERIES} queries | p50 ms | p95 | recall@10 |\n|---|---|---|---|");
    for (who, user) in users {
        let mut durations = Vec::new();
        for vector in &vectors.examples[..QUERIES] {
            let began = Instant::now();
            nearest(database, *user, vector).await;
            durations.push(began.elapsed());
        }
        println!(
            "| all vectors of the user, {who} | {} | {} | 1.0000 |",
            millis(&mut durations, 50),
            millis(&mut durations, 95)
        );
    }
    let began = Instant::now();
    let index = "create index bench_hnsw on knowledge_chunks using hnsw ((embedding::halfvec(384)) halfvec_cosine_ops)";
    database.pool.execute("set maintenance_work_mem = '1GB'").await.unwrap();
    database.pool.execute(index).await.unwrap();
    eprintln!("the index was built in {:?}", began.elapsed());
    for (variant, setting) in [("stops early", "off"), ("searches on (iterative scan)", "strict_order")] {
        for (who, user) in users {
            let (mut durations, mut same) = (Vec::new(), 0);
            for vector in &vectors.examples[..QUERIES] {
                let began = Instant::now();
                let found = nearest_by_index(database, *user, vector, setting).await;
                durations.push(began.elapsed());
                let exact = nearest(database, *user, vector).await;
                same += found.iter().filter(|id| exact.contains(id)).count();
            }
            let recall = same as f64 / (QUERIES * 10) as f64;
            println!(
                "| HNSW over all, {variant}, {who} | {} | {} | {recall:.4} |",
                millis(&mut durations, 50),
                millis(&mut durations, 95)
            );
        }
    }
    database.pool.execute("drop index bench_hnsw").await.unwrap();
}

async fn nearest_by_index(database: &Database, user: UserId, vector: &[f32], iterative: &str) -> Vec<i64> {
    let mut tx = database.begin(user).await;
    let settings = format!(
        "set local hnsw.iterative_scan = {iterative}; set local enable_seqscan = off; set local enable_sort = off"
    );
    sqlx::raw_sql(sqlx::AssertSqlSafe(settings)).execute(tx.conn()).await.unwrap();
    sqlx::query_scalar(
        "select id from knowledge_chunks where user_id = $1
         order by embedding::halfvec(384) <=> $2::halfvec(384) limit 10",
    )
    .bind(user.uuid())
    .bind(HalfVector::from_f32_slice(vector))
    .fetch_all(tx.conn())
    .await
    .unwrap()
}

/// A percentile in milliseconds.
pub fn millis(durations: &mut [Duration], percent: usize) -> String {
    durations.sort();
    format!("{:.1}", durations[(durations.len() - 1) * percent / 100].as_secs_f64() * 1000.0)
}
