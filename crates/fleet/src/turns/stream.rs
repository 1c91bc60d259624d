//! Send the message and receive the answer: the one connection to the agent.

use super::{
    drive::{End, Lost},
    event::{ErrorText, TurnEvent, Usage},
    first_words::FirstWords,
    live::Live,
    session_key,
    tools::Tools,
};
use crate::{Result, Services, gateways::Reached};
use domain::{AgentId, Slug, turn::TurnStatus};
use futures_util::StreamExt;
use openclaw::{Cause, ChatEvent, ChatRequest, ChatStream, Follow, Said, Speaker, UpstreamError};
use std::time::Duration;
use store::{
    Tx, agents,
    turns::{self, Lease, Turn},
};
use tokio::time::{Instant, MissedTickBehavior, interval};

/// After this long without text the history is followed, because tools do not show in the stream.
const LOOK_FOR_TOOLS: Duration = Duration::from_millis(400);
/// More than one answer leaves in the history, tools included.
const LAST_ENTRIES: u16 = 60;
/// Silence is explained this often.
const EXPLAIN_EVERY: Duration = Duration::from_secs(10);

/// What came of sending.
pub(super) enum Streamed {
    /// The turn's end.
    Ended(End),
    /// The connection broke after the message was accepted: the history knows more.
    Broken,
    /// The agent certainly did not take the message.
    NotAccepted(Cause),
}

/// Sends the turn's message and receives its answer.
pub(super) async fn stream(
    services: &Services,
    live: &Live,
    turn: &Turn,
    dispatch: &Dispatch,
    first_words: Option<FirstWords>,
) -> std::result::Result<Streamed, Lost> {
    if let Some(first_words) = &first_words {
        first_words.about_to_send();
    }
    let Dispatch { reached, letter } = dispatch;
    let earlier: Vec<Said<'_>> =
        letter.earlier.iter().map(|(speaker, text)| Said { speaker: *speaker, text }).collect();
    let request = ChatRequest {
        agent: &letter.agent,
        session: session_key(turn.chat_id, turn.branch),
        text: &turn.question,
        earlier: &earlier,
        system: None,
        model: None,
    };
    let accepted = tokio::select! {
        () = live.stop.cancelled() => return Ok(Streamed::Ended(End::of(TurnStatus::Stopped))),
        accepted = reached.gateway.chat(request) => accepted,
    };
    match accepted {
        Ok(chat) => {
            Ok(Answering { live, turn, reached, agent: &letter.agent, tools: Tools::default(), first_words }
                .receive(chat)
                .await)
        }
        Err(error) if error.cause.never_sent() => take_back(services, live, error.cause).await,
        Err(error) => Ok(Streamed::Ended(End::failed(text_of(&error)))),
    }
}

/// A message that is marked as sent, and the agent that answers.
pub(super) struct Dispatch {
    pub(super) reached: Reached,
    pub(super) letter: Letter,
}

/// What the agent is told besides the message.
pub(super) struct Letter {
    agent: Slug,
    earlier: Vec<(Speaker, String)>,
}

/// What came of preparing.
pub(super) enum Prepared {
    /// To be sent once the transaction is committed.
    Letter(Letter),
    /// The turn's end.
    Ended(End),
    /// The turn belongs to somebody else.
    Lost,
}

/// Reads what the message needs and marks the turn as sent, in the transaction of its user: behind that the
/// message is never sent by anybody else.
pub(super) async fn prepare(tx: &mut Tx, lease: Lease, turn: &Turn) -> Result<Prepared> {
    let agent = match turn.agent_id {
        Some(id) => agents::get(tx, AgentId::from(id)).await?,
        None => None,
    };
    let Some(agent) = agent else {
        let error = ErrorText {
            code: "agent_unknown".into(),
            title: "The agent of this message was deleted.".into(),
            detail: "Choose another agent and send it again.".into(),
            retryable: false,
        };
        return Ok(Prepared::Ended(End::failed(error)));
    };
    let earlier = if turn.branch > 0 { seed(tx, turn).await? } else { Vec::new() };
    if !turns::mark_sent(tx, lease).await? {
        let stopped = turns::get(tx, turn.id)
            .await?
            .is_some_and(|now| now.lease_fence == lease.fence && now.stop_requested_at.is_some());
        return Ok(if stopped { Prepared::Ended(End::of(TurnStatus::Stopped)) } else { Prepared::Lost });
    }
    Ok(Prepared::Letter(Letter { agent: Slug::try_from(agent.slug)?, earlier }))
}

/// What a fresh session must be told: the turns that stand, when this is the first one sent on its branch.
async fn seed(tx: &mut Tx, turn: &Turn) -> Result<Vec<(Speaker, String)>> {
    let standing = turns::list(tx, turn.chat_id).await?;
    let before = standing.into_iter().filter(|other| other.seq < turn.seq);
    let mut earlier = Vec::new();
    for other in before {
        if other.branch == turn.branch && other.sent_at.is_some() {
            return Ok(Vec::new());
        }
        earlier.push((Speaker::User, other.question));
        if !other.answer.is_empty() {
            earlier.push((Speaker::Agent, other.answer));
        }
    }
    Ok(earlier)
}

async fn take_back(services: &Services, live: &Live, cause: Cause) -> std::result::Result<Streamed, Lost> {
    let taken_back = async {
        let mut tx = services.store.system("a message was not accepted").await?;
        let ours = turns::unmark_sent(&mut tx, live.lease).await?;
        tx.commit().await?;
        store::Result::Ok(ours)
    };
    match taken_back.await {
        Ok(true) => Ok(Streamed::NotAccepted(cause)),
        Ok(false) => Err(Lost),
        Err(error) => {
            tracing::warn!(%error, "a message that was not accepted stays marked as sent");
            Ok(Streamed::Ended(End::interrupted("Your agent did not get this message. Try again.")))
        }
    }
}

struct Answering<'a> {
    live: &'a Live,
    turn: &'a Turn,
    reached: &'a Reached,
    agent: &'a Slug,
    tools: Tools,
    first_words: Option<FirstWords>,
}

impl Answering<'_> {
    async fn receive(mut self, mut chat: ChatStream) -> Streamed {
        let mut end = End::of(TurnStatus::Done);
        let mut run: Option<String> = None;
        let mut follow: Option<Follow> = None;
        let mut sign_of_life = Instant::now();
        let mut tick = interval(LOOK_FOR_TOOLS);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut explained = Instant::now();
        loop {
            tokio::select! {
                biased;
                () = self.live.stop.cancelled() => {
                    end.status = TurnStatus::Stopped;
                    break;
                }
                event = chat.next() => {
                    sign_of_life = Instant::now();
                    match event {
                        Some(ChatEvent::Started { run: id }) => {
                            self.live.push(&TurnEvent::Run { id: id.clone() });
                            run = Some(id);
                        }
                        Some(ChatEvent::Delta(text)) => {
                            self.live.push(&TurnEvent::Delta { text });
                            if let Some(first_words) = self.first_words.take() {
                                first_words.came();
                            }
                        }
                        Some(ChatEvent::Usage(usage)) => {
                            let usage = Usage { input_tokens: usage.input, output_tokens: usage.output };
                            self.live.push(&TurnEvent::Usage(usage));
                            end.usage = Some(usage);
                        }
                        Some(ChatEvent::Finish(_)) => {}
                        Some(ChatEvent::Done) => break,
                        Some(ChatEvent::Error(error)) if error.cause == Cause::ConnectionLost => return Streamed::Broken,
                        Some(ChatEvent::Error(error)) => {
                            end.status = TurnStatus::Failed;
                            end.error = Some(text_of(&error));
                            break;
                        }
                        None => return Streamed::Broken,
                    }
                }
                item = next_item(&mut follow) => {
                    sign_of_life = Instant::now();
                    if let Some(card) = self.tools.take(item) {
                        self.live.push(&TurnEvent::Tool(card));
                    }
                }
                _ = tick.tick() => {
                    let silent = sign_of_life.elapsed();
                    if let (None, Some(run)) = (&follow, &run)
                        && silent >= LOOK_FOR_TOOLS
                    {
                        let session = session_key(self.turn.chat_id, self.turn.branch);
                        follow = Some(self.reached.gateway.follow(self.agent, session, run));
                    }
                    if silent >= EXPLAIN_EVERY && explained.elapsed() >= EXPLAIN_EVERY {
                        explained = Instant::now();
                        self.explain(silent);
                    }
                }
            }
        }
        drop(follow);
        if let (Some(run), TurnStatus::Done | TurnStatus::Failed) = (&run, end.status) {
            self.complete_tools(run).await;
        }
        end.tools = self.tools.cards();
        Streamed::Ended(end)
    }

    /// A quick tool is over before anybody looked, and the answer may end before the history was heard
    /// of the last one; what the history has at the end is all there was.
    async fn complete_tools(&mut self, run: &str) {
        let session = session_key(self.turn.chat_id, self.turn.branch);
        let Ok(Some(page)) = self.reached.gateway.history(self.agent, session, LAST_ENTRIES, None).await
        else {
            return;
        };
        for item in page.items.into_iter().filter(|item| item.run.as_deref() == Some(run)) {
            if let Some(card) = self.tools.take(item) {
                self.live.push(&TurnEvent::Tool(card));
            }
        }
    }

    /// OpenClaw retries by itself and says nothing meanwhile; the person should know.
    fn explain(&self, silent: Duration) {
        let detail = match self.tools.running() {
            Some(tool) => format!("Your agent is using {tool}."),
            None => {
                "Nothing has come back from the provider yet; your agent keeps trying by itself.".to_owned()
            }
        };
        let silent_ms = u64::try_from(silent.as_millis()).unwrap_or(u64::MAX);
        self.live.push(&TurnEvent::Waiting { silent_ms, detail });
    }
}

async fn next_item(follow: &mut Option<Follow>) -> openclaw::Item {
    if let Some(follow) = follow
        && let Some(item) = follow.next().await
    {
        return item;
    }
    std::future::pending().await
}

/// An upstream failure in words.
pub(super) fn text_of(error: &UpstreamError) -> ErrorText {
    let cause = error.cause;
    let mut detail = cause.next_step().to_owned();
    if let Some(after) = error.retry_after {
        detail.push_str(&format!(" The provider asks to wait {} s.", after.as_secs().max(1)));
    }
    ErrorText {
        code: cause.code().to_owned(),
        title: cause.title().to_owned(),
        detail,
        retryable: cause.retryable(),
    }
}
