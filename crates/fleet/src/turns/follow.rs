//! Follows a turn from a position on, whichever process drives it.

use crate::{
    Cx, Error, Result,
    services::active_turns::{ActiveTurn, SequencedEvent, TurnEvent},
};
use domain::{TurnId, turn::TurnStatus};
use futures_util::stream::{self, BoxStream, StreamExt};
use std::{collections::VecDeque, sync::Arc, time::Duration};
use store::{
    events,
    listen::{self, Listener},
    turns::{self, Turn},
};

/// Notifications are hints: without one the database is read this often.
const POLL_INTERVAL: Duration = Duration::from_secs(1);
/// Events that are read at once.
const PAGE_SIZE: i64 = 1000;

/// The events after the position `after` (0 = all), ending with the terminal one. If that position is not stored any more,
/// the first event is a snapshot of the whole text.
pub async fn follow(cx: &Cx, id: TurnId, after: i32) -> Result<BoxStream<'static, Result<SequencedEvent>>> {
    // The database decides whether the turn may be seen, also if this process drives it.
    let turn = super::get(cx, id).await?;
    if let Some(active) = cx.services.active_turns.find(turn.id) {
        return Ok(follow_local(active, after));
    }
    let follower = RemoteFollower {
        cx: cx.clone(),
        id,
        after,
        listener: cx.services.notifications.listen(),
        pending: VecDeque::new(),
        ended: false,
    };
    Ok(stream::try_unfold(follower, |mut follower| async move {
        Ok(follower.next().await?.map(|event| (event, follower)))
    })
    .boxed())
}

/// Follows in the memory of this process.
fn follow_local(active: Arc<ActiveTurn>, after: i32) -> BoxStream<'static, Result<SequencedEvent>> {
    let mut pending = VecDeque::new();
    let mut after = after;
    if !active.has_position(after) {
        let (text, last) = active.snapshot();
        pending.push_back(SequencedEvent::of(None, &TurnEvent::Snapshot { text }));
        after = last;
        // A snapshot does not include a terminal event, so one that is there already is repeated.
        pending.extend(active.events_after(after - 1).into_iter().filter(SequencedEvent::is_terminal));
    }
    let watch = active.subscribe();
    stream::unfold(
        (active, watch, after, pending, false),
        |(active, mut watch, mut after, mut pending, ended)| async move {
            if ended {
                return None;
            }
            loop {
                if let Some(event) = pending.pop_front() {
                    if event.kind == TurnEvent::RUN {
                        continue;
                    }
                    let ended = event.is_terminal();
                    return Some((Ok(event), (active, watch, after, pending, ended)));
                }
                watch.mark_unchanged();
                let new = active.events_after(after);
                if let Some(last) = new.last() {
                    after = last.seq.unwrap_or(after);
                    pending.extend(new);
                    continue;
                }
                tokio::select! {
                    changed = watch.changed() => if changed.is_err() { return None },
                    // Another replica drives it now. The client reconnects and follows it there.
                    () = active.lease_lost.cancelled() => if active.events_after(after).is_empty() { return None },
                }
            }
        },
    )
    .boxed()
}

/// Follows in the database, where another replica writes.
struct RemoteFollower {
    cx: Cx,
    id: TurnId,
    after: i32,
    listener: Listener,
    pending: VecDeque<SequencedEvent>,
    ended: bool,
}

impl RemoteFollower {
    async fn next(&mut self) -> Result<Option<SequencedEvent>> {
        loop {
            if let Some(event) = self.pending.pop_front() {
                if event.kind == TurnEvent::RUN {
                    continue;
                }
                self.ended = event.is_terminal();
                return Ok(Some(event));
            }
            if self.ended {
                return Ok(None);
            }
            if !self.read().await? {
                self.listener.wait_for(listen::TURN, &self.id.uuid().to_string(), POLL_INTERVAL).await;
            }
        }
    }

    /// Reads new events; returns `false` if there are none.
    async fn read(&mut self) -> Result<bool> {
        let mut tx = self.cx.begin().await?;
        let turn = turns::get(&mut tx, self.id).await?.ok_or(Error::NotFound("turn"))?;
        let stored = events::read(&mut tx, self.id, self.after.saturating_sub(1).max(0), PAGE_SIZE).await?;
        let resumable = self.after == 0 || stored.first().is_some_and(|event| event.seq == self.after);
        let fresh: Vec<_> = stored.into_iter().filter(|event| event.seq > self.after).collect();
        if resumable && !fresh.is_empty() {
            self.after = fresh.last().map_or(self.after, |event| event.seq);
            self.pending.extend(fresh.into_iter().map(|event| SequencedEvent {
                seq: Some(event.seq),
                kind: event.kind,
                data: event.data,
            }));
            return Ok(true);
        }
        if turn.status.is_final() {
            self.pending
                .push_back(SequencedEvent::of(None, &TurnEvent::Snapshot { text: turn.answer.clone() }));
            self.pending.push_back(terminal(&turn));
            return Ok(true);
        }
        if resumable {
            return Ok(false);
        }
        // The position was pruned or never stored, so the whole text so far is sent instead.
        let all = events::read(&mut tx, self.id, 0, i64::MAX).await?;
        let text = all.iter().filter(|e| e.kind == "delta").filter_map(|e| e.data["text"].as_str()).collect();
        self.after = all.last().map_or(0, |event| event.seq);
        self.pending.push_back(SequencedEvent::of(None, &TurnEvent::Snapshot { text }));
        Ok(true)
    }
}

/// The terminal event of a turn whose events are pruned.
fn terminal(turn: &Turn) -> SequencedEvent {
    match (&turn.error, turn.status) {
        (Some(error), TurnStatus::Failed | TurnStatus::Interrupted) => {
            SequencedEvent { seq: None, kind: "error".into(), data: error.clone() }
        }
        (_, status) => SequencedEvent::of(None, &TurnEvent::Done { status }),
    }
}
