//! Whoever embeds now: the model inside Mosaic or an endpoint, as the settings say.

use super::endpoint;
use crate::Services;
use domain::knowledge::{EmbedderState, EmbeddingSource, Embeddings, Use};
use std::{
    sync::{Mutex, PoisonError},
    time::Instant,
};

/// Vectors of texts, in their order, and the model they are of.
pub(super) struct Embedded {
    /// As it is recorded.
    pub(super) model: String,
    /// Unit vectors of one length.
    pub(super) vectors: Vec<Vec<f32>>,
}

/// Why there are no vectors.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum EmbeddingUnavailable {
    /// An admin wants none.
    Off,
    /// The engine does not answer; says why.
    Unavailable(String),
}

impl EmbeddingUnavailable {
    /// What a searcher is told.
    pub(super) fn note(&self) -> String {
        match self {
            Self::Off => "Embeddings are switched off: found by words alone.".into(),
            Self::Unavailable(_) => {
                "The embedding engine does not answer now: found by words alone. What is saved meanwhile is embedded later."
                    .into()
            }
        }
    }
}

/// What an endpoint last answered instead of vectors, to this process; empty when it gave some.
#[derive(Default)]
pub(crate) struct LastFault(Mutex<Option<(String, String)>>);

impl LastFault {
    fn note(&self, model: &str, why: Option<&str>) {
        let fault = why.map(|why| (model.to_owned(), why.to_owned()));
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = fault;
    }

    fn of(&self, model: &str) -> Option<String> {
        let fault = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        fault.as_ref().filter(|(of, _)| of == model).map(|(_, why)| why.clone())
    }
}

/// The name under which vectors of these settings are recorded; `None` when nothing embeds.
pub(super) fn model_name(services: &Services, chosen: &Embeddings) -> Option<String> {
    match chosen.source {
        EmbeddingSource::Builtin => Some(format!("builtin/{}", services.embedder.model())),
        EmbeddingSource::Endpoint => {
            let (base, model) = (chosen.base_url.as_deref()?, chosen.model.as_deref()?);
            Some(format!("{base} {model}"))
        }
        EmbeddingSource::Off => None,
    }
}

/// Embeds `texts` by whoever does it now.
pub(super) async fn embed(
    services: &Services,
    texts: Vec<String>,
    purpose: Use,
) -> Result<Embedded, EmbeddingUnavailable> {
    let chosen = services.settings.get().knowledge.embeddings.clone();
    embed_by(services, &chosen, texts, purpose).await
}

/// Embeds `texts` as `chosen` says.
pub(super) async fn embed_by(
    services: &Services,
    chosen: &Embeddings,
    texts: Vec<String>,
    purpose: Use,
) -> Result<Embedded, EmbeddingUnavailable> {
    let engine = match chosen.source {
        EmbeddingSource::Builtin => "builtin",
        EmbeddingSource::Endpoint => "endpoint",
        EmbeddingSource::Off => return Err(EmbeddingUnavailable::Off),
    };
    let of = match purpose {
        Use::Passage => "passage",
        Use::Query => "query",
    };
    let began = Instant::now();
    let embedded = ask(services, chosen, texts, purpose).await;
    match &embedded {
        Ok(Embedded { vectors, .. }) => {
            telemetry::EMBED_SECONDS.record_duration([engine, of], began.elapsed());
            telemetry::EMBEDDED.add([engine, of], u64::try_from(vectors.len()).unwrap_or_default());
        }
        Err(EmbeddingUnavailable::Unavailable(_)) => telemetry::EMBED_FAILURES.increment([engine]),
        Err(EmbeddingUnavailable::Off) => {}
    }
    embedded
}

async fn ask(
    services: &Services,
    chosen: &Embeddings,
    texts: Vec<String>,
    purpose: Use,
) -> Result<Embedded, EmbeddingUnavailable> {
    let Some(model) = model_name(services, chosen) else { return Err(EmbeddingUnavailable::Off) };
    let vectors = match chosen.source {
        EmbeddingSource::Builtin => services
            .embedder
            .embed(texts, purpose)
            .await
            .map_err(|error| EmbeddingUnavailable::Unavailable(error.0))?,
        EmbeddingSource::Endpoint => {
            let answer = endpoint::embed(services, chosen, texts, purpose).await;
            services.embedding_fault.note(&model, answer.as_ref().err().map(String::as_str));
            answer.map_err(EmbeddingUnavailable::Unavailable)?
        }
        EmbeddingSource::Off => return Err(EmbeddingUnavailable::Off),
    };
    Ok(Embedded { model, vectors })
}

/// Whether vectors can be had: asks an endpoint for one.
pub(super) async fn answers(services: &Services, chosen: &Embeddings) -> bool {
    match chosen.source {
        EmbeddingSource::Endpoint => {
            embed_by(services, chosen, vec!["Is anybody there?".into()], Use::Query).await.is_ok()
        }
        _ => state(services, chosen).is_ok(),
    }
}

/// Whether vectors can be had as far as is known: of an endpoint, what it answered last.
pub(super) fn state(services: &Services, chosen: &Embeddings) -> Result<(), EmbeddingUnavailable> {
    match chosen.source {
        EmbeddingSource::Off => Err(EmbeddingUnavailable::Off),
        EmbeddingSource::Endpoint => {
            let fault = model_name(services, chosen).and_then(|model| services.embedding_fault.of(&model));
            fault.map_or(Ok(()), |why| Err(EmbeddingUnavailable::Unavailable(why)))
        }
        EmbeddingSource::Builtin => match services.embedder.state() {
            EmbedderState::Ready => Ok(()),
            EmbedderState::Unavailable(why) => Err(EmbeddingUnavailable::Unavailable(why)),
        },
    }
}
