//! A thousand other users: their documents are those of the corpus again, their vectors those of the corpus with noise of
//! a fixed seed.

use crate::{corpus::Corpus, database::Database, vectors::Vectors};
use domain::UserId;
use rand::{RngExt, SeedableRng, rngs::StdRng};

const DOCUMENTS_PER_USER: usize = 1_000;

/// Rows of all users together, from `BENCH_KNOWLEDGE_TOTAL`; `None` if it is 0.
pub fn total_rows() -> Option<usize> {
    let total = std::env::var("BENCH_KNOWLEDGE_TOTAL").map_or(1_000_000, |total| total.parse().unwrap());
    (total > 0).then_some(total)
}

/// Inserts users until all users together have `total` rows. Returns the first of them.
pub async fn insert(database: &Database, total: usize, corpus: &Corpus, vectors: &Vectors) -> UserId {
    let mut random = StdRng::seed_from_u64(7);
    let existing: i64 =
        sqlx::query_scalar("select count(*) from knowledge_chunks").fetch_one(&database.pool).await.unwrap();
    let mut first = None;
    for n in 0..(total - existing as usize).div_ceil(DOCUMENTS_PER_USER) {
        let user = database.user(&format!("user{n}")).await;
        first.get_or_insert(user);
        let from = n * DOCUMENTS_PER_USER % corpus.documents.len();
        let noisy: Vec<Vec<f32>> = vectors.documents[from..from + DOCUMENTS_PER_USER]
            .iter()
            .map(|vector| add_noise(vector, &mut random))
            .collect();
        database.fill(user, &corpus.documents[from..from + DOCUMENTS_PER_USER], &noisy).await;
        if n % 50 == 0 {
            eprintln!("inserted {n} users");
        }
    }
    first.unwrap()
}

fn add_noise(vector: &[f32], random: &mut StdRng) -> Vec<f32> {
    let noisy: Vec<f32> = vector.iter().map(|number| number + random.random_range(-0.02..0.02)).collect();
    let length = noisy.iter().map(|number| number * number).sum::<f32>().sqrt();
    noisy.iter().map(|number| number / length).collect()
}
