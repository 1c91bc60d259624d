//! The port's implementation: when the model is loaded, who waits for whom, and when it goes.

use crate::model::{DIMENSIONS, FILES, Fault, Model};
use async_trait::async_trait;
use domain::knowledge::{Embedder, EmbedderState, Unavailable, Use};
use std::{
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

/// How often is looked whether the model is needed.
const LOOK: Duration = Duration::from_secs(60);
/// After so many looks without a text its memory is given back.
const IDLE_LOOKS: u32 = 5;

/// The model inside Mosaic. Cheap to clone.
#[derive(Clone)]
pub struct Builtin {
    folder: Option<PathBuf>,
    // A batch takes a second: whoever searches must not wait behind it.
    passages: Arc<Slot>,
    queries: Arc<Slot>,
}

/// A model that is loaded or not.
#[derive(Default)]
struct Slot {
    model: Mutex<Option<Model>>,
    idle: AtomicU32,
}

impl Builtin {
    /// The model in `folder`; without one there is none, which [`Embedder::state`] says.
    pub fn new(folder: Option<PathBuf>) -> Self {
        Self { folder, passages: Arc::default(), queries: Arc::default() }
    }

    /// Gives memory back that nobody needed for some minutes; the caller spawns it.
    pub async fn keep(self) {
        loop {
            tokio::time::sleep(LOOK).await;
            self.look();
        }
    }

    fn look(&self) {
        for slot in [&self.passages, &self.queries] {
            if slot.idle.fetch_add(1, Ordering::Relaxed) >= IDLE_LOOKS
                && let Ok(mut model) = slot.model.try_lock()
                && model.take().is_some()
            {
                tracing::debug!("the embedding model was not needed for some minutes and is unloaded");
            }
        }
    }

    fn ready(&self) -> Result<&Path, Unavailable> {
        let Some(folder) = &self.folder else {
            let why = "This process was started without the model's folder (MOSAIC_EMBEDDINGS_DIR; `make up` sets it).";
            return Err(Unavailable(why.into()));
        };
        match FILES.into_iter().find(|file| !folder.join(file).is_file()) {
            Some(missing) => {
                let why = format!("{missing} is missing in {}; `make up` fetches it.", folder.display());
                Err(Unavailable(why))
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
            Err(Unavailable(why)) => EmbedderState::Unavailable(why),
        }
    }

    async fn embed(&self, texts: Vec<String>, purpose: Use) -> Result<Vec<Vec<f32>>, Unavailable> {
        let folder = self.ready()?.to_owned();
        let slot = match purpose {
            Use::Passage => Arc::clone(&self.passages),
            Use::Query => Arc::clone(&self.queries),
        };
        let embedded = tokio::task::spawn_blocking(move || slot.embed(&folder, texts)).await;
        let failed = |why: String| {
            tracing::error!(why, "the embedding model failed");
            Unavailable(format!("{why}."))
        };
        match embedded {
            Ok(done) => done.map_err(|fault| failed(fault.to_string())),
            Err(panicked) => Err(failed(panicked.to_string())),
        }
    }
}

impl Slot {
    fn embed(&self, folder: &Path, texts: Vec<String>) -> Result<Vec<Vec<f32>>, Fault> {
        let mut model = self.model.lock().unwrap_or_else(PoisonError::into_inner);
        self.idle.store(0, Ordering::Relaxed);
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

    fn here() -> Builtin {
        let folder =
            std::env::var("MOSAIC_TEST_EMBEDDINGS_DIR").expect("`make test` sets MOSAIC_TEST_EMBEDDINGS_DIR");
        Builtin::new(Some(folder.into()))
    }

    fn cosine(one: &[f32], other: &[f32]) -> f32 {
        one.iter().zip(other).map(|(a, b)| a * b).sum()
    }

    #[tokio::test]
    async fn what_means_the_same_is_near_whatever_runs_beside_it() {
        let model = here();
        assert_eq!(model.state(), EmbedderState::Ready);
        let long = "A long text about something else entirely, for instance the price of tea. ".repeat(40);
        let texts = [
            "The cat sat on the mat.",
            &long,
            "A kitten was sitting on a rug.",
            "Interest rates rose again.",
        ];
        let texts: Vec<String> = texts.map(str::to_owned).into();
        let together = model.embed(texts.clone(), Use::Passage).await.unwrap();
        for (text, vector) in texts.iter().zip(&together) {
            assert_eq!(vector.len(), usize::from(model.dimensions()));
            let length = cosine(vector, vector);
            assert!((length - 1.0).abs() < 1e-3, "{length}");
            let alone = model.embed(vec![text.clone()], Use::Query).await.unwrap();
            // In 8 bits a neighbour's length shows a little.
            assert!(cosine(&alone[0], vector) > 0.98, "{text}: {}", cosine(&alone[0], vector));
        }
        let near = cosine(&together[0], &together[2]);
        assert!(near > 0.5 && near > cosine(&together[0], &together[3]) + 0.3, "{near}");
    }

    #[tokio::test]
    async fn unused_it_is_unloaded_and_loaded_again_when_needed() {
        let model = here();
        let embed = || model.embed(vec!["Hello.".into()], Use::Passage);
        let before = embed().await.unwrap();
        for _ in 0..=IDLE_LOOKS {
            assert!(model.passages.model.lock().unwrap().is_some());
            model.look();
        }
        assert!(model.passages.model.lock().unwrap().is_none());
        assert_eq!(embed().await.unwrap(), before);
    }

    #[tokio::test]
    async fn what_is_missing_is_named() {
        let folder = std::env::temp_dir().join("mosaic-no-model-is-here");
        for (model, word) in
            [(Builtin::new(None), "MOSAIC_EMBEDDINGS_DIR"), (Builtin::new(Some(folder)), "libonnxruntime.so")]
        {
            let refused = model.embed(vec!["Hello.".into()], Use::Query).await.unwrap_err();
            assert!(refused.0.contains(word), "{refused}");
            assert_eq!(model.state(), EmbedderState::Unavailable(refused.0));
        }
    }
}
