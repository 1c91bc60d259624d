//! A request that stands alone: passed to the agent, its answer passed back.

use super::{Answer, Bytes, Request, named, slug, stream_error};
use crate::{Cx, Error, Result, containers, gateways::Reached};
use domain::{Slug, lifecycle::Observed};
use futures_util::{StreamExt, stream};
use openclaw::{Cause, PassThrough};
use std::time::Duration;
use store::{containers as rows, listen};
use tokio::time::{Instant, sleep};
use tokio_util::sync::DropGuard;

/// The most that is read of an answer that is not streamed.
const LARGEST: usize = 16 << 20;
/// Refusals by a container that is about to accept.
const MOST_REFUSALS: u32 = 15;

/// Passes the request on. A streamed one is answered at once, also while the container starts.
pub(super) async fn complete(cx: &Cx, request: Request) -> Result<Answer> {
    let asked = Instant::now();
    let (agent, reached) = find(cx, &request.model).await?;
    if reached.is_some() {
        telemetry::OVERHEAD.record_duration(["completion"], asked.elapsed());
    }
    let in_use = containers::in_use(&cx.services, cx.user()?);
    if !request.stream {
        let answer = send(cx, &agent, reached, &request).await?;
        return Ok(Answer::Whole { status: 200, body: whole(answer).await? });
    }
    if let Some(reached) = reached {
        match reached.gateway.pass_through(&agent, None, request.body.clone()).await {
            Ok(answer) => return Ok(Answer::Stream(held(bytes(answer), in_use))),
            Err(error) if error.cause.never_sent() => refused(cx, &reached, error.cause).await?,
            Err(error) => return Err(error.into()),
        }
    }
    // The container has to start first: the stream is opened now, so that the client sees signs of life.
    let cx = cx.clone();
    let later = stream::once(async move {
        match send(&cx, &agent, None, &request).await {
            Ok(answer) => bytes(answer),
            Err(error) => {
                stream::once(std::future::ready(stream_error(error.code(), &error.to_string()))).boxed()
            }
        }
    });
    Ok(Answer::Stream(held(later.flatten().boxed(), in_use)))
}

/// The stream, and what lasts as long as it.
fn held(answer: Bytes, in_use: DropGuard) -> Bytes {
    answer
        .map(move |chunk| {
            let _ = &in_use;
            chunk
        })
        .boxed()
}

/// The agent, and the container where it answers already; otherwise its start is asked for.
async fn find(cx: &Cx, model: &str) -> Result<(Slug, Option<Reached>)> {
    let user = cx.user()?;
    let mut tx = cx.begin().await?;
    let agent = slug(&named(&mut tx, model).await?)?;
    let row = rows::get_of(&mut tx, user).await?;
    if let Some(row) = row.filter(rows::Container::is_ready)
        && let Some(reached) = cx.services.gateways.reach(&cx.services, &mut tx, &row).await?
    {
        if containers::is_use_unnoted(&cx.services, &row) {
            tx.relax_durability().await?;
            rows::record_activity(&mut tx, user).await?;
            tx.commit().await?;
        }
        return Ok((agent, Some(reached)));
    }
    containers::ensure_running(&cx.services, &mut tx, &cx.actor, user).await?;
    tx.commit().await?;
    Ok((agent, None))
}

/// Sends the request as soon as the container accepts it.
async fn send(cx: &Cx, agent: &Slug, mut reached: Option<Reached>, request: &Request) -> Result<PassThrough> {
    for _ in 0..MOST_REFUSALS {
        let ready = match reached.take() {
            Some(ready) => ready,
            None => await_ready(cx).await?,
        };
        match ready.gateway.pass_through(agent, None, request.body.clone()).await {
            Ok(answer) => return Ok(answer),
            Err(error) if error.cause.never_sent() => refused(cx, &ready, error.cause).await?,
            Err(error) => return Err(error.into()),
        }
    }
    Err(openclaw::UpstreamError::from(Cause::AgentUnreachable).into())
}

/// Nothing was accepted: a container that is not there is started again, a busy one is given a moment.
async fn refused(cx: &Cx, reached: &Reached, cause: Cause) -> Result<()> {
    if cause.not_there() {
        return containers::mark_unhealthy(&cx.services, &cx.actor, &reached.container).await;
    }
    sleep(Duration::from_secs(1)).await;
    Ok(())
}

async fn await_ready(cx: &Cx) -> Result<Reached> {
    const REREAD: Duration = Duration::from_secs(1);
    let services = &cx.services;
    let patience = Duration::from_secs(services.settings.get().start_timeout_seconds.into());
    let deadline = Instant::now() + patience;
    let user = cx.user()?;
    loop {
        let mut listener = services.ear.listen();
        let mut tx = cx.begin().await?;
        let row = rows::get_of(&mut tx, user).await?.ok_or(Error::NotFound("container"))?;
        if row.is_ready()
            && let Some(reached) = services.gateways.reach(services, &mut tx, &row).await?
        {
            return Ok(reached);
        }
        drop(tx);
        if row.observed() == Observed::Failed || Instant::now() >= deadline {
            return Err(Error::Unavailable {
                code: "agent_not_ready",
                detail: row.reason.unwrap_or_else(|| {
                    "The agent could not be started. Try again, or look at it in the chat page.".to_owned()
                }),
                retry_after: Duration::from_secs(10),
            });
        }
        listener.wait_for(listen::CONTAINER, &row.id.uuid().to_string(), REREAD).await;
    }
}

/// The body as it comes; what breaks is told in OpenAI's shape.
fn bytes(answer: PassThrough) -> Bytes {
    answer
        .body
        .map(|chunk| chunk.unwrap_or_else(|error| stream_error(error.cause.code(), error.cause.title())))
        .boxed()
}

async fn whole(mut answer: PassThrough) -> Result<bytes::Bytes> {
    let mut body = Vec::new();
    while let Some(chunk) = answer.body.next().await {
        body.extend_from_slice(&chunk?);
        if body.len() > LARGEST {
            return Err(openclaw::UpstreamError::from(Cause::BadAnswer).into());
        }
    }
    Ok(body.into())
}
