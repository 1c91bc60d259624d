//! The implementation of the port: when the model is loaded and unloaded, and what runs in parallel.

use crate::model::{DIMENSIONS, FILES, Model, ModelError};
use async_trait::async_trait;
use domain::knowledge::{Embedder, EmbedderState, EmbedderUnavailable, EmbeddingPurpose};
use parking_lot::Mutex;
use std::{
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

const IDLE_CHECK_INTERVAL: Duration = Duration::from_secs(60);
/// After this many checks without a text in between, the model is unloaded.
const MAX_IDLE_CHECKS: u32 = 5;

/// The model inside Mosaic. Cheap to clone.
#[derive(Clone)]
pub struct Builtin {
    folder: Option<PathBuf>,
    // A batch of passages takes a second, and a search must not wait for it.
    passages: Arc<ModelSlot>,
    queries: Arc<ModelSlot>,
}

#[derive(Default)]
struct ModelSlot {
    /// `None` while the model is not loaded.
    model: Mutex<Option<Model>>,
    idle_checks: AtomicU32,
}

impl Builtin {
    /// The model in `folder`. Without a folder there is none, which [`Embedder::state`] reports.
    pub fn new(folder: Option<PathBuf>) -> Self {
        Self { folder, passages: Arc::default(), queries: Arc::default() }
    }

    /// Unloads the model whenever it was idle for some minutes. Never returns: spawn it.
    pub async fn unload_when_idle(self) {
        loop {
            tokio::time::sleep(IDLE_CHECK_INTERVAL).await;
            self.check_idle();
        }
    }

    fn check_idle(&self) {
        for slot in [&self.passages, &self.queries] {
            if slot.idle_checks.fetch_add(1, Ordering::Relaxed) >= MAX_IDLE_CHECKS
                && let Some(mut model) = slot.model.try_lock()
                && model.take().is_some()
            {
                tracing::debug!("the embedding model is unloaded after some minutes without use");
            }
        }
    }

    fn ready(&self) -> Result<&Path, EmbedderUnavailable> {
        let Some(folder) = &self.folder else {
            let why = "This process was started without the model's folder: set MOSAIC_EMBEDDINGS_DIR (`make up` does).";
            return Err(EmbedderUnavailable(why.into()));
        };
        match FILES.into_iter().find(|file| !folder.join(file).is_file()) {
            Some(missing) => {
                let why = format!("{missing} is missing in {}: `make up` downloads it.", folder.display());
                Err(EmbedderUnavailable(why))
            }
            None => Ok(folder),
        }
    }
}

#[async_trait]
impl Embedder for Builtin {
    fn model(&self) -> &str {
        "all-MiniLM-L6-v2-int8"
    }

    fn dimensions(&self) -> u16 {
        DIMENSIONS
    }

    fn state(&self) -> EmbedderState {
        match self.ready() {
            Ok(_) => EmbedderState::Ready,
            Err(EmbedderUnavailable(why)) => EmbedderState::Unavailable(why),
        }
    }

    async fn embed(
        &self,
        texts: Vec<String>,
        purpose: EmbeddingPurpose,
    ) -> Result<Vec<Vec<f32>>, EmbedderUnavailable> {
        let folder = self.ready()?.to_owned();
        let slot = match purpose {
            EmbeddingPurpose::Passage => Arc::clone(&self.passages),
            EmbeddingPurpose::Query => Arc::clone(&self.queries),
        };
        let embedded = tokio::task::spawn_blocking(move || slot.embed(&folder, texts)).await;
        let failed = |why: String| {
            tracing::error!(why, "the embedding model failed");
            EmbedderUnavailable(format!("{why}."))
        };
        match embedded {
            Ok(result) => result.map_err(|error| failed(error.to_string())),
            Err(panicked) => Err(failed(panicked.to_string())),
        }
    }
}

impl ModelSlot {
    fn embed(&self, folder: &Path, texts: Vec<String>) -> Result<Vec<Vec<f32>>, ModelError> {
        let mut model = self.model.lock();
        self.idle_checks.store(0, Ordering::Relaxed);
        let loaded = match &mut *model {
            Some(loaded) => loaded,
            none => none.insert(Model::load(folder)?),
        };
        loaded.embed(texts)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods)]
    use super::*;

    fn installed_model() -> Builtin {
        let folder =
            std::env::var("MOSAIC_TEST_EMBEDDINGS_DIR").expect("`make test` sets MOSAIC_TEST_EMBEDDINGS_DIR");
        Builtin::new(Some(folder.into()))
    }

    fn cosine(one: &[f32], other: &[f32]) -> f32 {
        one.iter().zip(other).map(|(a, b)| a * b).sum()
    }

    #[tokio::test]
    async fn similar_meanings_are_near_whatever_is_in_the_same_batch() {
        let model = installed_model();
        assert_eq!(model.state(), EmbedderState::Ready);
        let long = "A long text about something else entirely, for instance the price of tea. ".repeat(40);
        let texts = [
            "The cat sat on the mat.",
            &long,
            "A kitten was sitting on a rug.",
            "Interest rates rose again.",
        ];
        let texts: Vec<String> = texts.map(str::to_owned).into();
        let together = model.embed(texts.clone(), EmbeddingPurpose::Passage).await.unwrap();
        for (text, vector) in texts.iter().zip(&together) {
            assert_eq!(vector.len(), usize::from(model.dimensions()));
            let length = cosine(vector, vector);
            assert!((length - 1.0).abs() < 1e-3, "{length}");
            let alone = model.embed(vec![text.clone()], EmbeddingPurpose::Query).await.unwrap();
            // With 8-bit integers the length of the other texts in a batch has a small effect.
            assert!(cosine(&alone[0], vector) > 0.98, "{text}: {}", cosine(&alone[0], vector));
        }
        let near = cosine(&together[0], &together[2]);
        assert!(near > 0.5 && near > cosine(&together[0], &together[3]) + 0.3, "{near}");
    }

    #[tokio::test]
    async fn an_idle_model_is_unloaded_and_loaded_again_when_needed() {
        let model = installed_model();
        let embed = || model.embed(vec!["Hello.".into()], EmbeddingPurpose::Passage);
        let before = embed().await.unwrap();
        for _ in 0..=MAX_IDLE_CHECKS {
            assert!(model.passages.model.lock().is_some());
            model.check_idle();
        }
        assert!(model.passages.model.lock().is_none());
        assert_eq!(embed().await.unwrap(), before);
    }

    #[tokio::test]
    async fn what_is_missing_is_named() {
        let folder = std::env::temp_dir().join("mosaic-no-model-is-here");
        for (model, word) in
            [(Builtin::new(None), "MOSAIC_EMBEDDINGS_DIR"), (Builtin::new(Some(folder)), "libonnxruntime.so")]
        {
            let refused = model.embed(vec!["Hello.".into()], EmbeddingPurpose::Query).await.unwrap_err();
            assert!(refused.0.contains(word), "{refused}");
            assert_eq!(model.state(), EmbedderState::Unavailable(refused.0));
        }
    }
}
