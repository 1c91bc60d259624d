//! A thousand users beside: their documents are the corpus again, their vectors the corpus's with noise of a fixed seed.

use crate::{corpus::Corpus, vectors::Vectors, world::World};
use domain::UserId;
use rand::{RngExt, SeedableRng, rngs::StdRng};

/// Documents of each.
const EACH: usize = 1_000;

/// Rows of all users together, by `BENCH_KNOWLEDGE_TOTAL`; none when it is 0.
pub fn wanted() -> Option<usize> {
    let total = std::env::var("BENCH_KNOWLEDGE_TOTAL").map_or(1_000_000, |total| total.parse().unwrap());
    (total > 0).then_some(total)
}

/// Gathers users until all have `total` rows together; answers with the first of them.
pub async fn gather(world: &World, total: usize, corpus: &Corpus, vectors: &Vectors) -> UserId {
    let mut random = StdRng::seed_from_u64(7);
    let there: i64 =
        sqlx::query_scalar("select count(*) from knowledge_chunks").fetch_one(&world.pool).await.unwrap();
    let mut first = None;
    for n in 0..(total - there as usize).div_ceil(EACH) {
        let user = world.user(&format!("user{n}")).await;
        first.get_or_insert(user);
        let from = n * EACH % corpus.documents.len();
        let noisy: Vec<Vec<f32>> =
            vectors.documents[from..from + EACH].iter().map(|vector| noise(vector, &mut random)).collect();
        world.fill(user, &corpus.documents[from..from + EACH], &noisy).await;
        if n % 50 == 0 {
            eprintln!("{n} users are there");
        }
    }
    first.unwrap()
}

fn noise(vector: &[f32], random: &mut StdRng) -> Vec<f32> {
    let noisy: Vec<f32> = vector.iter().map(|number| number + random.random_range(-0.02..0.02)).collect();
    let length = noisy.iter().map(|number| number * number).sum::<f32>().sqrt();
    noisy.iter().map(|number| number / length).collect()
}
