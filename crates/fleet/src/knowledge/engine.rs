//! The embedding engine of the settings: the model inside Mosaic, or an endpoint.

use super::endpoint;
use crate::Services;
use domain::knowledge::{EmbedderState, EmbeddingPurpose, EmbeddingSettings, EmbeddingSource};
use std::time::Instant;

/// Vectors of texts, in the order of the texts, and the model that made them.
pub(super) struct Embedded {
    /// The name under which its vectors are recorded.
    pub(super) model: String,
    /// Unit vectors, all of the same length.
    pub(super) vectors: Vec<Vec<f32>>,
}

/// Why there are no vectors.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum EmbeddingUnavailable {
    /// An admin switched them off.
    Off,
    /// The engine does not answer. Says why.
    Unavailable(String),
}

impl EmbeddingUnavailable {
    /// What a search reports to the user.
    pub(super) fn note(&self) -> String {
        match self {
            Self::Off => "Embeddings are switched off, so the search went by words alone.".into(),
            Self::Unavailable(_) => {
                "The embedding engine does not answer now, so the search went by words alone. New texts are embedded later."
                    .into()
            }
        }
    }
}

/// The name under which vectors of these settings are recorded; `None` if embeddings are off.
pub(super) fn model_name(services: &Services, settings: &EmbeddingSettings) -> Option<String> {
    match settings.source {
        EmbeddingSource::Builtin => Some(format!("builtin/{}", services.embedder.model())),
        EmbeddingSource::Endpoint => {
            let (base, model) = (settings.base_url.as_deref()?, settings.model.as_deref()?);
            Some(format!("{base} {model}"))
        }
        EmbeddingSource::Off => None,
    }
}

/// Embeds `texts` with the engine of the present settings.
pub(super) async fn embed(
    services: &Services,
    texts: Vec<String>,
    purpose: EmbeddingPurpose,
) -> Result<Embedded, EmbeddingUnavailable> {
    let settings = services.settings.get().knowledge.embeddings.clone();
    embed_with(services, &settings, texts, purpose).await
}

/// Embeds `texts` with the engine of these settings.
pub(super) async fn embed_with(
    services: &Services,
    settings: &EmbeddingSettings,
    texts: Vec<String>,
    purpose: EmbeddingPurpose,
) -> Result<Embedded, EmbeddingUnavailable> {
    let engine = match settings.source {
        EmbeddingSource::Builtin => "builtin",
        EmbeddingSource::Endpoint => "endpoint",
        EmbeddingSource::Off => return Err(EmbeddingUnavailable::Off),
    };
    let of = match purpose {
        EmbeddingPurpose::Passage => "passage",
        EmbeddingPurpose::Query => "query",
    };
    let began = Instant::now();
    let embedded = call_engine(services, settings, texts, purpose).await;
    match &embedded {
        Ok(Embedded { vectors, .. }) => {
            telemetry::EMBEDDING_SECONDS.record_duration([engine, of], began.elapsed());
            telemetry::EMBEDDED_TEXTS.add([engine, of], u64::try_from(vectors.len()).unwrap_or_default());
        }
        Err(EmbeddingUnavailable::Unavailable(_)) => telemetry::EMBEDDING_FAILURES.increment([engine]),
        Err(EmbeddingUnavailable::Off) => {}
    }
    embedded
}

async fn call_engine(
    services: &Services,
    settings: &EmbeddingSettings,
    texts: Vec<String>,
    purpose: EmbeddingPurpose,
) -> Result<Embedded, EmbeddingUnavailable> {
    let Some(model) = model_name(services, settings) else { return Err(EmbeddingUnavailable::Off) };
    let vectors = match settings.source {
        EmbeddingSource::Builtin => services
            .embedder
            .embed(texts, purpose)
            .await
            .map_err(|error| EmbeddingUnavailable::Unavailable(error.0))?,
        EmbeddingSource::Endpoint => {
            let answer = endpoint::embed(services, settings, texts, purpose).await;
            services.embedding_faults.record(&model, answer.as_ref().err().map(String::as_str));
            answer.map_err(EmbeddingUnavailable::Unavailable)?
        }
        EmbeddingSource::Off => return Err(EmbeddingUnavailable::Off),
    };
    Ok(Embedded { model, vectors })
}

/// Whether the engine makes vectors now. Calls an endpoint to find out.
pub(super) async fn is_available(services: &Services, settings: &EmbeddingSettings) -> bool {
    match settings.source {
        EmbeddingSource::Endpoint => {
            embed_with(services, settings, vec!["Are you available?".into()], EmbeddingPurpose::Query)
                .await
                .is_ok()
        }
        _ => state(services, settings).is_ok(),
    }
}

/// Whether the engine makes vectors, as far as is known without a call: an endpoint's last answer counts.
pub(super) fn state(services: &Services, settings: &EmbeddingSettings) -> Result<(), EmbeddingUnavailable> {
    match settings.source {
        EmbeddingSource::Off => Err(EmbeddingUnavailable::Off),
        EmbeddingSource::Endpoint => {
            let fault = model_name(services, settings).and_then(|model| services.embedding_faults.of(&model));
            fault.map_or(Ok(()), |why| Err(EmbeddingUnavailable::Unavailable(why)))
        }
        EmbeddingSource::Builtin => match services.embedder.state() {
            EmbedderState::Ready => Ok(()),
            EmbedderState::Unavailable(why) => Err(EmbeddingUnavailable::Unavailable(why)),
        },
    }
}
