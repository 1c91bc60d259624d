//! The jobs behind search: what was saved gets its vectors, in batches, and again when the model or the language changes.

use super::engine::{self, Embedded, EmbeddingUnavailable};
use crate::{Cx, Error, Progress, Result, Services, settings};
use ::jobs::{ActsFor, Options, enqueue, kinds::Embed};
use domain::{
    UserId,
    knowledge::{Embeddings, KnowledgeSettings, Use},
};
use std::time::Duration;
use store::{
    Tx, findings,
    knowledge::{self, Counts},
};

/// Pieces of one call to the engine and of one transaction: about a second of the built-in model.
const BATCH: i64 = 32;
/// Pieces whose words are made anew in one transaction.
const WORDS: i64 = 500;
/// When an engine that does not answer is asked again. The sweep, which asks for all users at once, brings that forward
/// when it answers.
const AGAIN: Duration = Duration::from_secs(600);

/// Asks for the vectors of what `tx` saves for this user: call it in the transaction that adds pieces.
pub(crate) async fn enqueue_embed(tx: &mut Tx, user: UserId) -> Result<()> {
    enqueue(tx, ActsFor::User(user), &Embed { user_id: user }, Options::default()).await?;
    Ok(())
}

/// The sweep: asks for vectors wherever they are missing. The safety net after an engine was away, and the way to a new
/// model or language. Answers for how many users.
pub async fn embed_pending(services: &Services) -> Result<usize> {
    let KnowledgeSettings { embeddings, text_search_language } =
        settings::read(&services.store).await?.knowledge;
    let language = text_search_language.as_str();
    let mut tx = services.store.system("whose texts wait to be embedded").await?;
    let model = latest(services, &mut tx, &embeddings).await?;
    let behind = knowledge::users_behind(&mut tx, model, language).await?;
    tx.commit().await?;
    if behind.is_empty() {
        return Ok(0);
    }
    let answers = engine::answers(services, &embeddings).await;
    let mut tx = services.store.system("whose texts wait to be embedded").await?;
    let users = match answers {
        true => behind,
        // No vectors to be had: a job could do nothing but fail, except for the words.
        false => knowledge::users_of_other_language(&mut tx, language).await?,
    };
    for user in &users {
        enqueue_embed(&mut tx, *user).await?;
    }
    tx.commit().await?;
    Ok(users.len())
}

/// The job of one user: words in the language of the settings, then vectors of the model of the settings, until nothing
/// is left. Begun again it goes on where it was.
pub async fn embed(cx: &Cx, job: &dyn Progress, user: UserId) -> Result<()> {
    let wanted = settings::read(&cx.services.store).await?.knowledge;
    job.phase("words").await;
    while !job.cancel().is_cancelled() {
        let mut tx = cx.begin().await?;
        let done = knowledge::reindex_language(&mut tx, user, &wanted.text_search_language, WORDS).await?;
        tx.commit().await?;
        if done == 0 {
            break;
        }
    }
    job.phase("vectors").await;
    while !job.cancel().is_cancelled() {
        let Some(counts) = embed_batch(cx, user, &wanted.embeddings).await? else { break };
        let done = (counts.total - counts.pending) * 100 / counts.total.max(1);
        job.progress(u8::try_from(done).unwrap_or_default()).await;
    }
    Ok(())
}

/// Embeds one batch; `None` when nothing is left to do.
async fn embed_batch(cx: &Cx, user: UserId, chosen: &Embeddings) -> Result<Option<Counts>> {
    let services = &cx.services;
    let mut tx = cx.begin().await?;
    let model = latest(services, &mut tx, chosen).await?;
    let batch = knowledge::pending(&mut tx, user, model, BATCH).await?;
    drop(tx);
    if batch.is_empty() {
        return Ok(None);
    }
    let new: Vec<i64> = batch.iter().filter(|piece| piece.new_finding).map(|piece| piece.id).collect();
    let (ids, texts): (Vec<i64>, Vec<String>) = batch.into_iter().map(|piece| (piece.id, piece.text)).unzip();
    let Embedded { model, vectors } = match engine::embed_by(services, chosen, texts, Use::Passage).await {
        Ok(embedded) => embedded,
        Err(EmbeddingUnavailable::Off) => return Ok(None),
        Err(EmbeddingUnavailable::Unavailable(why)) => {
            let detail = format!("The embedding engine is not available: {why}");
            return Err(Error::Unavailable { code: "embedding_unavailable", detail, retry_after: AGAIN });
        }
    };
    let dimensions = vectors.first().map_or(0, Vec::len);
    let dimensions = u16::try_from(dimensions).map_err(Error::internal)?;
    let vectors: Vec<(i64, Vec<f32>)> = ids.into_iter().zip(vectors).collect();
    let mut tx = cx.begin().await?;
    let model = knowledge::model(&mut tx, &model, dimensions).await?;
    knowledge::put_vectors(&mut tx, user, model, &vectors).await?;
    findings::link(&mut tx, user, model, &new).await?;
    let counts = knowledge::counts(&mut tx, user, Some(model)).await?;
    tx.commit().await?;
    Ok(Some(counts))
}

/// The number of the model that these settings name, if it embedded anything before.
pub(super) async fn latest(services: &Services, tx: &mut Tx, chosen: &Embeddings) -> Result<Option<i16>> {
    let Some(name) = engine::model_name(services, chosen) else { return Ok(None) };
    Ok(knowledge::latest(tx, &name).await?.map(|(id, _)| id))
}
