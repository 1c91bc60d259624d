//! The port to the model that runs inside Mosaic.

use async_trait::async_trait;

/// What a vector is for. Some models treat a question and a text differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// A text that is to be found later.
    Passage,
    /// What somebody looks for: he waits for it.
    Query,
}

/// Why there are no vectors, as a sentence for admins.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unavailable(pub String);

/// Whether there are vectors to be had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EmbedderState {
    /// Its files are there.
    Ready,
    /// They are not, or cannot be used; says why.
    Unavailable(String),
}

/// Makes vectors of texts.
#[async_trait]
pub trait Embedder: Send + Sync {
    /// The model's name as it is recorded beside its vectors.
    fn model(&self) -> &str;
    /// Numbers of a vector.
    fn dimensions(&self) -> u16;
    /// Whether it could embed now.
    fn state(&self) -> EmbedderState;
    /// One unit vector for each text, in their order. Never blocks the runtime.
    async fn embed(&self, texts: Vec<String>, purpose: Use) -> Result<Vec<Vec<f32>>, Unavailable>;
}
