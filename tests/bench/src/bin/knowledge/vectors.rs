//! The vectors of the corpus, by the built-in model. Making them takes minutes, so they are kept in a file.

use crate::corpus::Corpus;
use domain::knowledge::{Embedder, Use};
use embeddings::Builtin;
use std::{
    fs::{self, File},
    io::Write,
    path::PathBuf,
    time::Instant,
};

/// Texts of one call, as the product does it.
pub const BATCH: usize = 32;
/// Vectors that are written to the file together.
const KEPT: usize = 1_600;

/// Vectors in the order of the texts.
pub struct Vectors {
    /// Of the documents.
    pub documents: Vec<Vec<f32>>,
    /// Of the example sentences.
    pub examples: Vec<Vec<f32>>,
    /// Of the definitions by others.
    pub definitions: Vec<Vec<f32>>,
    /// Documents per second, where they were made in this run.
    pub rate: Option<f64>,
}

/// Makes them, and keeps those of the documents in a file: what is there already is read.
pub async fn of(corpus: &Corpus) -> Vectors {
    let model = Builtin::new(std::env::var_os("MOSAIC_EMBEDDINGS_DIR").map(PathBuf::from));
    let size = usize::from(model.dimensions());
    let file = PathBuf::from(std::env::var("BENCH_VECTORS").unwrap());
    let mut documents = read(&fs::read(&file).unwrap_or_default(), size);
    documents.truncate(corpus.documents.len());
    let missing = &corpus.documents[documents.len()..];
    let began = Instant::now();
    let mut kept = File::options().create(true).append(true).open(&file).unwrap();
    for (n, texts) in missing.chunks(KEPT).enumerate() {
        let made = embed(&model, texts, Use::Passage).await;
        let bytes: Vec<u8> = made.iter().flatten().flat_map(|number| number.to_le_bytes()).collect();
        kept.write_all(&bytes).unwrap();
        documents.extend(made);
        eprintln!("{} of {} embedded, {:?}", (n + 1) * KEPT, missing.len(), began.elapsed());
    }
    let rate = (!missing.is_empty()).then(|| missing.len() as f64 / began.elapsed().as_secs_f64());
    let examples = embed(&model, &corpus.examples.texts, Use::Query).await;
    let definitions = embed(&model, &corpus.definitions.texts, Use::Query).await;
    Vectors { documents, examples, definitions, rate }
}

async fn embed(model: &Builtin, texts: &[String], purpose: Use) -> Vec<Vec<f32>> {
    let mut made = Vec::with_capacity(texts.len());
    for batch in texts.chunks(BATCH) {
        made.extend(model.embed(batch.to_vec(), purpose).await.unwrap());
    }
    made
}

fn read(bytes: &[u8], size: usize) -> Vec<Vec<f32>> {
    let number = |four: &[u8]| f32::from_le_bytes(four.try_into().unwrap());
    bytes.chunks_exact(size * 4).map(|vector| vector.chunks(4).map(number).collect()).collect()
}
