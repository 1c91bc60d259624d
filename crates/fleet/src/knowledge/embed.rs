//! The jobs behind the search: texts get their vectors in batches, and again when the model or the language changes.

use super::engine::{self, Embedded, EmbeddingUnavailable};
use crate::{Cx, Error, Progress, Result, Services};
use ::jobs::{ActsFor, Options, enqueue, kinds::Embed};
use domain::{
    UserId,
    knowledge::{EmbeddingPurpose, EmbeddingSettings, KnowledgeSettings},
};
use std::time::Duration;
use store::{
    Tx, findings,
    knowledge::{self, EmbeddingProgress},
};

/// Chunks in one call to the engine and one transaction: about a second for the built-in model.
const EMBEDDING_BATCH: i64 = 32;
/// Chunks that are reindexed in one transaction.
const REINDEX_BATCH: i64 = 500;
/// When a job tries again after the engine did not answer. The sweep tries for all users at once, and once the engine
/// answers it makes the jobs run earlier.
const RETRY_AFTER: Duration = Duration::from_secs(600);

/// Enqueues the embedding of what `tx` saves for this user. Part of the transaction that adds chunks.
pub(crate) async fn enqueue_embed(tx: &mut Tx, user: UserId) -> Result<()> {
    enqueue(tx, ActsFor::User(user), &Embed { user_id: user }, Options::default()).await?;
    Ok(())
}

/// The sweep: enqueues a job for every user with missing vectors. It is the safety net after the engine was unavailable,
/// and the way to a new model or language. Returns the number of users.
pub async fn embed_pending(services: &Services) -> Result<usize> {
    let KnowledgeSettings { embeddings, text_search_language } = services.stored_settings().await?.knowledge;
    let language = text_search_language.as_str();
    let mut tx = services.store.system("users whose texts wait to be embedded").await?;
    let model = latest(services, &mut tx, &embeddings).await?;
    let behind = knowledge::users_with_pending(&mut tx, model, language).await?;
    tx.commit().await?;
    if behind.is_empty() {
        return Ok(0);
    }
    let is_available = engine::is_available(services, &embeddings).await;
    let mut tx = services.store.system("users whose texts wait to be embedded").await?;
    let users = if is_available {
        behind
    } else {
        // Without vectors a job can only update the words.
        knowledge::users_of_other_language(&mut tx, language).await?
    };
    for user in &users {
        enqueue_embed(&mut tx, *user).await?;
    }
    tx.commit().await?;
    Ok(users.len())
}

/// The job of one user: indexes words in the language of the settings, then embeds with the model of the settings, until
/// nothing is left. A repeated attempt continues where the last one ended.
pub async fn embed(cx: &Cx, job: &dyn Progress, user: UserId) -> Result<()> {
    let settings = cx.services.stored_settings().await?.knowledge;
    job.phase("words").await;
    while !job.cancel().is_cancelled() {
        let mut tx = cx.begin().await?;
        let done =
            knowledge::reindex_language(&mut tx, user, &settings.text_search_language, REINDEX_BATCH).await?;
        tx.commit().await?;
        if done == 0 {
            break;
        }
    }
    job.phase("vectors").await;
    while !job.cancel().is_cancelled() {
        let Some(counts) = embed_batch(cx, user, &settings.embeddings).await? else { break };
        let done = (counts.total - counts.pending) * 100 / counts.total.max(1);
        job.progress(u8::try_from(done).unwrap_or_default()).await;
    }
    Ok(())
}

/// Embeds one batch; `None` if nothing is left to do.
async fn embed_batch(
    cx: &Cx,
    user: UserId,
    settings: &EmbeddingSettings,
) -> Result<Option<EmbeddingProgress>> {
    let services = &cx.services;
    let mut tx = cx.begin().await?;
    let model = latest(services, &mut tx, settings).await?;
    let batch = knowledge::pending(&mut tx, user, model, EMBEDDING_BATCH).await?;
    drop(tx);
    if batch.is_empty() {
        return Ok(None);
    }
    let new: Vec<i64> = batch.iter().filter(|chunk| chunk.new_finding).map(|chunk| chunk.id).collect();
    let (ids, texts): (Vec<i64>, Vec<String>) = batch.into_iter().map(|chunk| (chunk.id, chunk.text)).unzip();
    let Embedded { model, vectors } =
        match engine::embed_with(services, settings, texts, EmbeddingPurpose::Passage).await {
            Ok(embedded) => embedded,
            Err(EmbeddingUnavailable::Off) => return Ok(None),
            Err(EmbeddingUnavailable::Unavailable(why)) => {
                let detail = format!("The embedding engine is not available: {why}");
                return Err(Error::Unavailable {
                    code: "embedding_unavailable",
                    detail,
                    retry_after: RETRY_AFTER,
                });
            }
        };
    let dimensions = vectors.first().map_or(0, Vec::len);
    let dimensions = u16::try_from(dimensions).map_err(Error::internal)?;
    let vectors: Vec<(i64, Vec<f32>)> = ids.into_iter().zip(vectors).collect();
    let mut tx = cx.begin().await?;
    let model = knowledge::ensure_model(&mut tx, &model, dimensions).await?;
    knowledge::put_vectors(&mut tx, user, model, &vectors).await?;
    findings::link(&mut tx, user, model, &new).await?;
    let counts = knowledge::embedding_progress(&mut tx, user, Some(model)).await?;
    tx.commit().await?;
    Ok(Some(counts))
}

/// The id of the model that these settings name, if it has embedded anything.
pub(super) async fn latest(
    services: &Services,
    tx: &mut Tx,
    settings: &EmbeddingSettings,
) -> Result<Option<i16>> {
    let Some(name) = engine::model_name(services, settings) else { return Ok(None) };
    Ok(knowledge::latest_model(tx, &name).await?.map(|(id, _)| id))
}
