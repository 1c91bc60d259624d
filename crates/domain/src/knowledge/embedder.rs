//! The port to the embedding model inside Mosaic.

use async_trait::async_trait;

/// What a vector is for. Some models embed queries and passages differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EmbeddingPurpose {
    /// A text to be found later.
    Passage,
    /// A search query, whose user is waiting.
    Query,
}

/// Why texts cannot be embedded, as a sentence for admins.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct EmbedderUnavailable(pub String);

/// Whether texts can be embedded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EmbedderState {
    /// The model's files are there.
    Ready,
    /// The model cannot be used, with the reason.
    Unavailable(String),
}

/// Embeds texts.
#[async_trait]
pub trait Embedder: Send + Sync {
    /// The model's name as it is stored with its vectors.
    fn model(&self) -> &str;
    /// Length of the vectors.
    fn dimensions(&self) -> u16;
    /// Whether it can embed now.
    fn state(&self) -> EmbedderState;
    /// One unit vector for each text, in the same order. Never blocks the runtime.
    async fn embed(
        &self,
        texts: Vec<String>,
        purpose: EmbeddingPurpose,
    ) -> Result<Vec<Vec<f32>>, EmbedderUnavailable>;
}
