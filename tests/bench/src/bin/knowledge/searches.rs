//! Searches as `fleet::knowledge::search` makes them, without the query's embedding.

use crate::{corpus::Corpus, peers::ms, vectors::Vectors, world::World};
use chrono::{DateTime, Utc};
use domain::{
    UserId,
    knowledge::{Kind, fuse},
};
use pgvector::HalfVector;
use std::time::{Duration, Instant};
use store::knowledge::{self, Candidate, Filter, Scope};

/// Candidates of each half, and hits of an answer, as the product has them.
const CANDIDATES: i64 = 100;
pub const HITS: usize = 30;
/// Queries that are compared with an exact search, which reads everything.
const COMPARED: usize = 200;

/// One search and its times.
pub struct Search {
    /// Candidates by words.
    pub text: Vec<Candidate>,
    /// Candidates by meaning.
    pub meaning: Vec<Candidate>,
    took: [Duration; 4],
}

/// Makes a search.
pub async fn search(world: &World, user: UserId, query: &str, vector: &[f32]) -> Search {
    let filter = Filter::default();
    let now = DateTime::<Utc>::from_timestamp(1_795_000_000, 0).unwrap();
    let scope = Scope { user, kind: Kind::Finding, filter: &filter, now, most: CANDIDATES };
    let began = Instant::now();
    let mut tx = world.begin(user).await;
    let before = Instant::now();
    let text = knowledge::by_text(&mut tx, scope, "english", query).await.unwrap();
    let by_text = before.elapsed();
    let before = Instant::now();
    let meaning = knowledge::by_meaning(&mut tx, scope, world.model, vector).await.unwrap();
    let by_meaning = before.elapsed();
    knowledge::pending(&mut tx, user, Some(world.model), 1).await.unwrap();
    let before = Instant::now();
    let best = fuse(&pieces(&text), &pieces(&meaning));
    let shown: Vec<i64> = best.iter().take(HITS).map(|found| found.key).collect();
    knowledge::excerpts(&mut tx, user, "english", query, &shown).await.unwrap();
    let excerpts = before.elapsed();
    drop(tx);
    Search { text, meaning, took: [began.elapsed(), by_text, by_meaning, excerpts] }
}

fn pieces(half: &[Candidate]) -> Vec<i64> {
    half.iter().map(|candidate| candidate.id).collect()
}

/// Prints the head of the rows of [`time`].
pub fn head() {
    println!(
        "\n| rows | hybrid p50 ms | p95 | p99 | words p50 | p95 | meaning p50 | p95 | excerpts p50 | recall@10 of meaning |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|");
}

/// Times all queries, and compares the meaning of some with an exact search. Prints a row.
pub async fn time(world: &World, what: &str, user: UserId, corpus: &Corpus, vectors: &Vectors) {
    let queries: Vec<(&String, &Vec<f32>)> = corpus.examples.texts.iter().zip(&vectors.examples).collect();
    for (query, vector) in queries.iter().take(20) {
        search(world, user, query, vector).await;
    }
    let mut took: [Vec<Duration>; 4] = Default::default();
    let (mut same, mut exact) = (0, 0);
    for (n, (query, vector)) in queries.iter().enumerate() {
        let found = search(world, user, query, vector).await;
        took.iter_mut().zip(found.took).for_each(|(all, one)| all.push(one));
        if n < COMPARED {
            let nearest = nearest(world, user, vector).await;
            exact += nearest.len();
            same += found.meaning.iter().take(10).filter(|candidate| nearest.contains(&candidate.id)).count();
        }
    }
    let mut ms = |which: usize, percent: usize| ms(&mut took[which], percent);
    let row = [(0, 50), (0, 95), (0, 99), (1, 50), (1, 95), (2, 50), (2, 95), (3, 50)]
        .map(|(which, percent)| ms(which, percent));
    println!("| {what} | {} | {:.4} |", row.join(" | "), same as f64 / exact as f64);
}

/// The ten nearest, by reading all that the user has.
pub async fn nearest(world: &World, user: UserId, vector: &[f32]) -> Vec<i64> {
    sqlx::query_scalar(
        "select id from knowledge_chunks where user_id = $1 and kind = 'f' and model = $2
         order by embedding <=> $3::halfvec, id limit 10",
    )
    .bind(user.uuid())
    .bind(world.model)
    .bind(HalfVector::from_f32_slice(vector))
    .fetch_all(&world.pool)
    .await
    .unwrap()
}
