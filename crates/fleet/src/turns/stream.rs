//! Sends the message and receives the answer, over the one connection to the agent.

use super::{
    outcome::{LeaseLost, TurnOutcome, text_of},
    prepare::PreparedSend,
    time_to_first_token::TimeToFirstToken,
    tools::Tools,
};
use crate::{
    Services,
    gateways::GatewayHandle,
    services::active_turns::{ActiveTurn, TurnEvent, Usage},
};
use domain::{Slug, turn::TurnStatus};
use futures_util::StreamExt;
use openclaw::{Cause, ChatEvent, ChatRequest, ChatStream, EarlierMessage, HistoryStream, SessionKey};
use std::time::Duration;
use store::turns::{self, Turn};
use tokio::time::{Instant, MissedTickBehavior, interval};

/// After this long without text the history is followed, because the stream does not show tools.
const TOOL_FOLLOW_DELAY: Duration = Duration::from_millis(400);
/// Entries of the history that are read after the answer: more than one answer leaves there, tools included.
const FINAL_HISTORY_ENTRIES: u16 = 60;
/// How often a silence is explained to the followers.
const SILENCE_REPORT_INTERVAL: Duration = Duration::from_secs(10);

pub(super) enum StreamResult {
    Ended(TurnOutcome),
    /// The connection broke after the message was accepted. The history knows more.
    ConnectionLost,
    /// The agent certainly did not get the message.
    NotAccepted(Cause),
}

/// Sends the turn's message and receives its answer.
pub(super) async fn stream(
    services: &Services,
    active: &ActiveTurn,
    turn: &Turn,
    prepared: &PreparedSend,
    first_token: Option<TimeToFirstToken>,
) -> Result<StreamResult, LeaseLost> {
    if let Some(first_token) = &first_token {
        first_token.record_overhead();
    }
    let PreparedSend { gateway, message } = prepared;
    let earlier: Vec<EarlierMessage<'_>> =
        message.earlier.iter().map(|(role, text)| EarlierMessage { role: *role, text }).collect();
    let request = ChatRequest {
        agent: &message.agent,
        session: SessionKey::of_branch(turn.chat_id, turn.branch),
        text: &turn.question,
        earlier: &earlier,
        system: None,
        model: None,
    };
    let accepted = tokio::select! {
        () = active.stop.cancelled() => return Ok(StreamResult::Ended(TurnOutcome::new(TurnStatus::Stopped))),
        accepted = gateway.gateway.chat(request) => accepted,
    };
    match accepted {
        Ok(chat) => {
            let agent = &message.agent;
            let receiver =
                AnswerReceiver { active, turn, gateway, agent, tools: Tools::default(), first_token };
            Ok(receiver.receive(chat).await)
        }
        Err(error) if error.cause.never_sent() => unmark_sent(services, active, error.cause).await,
        Err(error) => Ok(StreamResult::Ended(TurnOutcome::failed(text_of(&error)))),
    }
}

async fn unmark_sent(
    services: &Services,
    active: &ActiveTurn,
    cause: Cause,
) -> Result<StreamResult, LeaseLost> {
    let unmarked = services
        .store
        .run_system("a message was not accepted", async |tx| turns::unmark_sent(tx, active.lease).await);
    match unmarked.await {
        Ok(true) => Ok(StreamResult::NotAccepted(cause)),
        Ok(false) => Err(LeaseLost),
        Err(error) => {
            tracing::warn!(%error, "a message that was not accepted stays marked as sent");
            let detail = "Your agent did not get this message. Try again.";
            Ok(StreamResult::Ended(TurnOutcome::interrupted(detail)))
        }
    }
}

struct AnswerReceiver<'a> {
    active: &'a ActiveTurn,
    turn: &'a Turn,
    gateway: &'a GatewayHandle,
    agent: &'a Slug,
    tools: Tools,
    first_token: Option<TimeToFirstToken>,
}

impl AnswerReceiver<'_> {
    async fn receive(mut self, mut chat: ChatStream) -> StreamResult {
        let mut outcome = TurnOutcome::new(TurnStatus::Done);
        let mut run: Option<String> = None;
        let mut follow: Option<HistoryStream> = None;
        let mut last_activity = Instant::now();
        let mut tick = interval(TOOL_FOLLOW_DELAY);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut last_report = Instant::now();
        loop {
            tokio::select! {
                biased;
                () = self.active.stop.cancelled() => {
                    outcome.status = TurnStatus::Stopped;
                    break;
                }
                event = chat.next() => {
                    last_activity = Instant::now();
                    match event {
                        Some(ChatEvent::Started { run_id: id }) => {
                            self.active.push(&TurnEvent::Run { id: id.clone() });
                            run = Some(id);
                        }
                        Some(ChatEvent::Delta(text)) => {
                            self.active.push(&TurnEvent::Delta { text });
                            if let Some(first_token) = self.first_token.take() {
                                first_token.record();
                            }
                        }
                        Some(ChatEvent::Usage(usage)) => {
                            let usage = Usage { input_tokens: usage.input, output_tokens: usage.output };
                            self.active.push(&TurnEvent::Usage(usage));
                            outcome.usage = Some(usage);
                        }
                        Some(ChatEvent::Finish(_)) => {}
                        Some(ChatEvent::Done) => break,
                        Some(ChatEvent::Error(error)) if error.cause == Cause::ConnectionLost => {
                            return StreamResult::ConnectionLost;
                        }
                        Some(ChatEvent::Error(error)) => {
                            outcome.status = TurnStatus::Failed;
                            outcome.error = Some(text_of(&error));
                            break;
                        }
                        None => return StreamResult::ConnectionLost,
                    }
                }
                item = next_item(&mut follow) => {
                    last_activity = Instant::now();
                    if let Some(card) = self.tools.take(item) {
                        self.active.push(&TurnEvent::Tool(card));
                    }
                }
                _ = tick.tick() => {
                    let silence = last_activity.elapsed();
                    if let (None, Some(run)) = (&follow, &run)
                        && silence >= TOOL_FOLLOW_DELAY
                    {
                        let session = SessionKey::of_branch(self.turn.chat_id, self.turn.branch);
                        follow = Some(self.gateway.gateway.follow_run(self.agent, session, run));
                    }
                    if silence >= SILENCE_REPORT_INTERVAL && last_report.elapsed() >= SILENCE_REPORT_INTERVAL {
                        last_report = Instant::now();
                        self.report_silence(silence);
                    }
                }
            }
        }
        drop(follow);
        if let (Some(run), TurnStatus::Done | TurnStatus::Failed) = (&run, outcome.status) {
            self.complete_tools(run).await;
        }
        outcome.tools = self.tools.cards();
        StreamResult::Ended(outcome)
    }

    /// Adds the tools that were missed: a quick one ends before the history is followed, and the answer may end before
    /// the last one arrives. At the end the history has all of them.
    async fn complete_tools(&mut self, run: &str) {
        let session = SessionKey::of_branch(self.turn.chat_id, self.turn.branch);
        let page = self.gateway.gateway.read_history(self.agent, session, FINAL_HISTORY_ENTRIES, None).await;
        let Ok(Some(page)) = page else { return };
        for item in page.items.into_iter().filter(|item| item.run_id.as_deref() == Some(run)) {
            if let Some(card) = self.tools.take(item) {
                self.active.push(&TurnEvent::Tool(card));
            }
        }
    }

    /// OpenClaw retries by itself without saying so. The user should know that it still works.
    fn report_silence(&self, silence: Duration) {
        let detail = match self.tools.running() {
            Some(tool) => format!("Your agent is using {tool}."),
            None => {
                "Nothing has come back from the provider yet; your agent keeps trying by itself.".to_owned()
            }
        };
        let silent_ms = u64::try_from(silence.as_millis()).unwrap_or(u64::MAX);
        self.active.push(&TurnEvent::Waiting { silent_ms, detail });
    }
}

async fn next_item(follow: &mut Option<HistoryStream>) -> openclaw::HistoryItem {
    if let Some(follow) = follow
        && let Some(item) = follow.next().await
    {
        return item;
    }
    std::future::pending().await
}
