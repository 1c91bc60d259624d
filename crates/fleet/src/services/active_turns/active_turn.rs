//! A turn that this process drives: its log in memory, the events that are not saved yet, and how to stop it.

use super::event::{SequencedEvent, TurnEvent};
use parking_lot::Mutex;
use std::sync::Arc;
use store::{events::NewEvent, turns::Lease};
use tokio::sync::{Mutex as AsyncMutex, OwnedMutexGuard, watch};
use tokio_util::sync::CancellationToken;

/// Positions that a new driver skips. Its predecessor may have shown events to followers without saving them, and their
/// positions must not be used again.
const TAKEOVER_GAP: i32 = 100_000;

/// The shared state of a driven turn.
#[derive(Debug)]
pub(crate) struct ActiveTurn {
    pub(crate) lease: Lease,
    /// The user requested a stop.
    pub(crate) stop: CancellationToken,
    /// Another process has the lease, or this one has ended driving: nothing may be written any more.
    pub(crate) lease_lost: CancellationToken,
    /// Held while events of this turn are saved. Two saves at a time could commit in the wrong order. A follower in
    /// another process reads from the last position that it has seen, and would miss the earlier ones.
    write_lock: Arc<AsyncMutex<()>>,
    log: Mutex<Log>,
    last_seq: watch::Sender<i32>,
}

#[derive(Debug, Default)]
struct Log {
    events: Vec<SequencedEvent>,
    unsaved: Vec<NewEvent>,
    answer: String,
    next_seq: i32,
}

impl ActiveTurn {
    /// A turn that was just accepted.
    pub(crate) fn new(lease: Lease) -> Self {
        Self::with_log(lease, 0, Log { next_seq: 1, ..Log::default() })
    }

    /// A turn that is taken over, with the events that its predecessor has saved.
    pub(crate) fn resumed(lease: Lease, last_seq: i32, answer: String, events: Vec<SequencedEvent>) -> Self {
        let next_seq = last_seq.saturating_add(TAKEOVER_GAP);
        Self::with_log(lease, last_seq, Log { events, unsaved: Vec::new(), answer, next_seq })
    }

    fn with_log(lease: Lease, last_seq: i32, log: Log) -> Self {
        Self {
            lease,
            stop: CancellationToken::new(),
            lease_lost: CancellationToken::new(),
            write_lock: Arc::default(),
            log: Mutex::new(log),
            last_seq: watch::Sender::new(last_seq),
        }
    }

    /// The right to save this turn's events.
    pub(crate) async fn write_lock(&self) -> OwnedMutexGuard<()> {
        Arc::clone(&self.write_lock).lock_owned().await
    }

    /// The same, unless they are being saved.
    pub(crate) fn try_write_lock(&self) -> Option<OwnedMutexGuard<()>> {
        Arc::clone(&self.write_lock).try_lock_owned().ok()
    }

    /// Shows an event to this process's followers at once and leaves it for the next save.
    pub(crate) fn push(&self, event: &TurnEvent) {
        let mut log = self.log.lock();
        let new = self.new_event(log.next_seq, event);
        log.next_seq += 1;
        match event {
            TurnEvent::Delta { text } => log.answer.push_str(text),
            TurnEvent::Snapshot { text } => log.answer.clone_from(text),
            _ => {}
        }
        let seq = new.seq;
        log.events.push(SequencedEvent { seq: Some(seq), kind: new.kind.to_owned(), data: new.data.clone() });
        log.unsaved.push(new);
        drop(log);
        self.last_seq.send_replace(seq);
    }

    /// An event as it would be saved if it were pushed next.
    pub(crate) fn next_event(&self, event: &TurnEvent) -> NewEvent {
        self.new_event(self.log.lock().next_seq, event)
    }

    fn new_event(&self, seq: i32, event: &TurnEvent) -> NewEvent {
        NewEvent { lease: self.lease, seq, kind: event.kind(), data: event.json() }
    }

    /// The answer so far.
    pub(crate) fn answer(&self) -> String {
        self.log.lock().answer.clone()
    }

    /// The answer so far, and the position of its last event.
    pub(crate) fn snapshot(&self) -> (String, i32) {
        let log = self.log.lock();
        let last = log.events.last().and_then(|event| event.seq).unwrap_or_default();
        (log.answer.clone(), last)
    }

    /// OpenClaw's id of the run, if its start was recorded.
    pub(crate) fn run_id(&self) -> Option<String> {
        let log = self.log.lock();
        let run = log.events.iter().rev().find(|event| event.kind == TurnEvent::RUN)?;
        run.data["id"].as_str().map(str::to_owned)
    }

    /// Takes the events that are not saved yet. The caller holds the write lock until it drops them.
    pub(crate) fn drain_unsaved(&self) -> UnsavedEvents<'_> {
        UnsavedEvents { turn: self, events: std::mem::take(&mut self.log.lock().unsaved) }
    }

    /// The events after the position `seq`, in order.
    pub(crate) fn events_after(&self, seq: i32) -> Vec<SequencedEvent> {
        let log = self.log.lock();
        let from = log.events.partition_point(|event| event.seq.unwrap_or_default() <= seq);
        log.events[from..].to_vec()
    }

    /// Whether `seq` is a position of this log, or its beginning. Otherwise a follower needs a snapshot.
    pub(crate) fn has_position(&self, seq: i32) -> bool {
        seq == 0 || self.log.lock().events.binary_search_by_key(&Some(seq), |event| event.seq).is_ok()
    }

    /// Notifies of new events.
    pub(crate) fn subscribe(&self) -> watch::Receiver<i32> {
        self.last_seq.subscribe()
    }
}

/// Events that were taken to be saved. Dropped without [`UnsavedEvents::discard`], as when saving fails or is cancelled
/// halfway, they return to their turn and are saved later. Saving an event twice stores it once.
#[derive(Debug)]
pub(crate) struct UnsavedEvents<'a> {
    turn: &'a ActiveTurn,
    events: Vec<NewEvent>,
}

impl UnsavedEvents<'_> {
    pub(crate) fn events(&self) -> &[NewEvent] {
        &self.events
    }

    /// They are saved, or need not be.
    pub(crate) fn discard(mut self) {
        self.events.clear();
    }
}

impl Drop for UnsavedEvents<'_> {
    fn drop(&mut self) {
        let mut log = self.turn.log.lock();
        self.events.append(&mut log.unsaved);
        log.unsaved = std::mem::take(&mut self.events);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::TurnId;

    #[test]
    fn events_return_in_order_when_a_save_is_cancelled() {
        let id = TurnId::new(chrono::DateTime::UNIX_EPOCH);
        let turn = ActiveTurn::new(Lease { turn: id, fence: 1 });
        let push = |text: &str| turn.push(&TurnEvent::Delta { text: text.to_owned() });
        push("one");
        let cancelled = turn.drain_unsaved();
        push("two");
        drop(cancelled);
        let unsaved = turn.drain_unsaved();
        assert_eq!(unsaved.events().iter().map(|event| event.seq).collect::<Vec<_>>(), [1, 2]);
        unsaved.discard();
        assert!(turn.drain_unsaved().events().is_empty());
    }
}
