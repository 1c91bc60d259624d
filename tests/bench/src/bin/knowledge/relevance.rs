//! How well questions find the document that is their right answer: by words, by meaning, and by both.

use crate::{
    corpus::{Corpus, Questions},
    database::Database,
    searches::{MAX_RESULTS, search},
    vectors::Vectors,
};
use domain::{UserId, knowledge::fuse};
use store::knowledge::ChunkHit;
use uuid::Uuid;

/// Prints a table of both sets of questions.
pub async fn measure(database: &Database, user: UserId, corpus: &Corpus, vectors: &Vectors) {
    let documents = corpus.documents.len();
    println!(
        "\n| {documents} documents, by | questions | recall@1 | recall@10 | recall@30 | MRR@10 | nDCG@10 |"
    );
    println!("|---|---|---|---|---|---|---|");
    for (questions, vectors) in
        [(&corpus.examples, &vectors.examples), (&corpus.definitions, &vectors.definitions)]
    {
        measure_set(database, user, questions, vectors).await;
    }
}

/// Prints a row for each kind of search.
async fn measure_set(database: &Database, user: UserId, questions: &Questions, vectors: &[Vec<f32>]) {
    let parent_of: Vec<Uuid> =
        sqlx::query_scalar("select parent_id from knowledge_chunks where user_id = $1 order by id")
            .bind(user.uuid())
            .fetch_all(&database.pool)
            .await
            .unwrap();
    let searches = ["words", "meaning", "both, fused"];
    let mut ranks: [Vec<Option<usize>>; 3] = Default::default();
    for ((question, vector), answer) in questions.texts.iter().zip(vectors).zip(&questions.answers) {
        let found = search(database, user, question, vector).await;
        let (text, meaning) = (parents(&found.text), parents(&found.meaning));
        let fused: Vec<Uuid> = fuse(&text, &meaning).into_iter().map(|found| found.key).collect();
        for (ranks, ranking) in ranks.iter_mut().zip([&text, &meaning, &fused]) {
            ranks.push(ranking.iter().take(MAX_RESULTS).position(|parent| *parent == parent_of[*answer]));
        }
    }
    for (search, ranks) in searches.iter().zip(&ranks) {
        println!("| {search} | {} {} | {} |", ranks.len(), questions.name, measures(ranks));
    }
}

/// The recalls, MRR and nDCG of the ranks (from 0) of the right answers. With one right answer, nDCG is
/// 1 / log2(rank + 1), with ranks from 1.
fn measures(ranks: &[Option<usize>]) -> String {
    let mean = |max_rank: usize, score: fn(f64) -> f64| {
        let found = ranks.iter().flatten().filter(|rank| **rank < max_rank);
        found.map(|rank| score(*rank as f64 + 1.0)).sum::<f64>() / ranks.len() as f64
    };
    let all = [
        mean(1, |_| 1.0),
        mean(10, |_| 1.0),
        mean(MAX_RESULTS, |_| 1.0),
        mean(10, |rank| 1.0 / rank),
        mean(10, |rank| 1.0 / (rank + 1.0).log2()),
    ];
    all.map(|value| format!("{value:.3}")).join(" | ")
}

fn parents(half: &[ChunkHit]) -> Vec<Uuid> {
    half.iter().map(|candidate| candidate.parent_id).collect()
}
