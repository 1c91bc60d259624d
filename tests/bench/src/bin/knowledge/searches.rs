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
use uuid::Uuid;

/// Candidates of each half, and hits of an answer, as the product has them.
const CANDIDATES: i64 = 100;
const HITS: usize = 30;
/// Queries that are compared with an exact search, which reads everything.
const COMPARED: usize = 200;

/// One search and its times.
struct Search {
    text: Vec<Candidate>,
    meaning: Vec<Candidate>,
    took: [Duration; 4],
}

async fn search(world: &World, user: UserId, query: &str, vector: &[f32]) -> Search {
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

fn parents(half: &[Candidate]) -> Vec<Uuid> {
    half.iter().map(|candidate| candidate.parent_id).collect()
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
    let queries: Vec<(&String, &Vec<f32>)> = corpus.queries.iter().zip(&vectors.queries).collect();
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

/// How well the three ways find the document that a query is an example of. Prints a table.
pub async fn judge(world: &World, user: UserId, corpus: &Corpus, vectors: &Vectors) {
    let parent_of: Vec<Uuid> =
        sqlx::query_scalar("select parent_id from knowledge_chunks where user_id = $1 order by id")
            .bind(user.uuid())
            .fetch_all(&world.pool)
            .await
            .unwrap();
    println!(
        "\n| {} documents, {} queries | recall@1 | recall@10 | recall@30 | MRR@10 |\n|---|---|---|---|---|",
        corpus.documents.len(),
        corpus.queries.len()
    );
    let ways = ["words", "meaning", "both, fused"];
    let mut ranks: [Vec<Option<usize>>; 3] = Default::default();
    for ((query, vector), answer) in corpus.queries.iter().zip(&vectors.queries).zip(&corpus.answers) {
        let found = search(world, user, query, vector).await;
        let (text, meaning) = (parents(&found.text), parents(&found.meaning));
        let fused: Vec<Uuid> = fuse(&text, &meaning).into_iter().map(|found| found.key).collect();
        for (way, ranking) in ranks.iter_mut().zip([&text, &meaning, &fused]) {
            way.push(ranking.iter().take(HITS).position(|parent| *parent == parent_of[*answer]));
        }
    }
    for (way, ranks) in ways.iter().zip(&ranks) {
        let within = |place: usize| {
            ranks.iter().flatten().filter(|rank| **rank < place).count() as f64 / ranks.len() as f64
        };
        let reciprocal: f64 =
            ranks.iter().flatten().filter(|rank| **rank < 10).map(|rank| 1.0 / (*rank as f64 + 1.0)).sum();
        println!(
            "| {way} | {:.3} | {:.3} | {:.3} | {:.3} |",
            within(1),
            within(10),
            within(HITS),
            reciprocal / ranks.len() as f64
        );
    }
}
