//! Follow a turn from a position on, wherever it is driven.

use super::{
    event::{Numbered, TurnEvent},
    live::Live,
};
use crate::{Cx, Error, Result};
use domain::{TurnId, turn::TurnStatus};
use futures_util::stream::{self, BoxStream, StreamExt};
use std::{collections::VecDeque, sync::Arc, time::Duration};
use store::{
    events,
    listen::{self, Listener},
    turns::{self, Turn},
};

/// Notifications are hints: without one the database is asked this often.
const POLL: Duration = Duration::from_secs(1);
/// Events read at once.
const PAGE: i64 = 1000;

/// The events behind `after` (0 = all), ending with the terminal one. A position that is no longer kept
/// is answered with a snapshot of the whole text first.
pub async fn follow(cx: &Cx, id: TurnId, after: i32) -> Result<BoxStream<'static, Result<Numbered>>> {
    // Whether the turn may be seen is decided by the database, also when it is driven right here.
    let turn = super::get(cx, id).await?;
    if let Some(live) = cx.services.drivers.find(turn.id) {
        return Ok(local(live, after));
    }
    let remote = Remote {
        cx: cx.clone(),
        id,
        after,
        listener: cx.services.ear.listen(),
        ready: VecDeque::new(),
        over: false,
    };
    Ok(stream::try_unfold(remote, |mut remote| async move {
        Ok(remote.next().await?.map(|event| (event, remote)))
    })
    .boxed())
}

/// From the memory of this process.
fn local(live: Arc<Live>, after: i32) -> BoxStream<'static, Result<Numbered>> {
    let mut ready = VecDeque::new();
    let mut after = after;
    if !live.knows(after) {
        let (text, last) = live.snapshot();
        ready.push_back(Numbered::of(None, &TurnEvent::Snapshot { text }));
        after = last;
        // What a snapshot cannot carry is repeated: a terminal event, should it be there already.
        ready.extend(live.since(after - 1).into_iter().filter(Numbered::is_terminal));
    }
    let watch = live.watch();
    stream::unfold(
        (live, watch, after, ready, false),
        |(live, mut watch, mut after, mut ready, over)| async move {
            if over {
                return None;
            }
            loop {
                if let Some(event) = ready.pop_front() {
                    if event.kind == TurnEvent::RUN {
                        continue;
                    }
                    let over = event.is_terminal();
                    return Some((Ok(event), (live, watch, after, ready, over)));
                }
                watch.mark_unchanged();
                let new = live.since(after);
                if let Some(last) = new.last() {
                    after = last.seq.unwrap_or(after);
                    ready.extend(new);
                    continue;
                }
                tokio::select! {
                    changed = watch.changed() => if changed.is_err() { return None },
                    // Another replica has it now: the client reconnects and is led there.
                    () = live.lost.cancelled() => if live.since(after).is_empty() { return None },
                }
            }
        },
    )
    .boxed()
}

/// From the database, where another replica writes.
struct Remote {
    cx: Cx,
    id: TurnId,
    after: i32,
    listener: Listener,
    ready: VecDeque<Numbered>,
    over: bool,
}

impl Remote {
    async fn next(&mut self) -> Result<Option<Numbered>> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                if event.kind == TurnEvent::RUN {
                    continue;
                }
                self.over = event.is_terminal();
                return Ok(Some(event));
            }
            if self.over {
                return Ok(None);
            }
            if !self.read().await? {
                self.listener.wait_for(listen::TURN, &self.id.uuid().to_string(), POLL).await;
            }
        }
    }

    /// Reads what is new; `false` when nothing is.
    async fn read(&mut self) -> Result<bool> {
        let mut tx = self.cx.begin().await?;
        let turn = turns::get(&mut tx, self.id).await?.ok_or(Error::NotFound("turn"))?;
        let stored = events::read(&mut tx, self.id, self.after.saturating_sub(1).max(0), PAGE).await?;
        let resumable = self.after == 0 || stored.first().is_some_and(|event| event.seq == self.after);
        let fresh: Vec<_> = stored.into_iter().filter(|event| event.seq > self.after).collect();
        if resumable && !fresh.is_empty() {
            self.after = fresh.last().map_or(self.after, |event| event.seq);
            self.ready.extend(fresh.into_iter().map(|event| Numbered {
                seq: Some(event.seq),
                kind: event.kind,
                data: event.data,
            }));
            return Ok(true);
        }
        if turn.status().is_final() {
            self.ready.push_back(Numbered::of(None, &TurnEvent::Snapshot { text: turn.answer.clone() }));
            self.ready.push_back(terminal(&turn));
            return Ok(true);
        }
        if resumable {
            return Ok(false);
        }
        // Its position is gone (pruned, or never stored): the whole text so far instead.
        let all = events::read(&mut tx, self.id, 0, i64::MAX).await?;
        let text = all.iter().filter(|e| e.kind == "delta").filter_map(|e| e.data["text"].as_str()).collect();
        self.after = all.last().map_or(0, |event| event.seq);
        self.ready.push_back(Numbered::of(None, &TurnEvent::Snapshot { text }));
        Ok(true)
    }
}

/// The terminal event of a turn whose events are folded away.
fn terminal(turn: &Turn) -> Numbered {
    match (&turn.error, turn.status()) {
        (Some(error), TurnStatus::Failed | TurnStatus::Interrupted) => {
            Numbered { seq: None, kind: "error".into(), data: error.clone() }
        }
        (_, status) => Numbered::of(None, &TurnEvent::Done { status }),
    }
}
