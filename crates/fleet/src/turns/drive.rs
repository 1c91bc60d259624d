//! Drive one turn from where it stands to its end.

use super::{
    event::{ErrorText, ToolCard, TurnEvent, Usage},
    first_words::FirstWords,
    live::Live,
    recover,
    stream::{self, Dispatch, Prepared, Streamed},
    wait_ready,
};
use crate::{Services, containers::mark_unhealthy, conversations};
use domain::{Actor, Person, Role, TraceParent, turn::TurnStatus};
use openclaw::Cause;
use serde_json::json;
use std::time::Duration;
use store::{
    containers, events, turns,
    turns::{Ending, Turn},
};
use tokio::time::{Instant, sleep};
use tracing::Instrument;

/// How often a message may be refused before something must be wrong, and the pause in between: together
/// longer than OpenClaw needs to restart itself for a new configuration.
const MOST_REFUSALS: u32 = 15;
const BETWEEN_REFUSALS: Duration = Duration::from_secs(1);

/// How a turn ended, before it is stored.
#[derive(Debug)]
pub(super) struct End {
    pub(super) status: TurnStatus,
    pub(super) error: Option<ErrorText>,
    pub(super) usage: Option<Usage>,
    pub(super) tools: Vec<ToolCard>,
    /// The committed answer, where it differs from what was streamed.
    pub(super) answer: Option<String>,
}

impl End {
    pub(super) fn of(status: TurnStatus) -> Self {
        Self { status, error: None, usage: None, tools: Vec::new(), answer: None }
    }

    pub(super) fn failed(error: ErrorText) -> Self {
        Self { error: Some(error), ..Self::of(TurnStatus::Failed) }
    }

    pub(super) fn interrupted(detail: &str) -> Self {
        let error = ErrorText::retryable("interrupted", "The answer was interrupted.", detail);
        Self { error: Some(error), ..Self::of(TurnStatus::Interrupted) }
    }
}

/// Why driving stopped without an end to store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Lost;

/// The request that brought the message; a turn that was taken over has lost it.
#[derive(Debug)]
pub(super) struct Asked {
    /// When it was accepted.
    pub(super) accepted: Instant,
    /// The trace that it belongs to.
    pub(super) trace: Option<TraceParent>,
}

/// Drives the turn; returns when it is stored as ended, or when it belongs to somebody else.
pub(super) async fn drive(
    services: &Services,
    live: &Live,
    turn: &Turn,
    dispatch: Option<Dispatch>,
    asked: Option<Asked>,
) {
    let trace = asked.as_ref().and_then(|asked| asked.trace.as_ref());
    let span = tracing::info_span!(
        target: telemetry::SPANS,
        "turn",
        id = %turn.id,
        user_id = %turn.user_id,
        trace_id = trace.map(TraceParent::trace_id),
    );
    if let Some(trace) = trace {
        telemetry::set_parent(&span, trace);
    }
    let driven = async {
        let end = tokio::select! {
            () = live.lost.cancelled() => return,
            end = run(services, live, turn, dispatch, asked.as_ref()) => end,
        };
        let Ok(end) = end else { return };
        telemetry::TURNS_ENDED.increment([end.status.as_str()]);
        finish(services, live, end).await;
    };
    driven.instrument(span).await;
}

async fn run(
    services: &Services,
    live: &Live,
    turn: &Turn,
    mut at_once: Option<Dispatch>,
    asked: Option<&Asked>,
) -> Result<End, Lost> {
    let mut agent = if at_once.is_some() { "ready" } else { "started" };
    if turn.sent_at.is_some() {
        return Ok(recover::recover(services, live, turn).await);
    }
    // Asking again loses nothing as long as nothing was accepted.
    for _ in 0..MOST_REFUSALS {
        let waiting = tracing::info_span!(target: telemetry::SPANS, "wait for agent");
        let dispatch = match get_ready(services, live, turn, at_once.take()).instrument(waiting).await? {
            Ready::Dispatch(dispatch) => *dispatch,
            Ready::Ended(end) => return Ok(end),
            Ready::NotYet => {
                sleep(BETWEEN_REFUSALS).await;
                continue;
            }
        };
        let first_words = asked.map(|asked| FirstWords { accepted: asked.accepted, agent });
        let answering = tracing::info_span!(target: telemetry::SPANS, "answer");
        let streamed = stream::stream(services, live, turn, &dispatch, first_words).instrument(answering);
        match streamed.await? {
            Streamed::Ended(end) => return Ok(explained(services, turn, end).await),
            Streamed::Broken => return Ok(recover::recover(services, live, turn).await),
            Streamed::NotAccepted(cause) => {
                agent = "started";
                if cause.not_there()
                    && let Err(error) =
                        mark_unhealthy(services, &actor(turn), &dispatch.reached.container).await
                {
                    tracing::warn!(%error, "a container that does not answer could not be reported");
                }
                // Or it takes over a new configuration: soon it will accept.
                sleep(BETWEEN_REFUSALS).await;
            }
        }
    }
    Ok(End::failed(ErrorText::retryable(
        "agent_unreachable",
        "Your agent does not accept messages.",
        "It was started again without success. Try again; if it stays like this, restart your agent.",
    )))
}

/// Of a full disk OpenClaw only says that something failed; its container has told what.
async fn explained(services: &Services, turn: &Turn, end: End) -> End {
    let failed = end.error.as_ref().is_some_and(|error| error.code == Cause::AgentFailed.code());
    if !failed {
        return end;
    }
    let row = async {
        let mut tx = services.store.begin(&actor(turn)).await?;
        containers::get_of(&mut tx, turn.user_id).await
    };
    match row.await {
        Ok(Some(row)) if row.disk_full => {
            End { error: Some(stream::text_of(&Cause::DiskFull.into())), ..end }
        }
        _ => end,
    }
}

enum Ready {
    Dispatch(Box<Dispatch>),
    Ended(End),
    NotYet,
}

/// Waits for the agent and marks the message as sent, unless both is done already.
async fn get_ready(
    services: &Services,
    live: &Live,
    turn: &Turn,
    at_once: Option<Dispatch>,
) -> Result<Ready, Lost> {
    if let Some(dispatch) = at_once {
        live.push(&wait_ready::ready_at_once());
        return Ok(Ready::Dispatch(Box::new(dispatch)));
    }
    let reached = match wait_ready::wait_ready(services, live, turn).await {
        Ok(reached) => reached,
        Err(end) => return Ok(Ready::Ended(*end)),
    };
    let prepared = async {
        let mut tx = services.store.begin(&actor(turn)).await?;
        let prepared = stream::prepare(&mut tx, live.lease, turn).await?;
        tx.commit().await?;
        crate::Result::Ok(prepared)
    };
    match prepared.await {
        Ok(Prepared::Letter(letter)) => Ok(Ready::Dispatch(Box::new(Dispatch { reached, letter }))),
        Ok(Prepared::Ended(end)) => Ok(Ready::Ended(end)),
        Ok(Prepared::Lost) => Err(Lost),
        Err(error) => {
            tracing::warn!(%error, turn = %turn.id, "a message could not be prepared; trying again");
            Ok(Ready::NotYet)
        }
    }
}

/// Jobs that a turn causes act for its user.
pub(super) fn actor(turn: &Turn) -> Actor {
    Actor::User(Person { id: turn.user_id, role: Role::User })
}

/// Stores the end together with its terminal event. A database that is away is waited for.
async fn finish(services: &Services, live: &Live, end: End) {
    let Err(refused) = try_finish(services, live, end).await else { return };
    // Its text cannot be stored. The turn must end all the same, or its chat is blocked for ever.
    tracing::error!(error = %refused, turn = %live.lease.turn, "an answer cannot be stored");
    live.take_unsaved();
    let error = ErrorText {
        code: "answer_unstorable".into(),
        title: "The answer could not be stored.".into(),
        detail: "Ask again in other words.".into(),
        retryable: true,
    };
    let end = End { answer: Some(String::new()), ..End::failed(error) };
    if try_finish(services, live, end).await.is_err() {
        live.lost.cancel();
    }
}

/// The error is one that trying again does not mend.
async fn try_finish(services: &Services, live: &Live, end: End) -> store::Result<()> {
    let terminal = match &end.error {
        Some(error) => TurnEvent::Error(error.clone()),
        None => TurnEvent::Done { status: end.status },
    };
    let answer = end.answer.clone().unwrap_or_else(|| live.answer());
    let error = end.error.as_ref().map(|error| json!(error));
    let usage = end.usage.map(|usage| json!(usage));
    let tools = json!(end.tools);
    let ending = Ending {
        status: end.status,
        answer: &answer,
        error: error.as_ref(),
        usage: usage.as_ref(),
        tools: &tools,
    };
    let _pen = live.pen().await;
    loop {
        match store_end(services, live, &ending, &terminal).await {
            Ok(true) => {
                // Told only once it is true; stored it is already.
                live.push(&terminal);
                live.take_unsaved();
                return Ok(());
            }
            Ok(false) => {
                live.lost.cancel();
                return Ok(());
            }
            Err(error) if !matches!(error, store::Error::Unavailable(_)) => return Err(error),
            Err(error) => {
                tracing::warn!(%error, turn = %live.lease.turn, "the end of a turn could not be stored; trying again");
                sleep(Duration::from_millis(500)).await;
            }
        }
    }
}

/// `false`: the turn belongs to somebody else by now.
async fn store_end(
    services: &Services,
    live: &Live,
    ending: &Ending<'_>,
    terminal: &TurnEvent,
) -> store::Result<bool> {
    let mut unsaved = live.take_unsaved();
    unsaved.push(live.upcoming(terminal));
    let stored = async {
        let mut tx = services.store.system("end of a turn").await?;
        let Some(user) = turns::finish(&mut tx, live.lease, ending).await? else { return Ok(false) };
        events::append(&mut tx, &unsaved).await?;
        conversations::enqueue(&mut tx, user).await?;
        tx.commit().await?;
        Ok(true)
    };
    let stored = stored.await;
    if stored.is_err() {
        unsaved.pop();
        live.put_back(unsaved);
    }
    stored
}
