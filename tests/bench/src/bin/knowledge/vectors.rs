//! The vectors of the corpus, from the built-in model. Computing them takes minutes, so they are kept in a file.

use crate::corpus::Corpus;
use domain::knowledge::{Embedder, EmbeddingPurpose};
use embeddings::Builtin;
use std::{
    fs::{self, File},
    io::Write,
    path::PathBuf,
    time::Instant,
};

/// Texts of one call, as in the product.
pub const BATCH_SIZE: usize = 32;
/// Vectors that are written to the file at once.
const WRITE_BATCH_SIZE: usize = 1_600;

/// Vectors in the order of the texts.
pub struct Vectors {
    pub documents: Vec<Vec<f32>>,
    pub examples: Vec<Vec<f32>>,
    pub definitions: Vec<Vec<f32>>,
    /// Documents per second, if they were computed in this run.
    pub rate: Option<f64>,
}

/// Computes the vectors. Those of the documents are kept in a file, and read if they are there.
pub async fn compute(corpus: &Corpus) -> Vectors {
    let model = Builtin::new(std::env::var_os("MOSAIC_EMBEDDINGS_DIR").map(PathBuf::from));
    let size = usize::from(model.dimensions());
    let file = PathBuf::from(std::env::var("BENCH_VECTORS").unwrap());
    let mut documents = read(&fs::read(&file).unwrap_or_default(), size);
    documents.truncate(corpus.documents.len());
    let missing = &corpus.documents[documents.len()..];
    let began = Instant::now();
    let mut file = File::options().create(true).append(true).open(&file).unwrap();
    for (n, texts) in missing.chunks(WRITE_BATCH_SIZE).enumerate() {
        let computed = embed(&model, texts, EmbeddingPurpose::Passage).await;
        let bytes: Vec<u8> = computed.iter().flatten().flat_map(|number| number.to_le_bytes()).collect();
        file.write_all(&bytes).unwrap();
        documents.extend(computed);
        eprintln!("{} of {} embedded, {:?}", (n + 1) * WRITE_BATCH_SIZE, missing.len(), began.elapsed());
    }
    let rate = (!missing.is_empty()).then(|| missing.len() as f64 / began.elapsed().as_secs_f64());
    let examples = embed(&model, &corpus.examples.texts, EmbeddingPurpose::Query).await;
    let definitions = embed(&model, &corpus.definitions.texts, EmbeddingPurpose::Query).await;
    Vectors { documents, examples, definitions, rate }
}

async fn embed(model: &Builtin, texts: &[String], purpose: EmbeddingPurpose) -> Vec<Vec<f32>> {
    let mut vectors = Vec::with_capacity(texts.len());
    for batch in texts.chunks(BATCH_SIZE) {
        vectors.extend(model.embed(batch.to_vec(), purpose).await.unwrap());
    }
    vectors
}

fn read(bytes: &[u8], size: usize) -> Vec<Vec<f32>> {
    let number = |four: &[u8]| f32::from_le_bytes(four.try_into().unwrap());
    bytes.chunks_exact(size * 4).map(|vector| vector.chunks(4).map(number).collect()).collect()
}
