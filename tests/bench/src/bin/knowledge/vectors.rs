//! The vectors of the corpus, by the built-in model. Making them takes minutes, so they are kept in a file.

use crate::corpus::Corpus;
use domain::knowledge::{Embedder, Use};
use embeddings::Builtin;
use std::{fs, path::PathBuf, time::Instant};

/// Texts of one call, as the product does it.
pub const BATCH: usize = 32;

/// Vectors in the order of the texts.
pub struct Vectors {
    /// Of the documents.
    pub documents: Vec<Vec<f32>>,
    /// Of the queries.
    pub queries: Vec<Vec<f32>>,
    /// Documents per second, where they were made in this run.
    pub rate: Option<f64>,
}

/// Makes them, or reads them where that was done before.
pub async fn of(corpus: &Corpus) -> Vectors {
    let model = Builtin::new(std::env::var_os("MOSAIC_EMBEDDINGS_DIR").map(PathBuf::from));
    let file = PathBuf::from(std::env::var("BENCH_VECTORS").unwrap());
    let size = usize::from(model.dimensions());
    let (documents, rate) =
        match fs::read(&file).ok().filter(|bytes| bytes.len() == corpus.documents.len() * size * 4) {
            Some(bytes) => (read(&bytes, size), None),
            None => {
                let began = Instant::now();
                let made = embed(&model, &corpus.documents, Use::Passage).await;
                let rate = made.len() as f64 / began.elapsed().as_secs_f64();
                let bytes: Vec<u8> = made.iter().flatten().flat_map(|number| number.to_le_bytes()).collect();
                fs::write(&file, bytes).unwrap();
                (made, Some(rate))
            }
        };
    let began = Instant::now();
    let queries = embed(&model, &corpus.queries, Use::Query).await;
    eprintln!(
        "a query is embedded in {:?} on average, in batches",
        began.elapsed() / corpus.queries.len() as u32
    );
    Vectors { documents, queries, rate }
}

async fn embed(model: &Builtin, texts: &[String], purpose: Use) -> Vec<Vec<f32>> {
    let mut made = Vec::with_capacity(texts.len());
    for batch in texts.chunks(BATCH) {
        made.extend(model.embed(batch.to_vec(), purpose).await.unwrap());
        if made.len() % (BATCH * 200) == 0 {
            eprintln!("{} of {} embedded", made.len(), texts.len());
        }
    }
    made
}

fn read(bytes: &[u8], size: usize) -> Vec<Vec<f32>> {
    let number = |four: &[u8]| f32::from_le_bytes(four.try_into().unwrap());
    bytes.chunks(size * 4).map(|vector| vector.chunks(4).map(number).collect()).collect()
}
