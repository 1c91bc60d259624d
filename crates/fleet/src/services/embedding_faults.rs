//! What the embedding endpoint last answered instead of vectors, to this process.

use parking_lot::Mutex;

/// The last fault and the model that was asked; empty after an answer with vectors.
#[derive(Default)]
pub(crate) struct EmbeddingFaults(Mutex<Option<(String, String)>>);

impl EmbeddingFaults {
    /// Records how a call for `model` ended; `None` = with vectors.
    pub(crate) fn record(&self, model: &str, fault: Option<&str>) {
        *self.0.lock() = fault.map(|fault| (model.to_owned(), fault.to_owned()));
    }

    /// The last fault, if it was this model's.
    pub(crate) fn of(&self, model: &str) -> Option<String> {
        self.0.lock().as_ref().filter(|(of, _)| of == model).map(|(_, fault)| fault.clone())
    }
}
