//! Searches like those of `fleet::knowledge::search`, without embedding the query.

use crate::{corpus::Corpus, database::Database, peers::millis, vectors::Vectors};
use chrono::{DateTime, Utc};
use domain::{
    UserId,
    knowledge::{Kind, fuse},
};
use pgvector::HalfVector;
use std::time::{Duration, Instant};
use store::knowledge::{self, ChunkHit, Filter, Scope};

/// Candidates of each half of a search, as in the product.
const MAX_CANDIDATES: i64 = 100;
/// Results of a search, as in the product.
pub const MAX_RESULTS: usize = 30;
/// Queries that are compared with an exact search, which reads all vectors of the user.
const COMPARED_QUERIES: usize = 200;

/// A search and how long its parts took.
pub struct Search {
    /// Candidates by words.
    pub text: Vec<ChunkHit>,
    /// Candidates by meaning.
    pub meaning: Vec<ChunkHit>,
    durations: [Duration; 4],
}

/// Runs a search.
pub async fn search(database: &Database, user: UserId, query: &str, vector: &[f32]) -> Search {
    let filter = Filter::default();
    let now = DateTime::<Utc>::from_timestamp(1_795_000_000, 0).unwrap();
    let scope = Scope { user, kind: Kind::Finding, filter: &filter, now, limit: MAX_CANDIDATES };
    let began = Instant::now();
    let mut tx = database.begin(user).await;
    let before = Instant::now();
    let text = knowledge::by_text(&mut tx, scope, "english", query).await.unwrap();
    let by_text = before.elapsed();
    let before = Instant::now();
    let meaning = knowledge::by_meaning(&mut tx, scope, database.model, vector).await.unwrap();
    let by_meaning = before.elapsed();
    knowledge::pending(&mut tx, user, Some(database.model), 1).await.unwrap();
    let before = Instant::now();
    let best = fuse(&ids(&text), &ids(&meaning));
    let shown: Vec<i64> = best.iter().take(MAX_RESULTS).map(|found| found.key).collect();
    knowledge::snippets(&mut tx, user, "english", query, &shown).await.unwrap();
    let snippets = before.elapsed();
    drop(tx);
    Search { text, meaning, durations: [began.elapsed(), by_text, by_meaning, snippets] }
}

fn ids(half: &[ChunkHit]) -> Vec<i64> {
    half.iter().map(|candidate| candidate.id).collect()
}

/// Prints the header of the rows of [`measure`].
pub fn print_header() {
    println!(
        "\n| rows | hybrid p50 ms | p95 | p99 | words p50 | p95 | meaning p50 | p95 | excerpts p50 | recall@10 of meaning |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|");
}

/// Runs all queries, and compares the search by meaning of some with an exact search. Prints a row.
pub async fn measure(database: &Database, what: &str, user: UserId, corpus: &Corpus, vectors: &Vectors) {
    let queries: Vec<(&String, &Vec<f32>)> = corpus.examples.texts.iter().zip(&vectors.examples).collect();
    for (query, vector) in queries.iter().take(20) {
        search(database, user, query, vector).await;
    }
    let mut durations: [Vec<Duration>; 4] = Default::default();
    let (mut same, mut exact) = (0, 0);
    for (n, (query, vector)) in queries.iter().enumerate() {
        let found = search(database, user, query, vector).await;
        durations.iter_mut().zip(found.durations).for_each(|(all, one)| all.push(one));
        if n < COMPARED_QUERIES {
            let nearest = nearest(database, user, vector).await;
            exact += nearest.len();
            same += found.meaning.iter().take(10).filter(|candidate| nearest.contains(&candidate.id)).count();
        }
    }
    let mut millis = |part: usize, percent: usize| millis(&mut durations[part], percent);
    let row = [(0, 50), (0, 95), (0, 99), (1, 50), (1, 95), (2, 50), (2, 95), (3, 50)]
        .map(|(part, percent)| millis(part, percent));
    println!("| {what} | {} | {:.4} |", row.join(" | "), same as f64 / exact as f64);
}

/// The ten nearest, by reading all vectors of the user.
pub async fn nearest(database: &Database, user: UserId, vector: &[f32]) -> Vec<i64> {
    sqlx::query_scalar(
        "select id from knowledge_chunks where user_id = $1 and kind = 'f' and model = $2
         order by embedding <=> $3::halfvec, id limit 10",
    )
    .bind(user.uuid())
    .bind(database.model)
    .bind(HalfVector::from_f32_slice(vector))
    .fetch_all(&database.pool)
    .await
    .unwrap()
}
