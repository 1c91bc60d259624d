//! Tokens in, vectors out: one loaded model.

use ort::{
    environment::Environment,
    session::{Session, builder::GraphOptimizationLevel},
    value::TensorRef,
};
use std::{
    path::Path,
    sync::{Mutex, PoisonError},
};
use tokenizers::{Encoding, Tokenizer, TruncationParams};

/// Numbers of a vector.
pub(crate) const DIMENSIONS: u16 = 384;
/// Tokens of a text that count: what the model was made for.
const TOKENS: usize = 256;
/// Texts that are run together. More are not faster on one core, and need more memory.
const TOGETHER: usize = 8;

/// The files of the model in their folder.
pub(crate) const FILES: [&str; 3] = [LIBRARY, MODEL, TOKENIZER];
const LIBRARY: &str = "libonnxruntime.so";
const MODEL: &str = "model.onnx";
const TOKENIZER: &str = "tokenizer.json";

/// Why the model cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Fault {
    #[error("the library of ONNX Runtime cannot be loaded: {0}")]
    Library(String),
    #[error("the tokenizer cannot be read: {0}")]
    Tokenizer(#[source] tokenizers::Error),
    #[error("the model fails: {0}")]
    Model(String),
}

impl<T> From<ort::Error<T>> for Fault {
    fn from(error: ort::Error<T>) -> Self {
        Self::Model(error.to_string())
    }
}

/// A process has one; it stays when a load fails, so that a later one can go on from it.
static ENVIRONMENT: Mutex<Option<Environment>> = Mutex::new(None);

/// A loaded model: some 60 MB of memory.
pub(crate) struct Model {
    tokenizer: Tokenizer,
    session: Session,
}

impl Model {
    /// Loads it from its folder, which takes a quarter of a second. Blocks.
    pub(crate) fn load(folder: &Path) -> Result<Self, Fault> {
        let mut tokenizer = Tokenizer::from_file(folder.join(TOKENIZER)).map_err(Fault::Tokenizer)?;
        // The file says to fill up every text to 128 tokens.
        tokenizer.with_padding(None);
        let truncation = TruncationParams { max_length: TOKENS, ..TruncationParams::default() };
        tokenizer.with_truncation(Some(truncation)).map_err(Fault::Tokenizer)?;
        let mut environment = ENVIRONMENT.lock().unwrap_or_else(PoisonError::into_inner);
        let environment = match &mut *environment {
            Some(environment) => environment,
            none => none.insert(start(folder)?),
        };
        // One thread, which sleeps while it waits: what embeds in the background leaves the machine to those who wait.
        let session = Session::builder(environment)?
            .with_optimization_level(GraphOptimizationLevel::All)?
            .with_intra_threads(1)?
            .with_intra_op_spinning(false)?
            .commit_from_file(folder.join(MODEL))?;
        Ok(Self { tokenizer, session })
    }

    /// One unit vector for each text, in their order. Blocks for some milliseconds a text.
    pub(crate) fn embed(&mut self, texts: Vec<String>) -> Result<Vec<Vec<f32>>, Fault> {
        let encodings = texts
            .into_iter()
            .map(|text| self.tokenizer.encode_fast(text, true))
            .collect::<Result<Vec<_>, _>>()
            .map_err(Fault::Tokenizer)?;
        // Texts of one length run together: what fills up a shorter one is work for nothing.
        let mut order: Vec<usize> = (0..encodings.len()).collect();
        order.sort_by_key(|place| encodings[*place].len());
        let mut vectors = vec![Vec::new(); encodings.len()];
        for places in order.chunks(TOGETHER) {
            let batch: Vec<&Encoding> = places.iter().map(|place| &encodings[*place]).collect();
            for (place, vector) in places.iter().zip(self.run(&batch)?) {
                vectors[*place] = vector;
            }
        }
        Ok(vectors)
    }

    fn run(&mut self, batch: &[&Encoding]) -> Result<Vec<Vec<f32>>, Fault> {
        let width = batch.iter().map(|encoding| encoding.len()).max().unwrap_or(0);
        let filled = |row: fn(&Encoding) -> &[u32]| -> Vec<i64> {
            let padded = |encoding: &&Encoding| {
                let mut padded: Vec<i64> = row(encoding).iter().map(|number| i64::from(*number)).collect();
                padded.resize(width, 0);
                padded
            };
            batch.iter().flat_map(padded).collect()
        };
        let (ids, mask) = (filled(Encoding::get_ids), filled(Encoding::get_attention_mask));
        let types = filled(Encoding::get_type_ids);
        let shape = [batch.len(), width];
        let outputs = self.session.run(ort::inputs![
            "input_ids" => TensorRef::from_array_view((shape, ids.as_slice()))?,
            "attention_mask" => TensorRef::from_array_view((shape, mask.as_slice()))?,
            "token_type_ids" => TensorRef::from_array_view((shape, types.as_slice()))?,
        ])?;
        let (_, hidden) = outputs["last_hidden_state"].try_extract_tensor::<f32>()?;
        let size = usize::from(DIMENSIONS);
        if hidden.len() != batch.len() * width * size {
            return Err(Fault::Model("its answer has another shape than MiniLM's".into()));
        }
        Ok(hidden.chunks(width * size).zip(batch).map(|(rows, text)| mean(rows, text.len())).collect())
    }
}

fn start(folder: &Path) -> Result<Environment, Fault> {
    let library = folder.join(LIBRARY);
    let environment = ort::init_from(library).map_err(|error| Fault::Library(error.to_string()))?;
    Ok(environment.with_name("mosaic").build()?)
}

/// The mean of the first `tokens` rows, with length one.
fn mean(rows: &[f32], tokens: usize) -> Vec<f32> {
    let size = usize::from(DIMENSIONS);
    let mut sum = vec![0.0_f32; size];
    for row in rows.chunks(size).take(tokens) {
        sum.iter_mut().zip(row).for_each(|(sum, number)| *sum += number);
    }
    let length = sum.iter().map(|number| number * number).sum::<f32>().sqrt().max(f32::MIN_POSITIVE);
    sum.iter_mut().for_each(|number| *number /= length);
    sum
}
