//! What the product does not do: reading all vectors of a user, and one HNSW graph over everybody's.

use crate::{searches::nearest, vectors::Vectors, world::World};
use domain::UserId;
use pgvector::HalfVector;
use sqlx::Executor;
use std::time::{Duration, Instant};

/// Queries of each.
const QUERIES: usize = 200;

/// Prints a row for each way and user.
pub async fn measure(world: &World, users: &[(&str, UserId)], vectors: &Vectors) {
    println!("\n| the ten nearest of {QUERIES} queries | p50 ms | p95 | recall@10 |\n|---|---|---|---|");
    for (who, user) in users {
        let mut took = Vec::new();
        for vector in &vectors.examples[..QUERIES] {
            let began = Instant::now();
            nearest(world, *user, vector).await;
            took.push(began.elapsed());
        }
        println!(
            "| all vectors of the user, {who} | {} | {} | 1.0000 |",
            ms(&mut took, 50),
            ms(&mut took, 95)
        );
    }
    let began = Instant::now();
    let index = "create index bench_hnsw on knowledge_chunks using hnsw ((embedding::halfvec(384)) halfvec_cosine_ops)";
    world.pool.execute("set maintenance_work_mem = '1GB'").await.unwrap();
    world.pool.execute(index).await.unwrap();
    eprintln!("the graph was made in {:?}", began.elapsed());
    for (way, setting) in [("stops early", "off"), ("searches on (iterative scan)", "strict_order")] {
        for (who, user) in users {
            let (mut took, mut same) = (Vec::new(), 0);
            for vector in &vectors.examples[..QUERIES] {
                let began = Instant::now();
                let found = by_graph(world, *user, vector, setting).await;
                took.push(began.elapsed());
                let exact = nearest(world, *user, vector).await;
                same += found.iter().filter(|id| exact.contains(id)).count();
            }
            let recall = same as f64 / (QUERIES * 10) as f64;
            println!(
                "| HNSW over all, {way}, {who} | {} | {} | {recall:.4} |",
                ms(&mut took, 50),
                ms(&mut took, 95)
            );
        }
    }
    world.pool.execute("drop index bench_hnsw").await.unwrap();
}

async fn by_graph(world: &World, user: UserId, vector: &[f32], iterative: &str) -> Vec<i64> {
    let mut tx = world.begin(user).await;
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

/// A quantile in milliseconds.
pub fn ms(took: &mut [Duration], percent: usize) -> String {
    took.sort();
    format!("{:.1}", took[(took.len() - 1) * percent / 100].as_secs_f64() * 1000.0)
}
