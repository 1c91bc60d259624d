//! A request without a chat: passed to the agent, and its answer passed back.

use super::{Answer, Bytes, Request, find_agent, slug, stream_error};
use crate::{
    Cx, Error, Result, containers,
    gateways::{self, GatewayHandle},
};
use domain::{Slug, lifecycle::Observed};
use futures_util::{StreamExt, stream};
use openclaw::{Cause, PassThrough};
use std::time::Duration;
use store::{
    containers::{self as rows, Container},
    listen::{self, Wait},
};
use tokio::time::{Instant, sleep};
use tokio_util::sync::DropGuard;

/// Of an answer that is not streamed.
const MAX_ANSWER_BYTES: usize = 16 << 20;
/// Attempts to send a request to a container that is about to accept it.
const MAX_SEND_ATTEMPTS: u32 = 15;
const SEND_RETRY_DELAY: Duration = Duration::from_secs(1);
/// Without a notification the container's row is read again this often.
const REREAD_INTERVAL: Duration = Duration::from_secs(1);
/// What a client is told to wait after a start that failed.
const RETRY_AFTER: Duration = Duration::from_secs(10);

/// Passes the request on. A stream is opened at once, even while the container starts.
pub(super) async fn complete(cx: &Cx, request: Request) -> Result<Answer> {
    let received = Instant::now();
    let (agent, gateway) = find_gateway(cx, &request.model).await?;
    if gateway.is_some() {
        telemetry::OVERHEAD_SECONDS.record_duration(["completion"], received.elapsed());
    }
    let in_use = containers::keep_in_use(&cx.services, cx.user()?);
    if !request.stream {
        let answer = send(cx, &agent, gateway, &request).await?;
        return Ok(Answer::Whole { status: 200, body: read_body(answer).await? });
    }
    if let Some(handle) = gateway {
        match handle.gateway.pass_through(&agent, None, request.body.clone()).await {
            Ok(answer) => return Ok(Answer::Stream(hold(body_stream(answer), in_use))),
            Err(error) if error.cause.never_sent() => not_accepted(cx, &handle, error.cause).await?,
            Err(error) => return Err(error.into()),
        }
    }
    // The container has to start first. The stream is opened now, so that the client sees that it is alive.
    let cx = cx.clone();
    let later = stream::once(async move {
        match send(&cx, &agent, None, &request).await {
            Ok(answer) => body_stream(answer),
            Err(error) => {
                stream::once(std::future::ready(stream_error(error.code(), &error.to_string()))).boxed()
            }
        }
    });
    Ok(Answer::Stream(hold(later.flatten().boxed(), in_use)))
}

/// Keeps the container in use for as long as the stream lasts.
fn hold(answer: Bytes, in_use: DropGuard) -> Bytes {
    answer
        .map(move |chunk| {
            let _ = &in_use;
            chunk
        })
        .boxed()
}

/// The agent, and the gateway of its container if the container is ready. Otherwise the container is started.
async fn find_gateway(cx: &Cx, model: &str) -> Result<(Slug, Option<GatewayHandle>)> {
    let user = cx.user()?;
    let mut tx = cx.begin().await?;
    let agent = slug(&find_agent(&mut tx, model).await?)?;
    let row = rows::get_of(&mut tx, user).await?;
    if let Some(row) = row.filter(Container::is_ready)
        && let Some(handle) = gateways::reach(&cx.services, &mut tx, &row).await?
    {
        if containers::is_use_record_due(&cx.services, &row) {
            tx.relax_durability().await?;
            rows::record_activity(&mut tx, user).await?;
            tx.commit().await?;
        }
        return Ok((agent, Some(handle)));
    }
    containers::ensure_running(&cx.services, &mut tx, &cx.actor, user).await?;
    tx.commit().await?;
    Ok((agent, None))
}

/// Sends the request as soon as the container accepts it.
async fn send(
    cx: &Cx,
    agent: &Slug,
    mut gateway: Option<GatewayHandle>,
    request: &Request,
) -> Result<PassThrough> {
    for _ in 0..MAX_SEND_ATTEMPTS {
        let handle = match gateway.take() {
            Some(handle) => handle,
            None => wait_ready(cx).await?,
        };
        match handle.gateway.pass_through(agent, None, request.body.clone()).await {
            Ok(answer) => return Ok(answer),
            Err(error) if error.cause.never_sent() => not_accepted(cx, &handle, error.cause).await?,
            Err(error) => return Err(error.into()),
        }
    }
    Err(openclaw::UpstreamError::from(Cause::AgentUnreachable).into())
}

/// The request was not accepted. A container that is gone is started again; a busy one gets some time.
async fn not_accepted(cx: &Cx, handle: &GatewayHandle, cause: Cause) -> Result<()> {
    if cause.is_wrong_address() {
        return containers::mark_unhealthy(&cx.services, &cx.actor, &handle.container).await;
    }
    sleep(SEND_RETRY_DELAY).await;
    Ok(())
}

async fn wait_ready(cx: &Cx) -> Result<GatewayHandle> {
    let (services, user) = (&cx.services, cx.user()?);
    let start_timeout = Duration::from_secs(services.settings.get().start_timeout_seconds.into());
    let wait =
        Wait { channel: listen::CONTAINER, reread_every: REREAD_INTERVAL, at_most: Some(start_timeout) };
    let read = || async {
        let mut tx = cx.begin().await?;
        let row = rows::get_of(&mut tx, user).await?.ok_or(Error::NotFound("container"))?;
        let handle = if row.is_ready() { gateways::reach(services, &mut tx, &row).await? } else { None };
        let readiness = match handle {
            Some(handle) => Readiness::Ready(Box::new(handle)),
            None => Readiness::NotReady(Box::new(row)),
        };
        Result::Ok(readiness)
    };
    let is_pending = |readiness: &Readiness| match readiness {
        Readiness::NotReady(row) if row.observed != Observed::Failed => Some(row.id.uuid()),
        Readiness::NotReady(_) | Readiness::Ready(_) => None,
    };
    match services.notifications.wait_until(wait, read, is_pending).await? {
        Readiness::Ready(handle) => Ok(*handle),
        Readiness::NotReady(row) => Err(Error::Unavailable {
            code: "agent_not_ready",
            detail: row.reason.unwrap_or_else(|| {
                "The agent could not be started. Try again, or look at it in the chat page.".to_owned()
            }),
            retry_after: RETRY_AFTER,
        }),
    }
}

enum Readiness {
    Ready(Box<GatewayHandle>),
    NotReady(Box<Container>),
}

/// The body as it arrives. A failure is reported in OpenAI's format.
fn body_stream(answer: PassThrough) -> Bytes {
    answer
        .body
        .map(|chunk| chunk.unwrap_or_else(|error| stream_error(error.cause.code(), error.cause.title())))
        .boxed()
}

async fn read_body(mut answer: PassThrough) -> Result<bytes::Bytes> {
    let mut body = Vec::new();
    while let Some(chunk) = answer.body.next().await {
        body.extend_from_slice(&chunk?);
        if body.len() > MAX_ANSWER_BYTES {
            return Err(openclaw::UpstreamError::from(Cause::BadAnswer).into());
        }
    }
    Ok(body.into())
}
