//! How well questions find the document that is their right answer: by words, by meaning, and by both.

use crate::{
    corpus::{Corpus, Questions},
    searches::{HITS, search},
    vectors::Vectors,
    world::World,
};
use domain::{UserId, knowledge::fuse};
use store::knowledge::Candidate;
use uuid::Uuid;

/// Prints a table of both sets of questions.
pub async fn judge(world: &World, user: UserId, corpus: &Corpus, vectors: &Vectors) {
    let documents = corpus.documents.len();
    println!(
        "\n| {documents} documents, by | questions | recall@1 | recall@10 | recall@30 | MRR@10 | nDCG@10 |"
    );
    println!("|---|---|---|---|---|---|---|");
    for (questions, vectors) in
        [(&corpus.examples, &vectors.examples), (&corpus.definitions, &vectors.definitions)]
    {
        set(world, user, questions, vectors).await;
    }
}

/// Prints a row for each way.
async fn set(world: &World, user: UserId, questions: &Questions, vectors: &[Vec<f32>]) {
    let parent_of: Vec<Uuid> =
        sqlx::query_scalar("select parent_id from knowledge_chunks where user_id = $1 order by id")
            .bind(user.uuid())
            .fetch_all(&world.pool)
            .await
            .unwrap();
    let ways = ["words", "meaning", "both, fused"];
    let mut ranks: [Vec<Option<usize>>; 3] = Default::default();
    for ((question, vector), answer) in questions.texts.iter().zip(vectors).zip(&questions.answers) {
        let found = search(world, user, question, vector).await;
        let (text, meaning) = (parents(&found.text), parents(&found.meaning));
        let fused: Vec<Uuid> = fuse(&text, &meaning).into_iter().map(|found| found.key).collect();
        for (way, ranking) in ranks.iter_mut().zip([&text, &meaning, &fused]) {
            way.push(ranking.iter().take(HITS).position(|parent| *parent == parent_of[*answer]));
        }
    }
    for (way, ranks) in ways.iter().zip(&ranks) {
        println!("| {way} | {} {} | {} |", ranks.len(), questions.name, figures(ranks));
    }
}

/// Of ranks from 0: of how many questions the answer is among the first, and how far in front it is. With one right answer
/// nDCG is 1 / log2(rank + 1).
fn figures(ranks: &[Option<usize>]) -> String {
    let mean = |within: usize, worth: fn(f64) -> f64| {
        let found = ranks.iter().flatten().filter(|rank| **rank < within);
        found.map(|rank| worth(*rank as f64 + 1.0)).sum::<f64>() / ranks.len() as f64
    };
    let all = [
        mean(1, |_| 1.0),
        mean(10, |_| 1.0),
        mean(HITS, |_| 1.0),
        mean(10, |rank| 1.0 / rank),
        mean(10, |rank| 1.0 / (rank + 1.0).log2()),
    ];
    all.map(|figure| format!("{figure:.3}")).join(" | ")
}

fn parents(half: &[Candidate]) -> Vec<Uuid> {
    half.iter().map(|candidate| candidate.parent_id).collect()
}
