//! One loaded model: tokenizes texts and computes their vectors.

use ort::{
    environment::Environment,
    session::{Session, builder::GraphOptimizationLevel},
    value::TensorRef,
};
use parking_lot::Mutex;
use std::path::Path;
use tokenizers::{Encoding, Tokenizer, TruncationParams};

pub(crate) const DIMENSIONS: u16 = 384;
/// The model was trained with this many. Further tokens of a text are ignored.
const MAX_TOKENS: usize = 256;
/// More texts are not faster on one core, and need more memory.
const BATCH_SIZE: usize = 8;

/// The files of the model in their folder.
pub(crate) const FILES: [&str; 3] = [LIBRARY, MODEL, TOKENIZER];
const LIBRARY: &str = "libonnxruntime.so";
const MODEL: &str = "model.onnx";
const TOKENIZER: &str = "tokenizer.json";

/// Why the model cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ModelError {
    #[error("the library of ONNX Runtime cannot be loaded: {0}")]
    Library(String),
    #[error("the tokenizer cannot be read: {0}")]
    Tokenizer(#[source] tokenizers::Error),
    #[error("the model fails: {0}")]
    Model(String),
}

impl<T> From<ort::Error<T>> for ModelError {
    fn from(error: ort::Error<T>) -> Self {
        Self::Model(error.to_string())
    }
}

/// One for the whole process. It stays after a load has failed, so that a later load can use it.
static ENVIRONMENT: Mutex<Option<Environment>> = Mutex::new(None);

/// A loaded model, with about 60 MB of memory.
pub(crate) struct Model {
    tokenizer: Tokenizer,
    session: Session,
}

impl Model {
    /// Loads the model from its folder. Blocks for about a quarter of a second.
    pub(crate) fn load(folder: &Path) -> Result<Self, ModelError> {
        let mut tokenizer = Tokenizer::from_file(folder.join(TOKENIZER)).map_err(ModelError::Tokenizer)?;
        // The file asks for padding of every text to 128 tokens.
        tokenizer.with_padding(None);
        let truncation = TruncationParams { max_length: MAX_TOKENS, ..TruncationParams::default() };
        tokenizer.with_truncation(Some(truncation)).map_err(ModelError::Tokenizer)?;
        let mut environment = ENVIRONMENT.lock();
        let environment = match &mut *environment {
            Some(environment) => environment,
            none => none.insert(start(folder)?),
        };
        // One thread that sleeps while it waits, so that embedding in the background leaves the other cores free.
        let session = Session::builder(environment)?
            .with_optimization_level(GraphOptimizationLevel::All)?
            .with_intra_threads(1)?
            .with_intra_op_spinning(false)?
            .commit_from_file(folder.join(MODEL))?;
        Ok(Self { tokenizer, session })
    }

    /// One unit vector for each text, in the same order. Blocks for some milliseconds per text.
    pub(crate) fn embed(&mut self, texts: Vec<String>) -> Result<Vec<Vec<f32>>, ModelError> {
        let encodings = texts
            .into_iter()
            .map(|text| self.tokenizer.encode_fast(text, true))
            .collect::<Result<Vec<_>, _>>()
            .map_err(ModelError::Tokenizer)?;
        // Sorted by length, because padding of shorter texts in a batch is wasted work.
        let mut order: Vec<usize> = (0..encodings.len()).collect();
        order.sort_by_key(|index| encodings[*index].len());
        let mut vectors = vec![Vec::new(); encodings.len()];
        for indices in order.chunks(BATCH_SIZE) {
            let batch: Vec<&Encoding> = indices.iter().map(|index| &encodings[*index]).collect();
            for (index, vector) in indices.iter().zip(self.run(&batch)?) {
                vectors[*index] = vector;
            }
        }
        Ok(vectors)
    }

    fn run(&mut self, batch: &[&Encoding]) -> Result<Vec<Vec<f32>>, ModelError> {
        let width = batch.iter().map(|encoding| encoding.len()).max().unwrap_or(0);
        let input = |row: fn(&Encoding) -> &[u32]| -> Vec<i64> {
            let padded = |encoding: &&Encoding| {
                let mut padded: Vec<i64> = row(encoding).iter().map(|number| i64::from(*number)).collect();
                padded.resize(width, 0);
                padded
            };
            batch.iter().flat_map(padded).collect()
        };
        let (ids, mask) = (input(Encoding::get_ids), input(Encoding::get_attention_mask));
        let types = input(Encoding::get_type_ids);
        let shape = [batch.len(), width];
        let outputs = self.session.run(ort::inputs![
            "input_ids" => TensorRef::from_array_view((shape, ids.as_slice()))?,
            "attention_mask" => TensorRef::from_array_view((shape, mask.as_slice()))?,
            "token_type_ids" => TensorRef::from_array_view((shape, types.as_slice()))?,
        ])?;
        let (_, hidden) = outputs["last_hidden_state"].try_extract_tensor::<f32>()?;
        let size = usize::from(DIMENSIONS);
        if hidden.len() != batch.len() * width * size {
            return Err(ModelError::Model("its output does not have MiniLM's shape".into()));
        }
        Ok(hidden.chunks(width * size).zip(batch).map(|(rows, text)| mean(rows, text.len())).collect())
    }
}

fn start(folder: &Path) -> Result<Environment, ModelError> {
    let library = folder.join(LIBRARY);
    let environment = ort::init_from(library).map_err(|error| ModelError::Library(error.to_string()))?;
    Ok(environment.with_name("mosaic").build()?)
}

/// The mean of the first `tokens` rows, as a unit vector.
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
