//! A turn that this process drives: its log in memory, what is not stored yet, and how to stop it.

use super::event::{Numbered, TurnEvent};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use store::{events::NewEvent, turns::Lease};
use tokio::sync::{Mutex as AsyncMutex, OwnedMutexGuard, watch};
use tokio_util::sync::CancellationToken;

/// Positions a new driver leaves free, so that it never reuses one that its predecessor may have shown
/// to somebody without having stored it.
const TAKEOVER_GAP: i32 = 100_000;

/// The shared state of a driven turn.
#[derive(Debug)]
pub(super) struct Live {
    pub(super) lease: Lease,
    /// The user asked for a stop.
    pub(super) stop: CancellationToken,
    /// The lease belongs to somebody else by now: nothing may be written any more.
    pub(super) lost: CancellationToken,
    /// Held by whoever stores events of this turn. Two at a time could commit in the wrong order, and a
    /// follower elsewhere, who reads behind the last position he has seen, would miss the earlier ones.
    pen: Arc<AsyncMutex<()>>,
    log: Mutex<Log>,
    last: watch::Sender<i32>,
}

#[derive(Debug, Default)]
struct Log {
    events: Vec<Numbered>,
    unsaved: Vec<NewEvent>,
    answer: String,
    next: i32,
}

impl Live {
    /// A turn that was just accepted.
    pub(super) fn fresh(lease: Lease) -> Self {
        Self::new(lease, 0, Log { next: 1, ..Log::default() })
    }

    /// A turn taken over: what its predecessor stored is its log so far.
    pub(super) fn resumed(lease: Lease, last_seq: i32, answer: String, events: Vec<Numbered>) -> Self {
        let next = last_seq.saturating_add(TAKEOVER_GAP);
        Self::new(lease, last_seq, Log { events, unsaved: Vec::new(), answer, next })
    }

    fn new(lease: Lease, last_seq: i32, log: Log) -> Self {
        Self {
            lease,
            stop: CancellationToken::new(),
            lost: CancellationToken::new(),
            pen: Arc::default(),
            log: Mutex::new(log),
            last: watch::Sender::new(last_seq),
        }
    }

    fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The right to store this turn's events.
    pub(super) async fn pen(&self) -> OwnedMutexGuard<()> {
        Arc::clone(&self.pen).lock_owned().await
    }

    /// The same, unless somebody stores them just now.
    pub(super) fn free_pen(&self) -> Option<OwnedMutexGuard<()>> {
        Arc::clone(&self.pen).try_lock_owned().ok()
    }

    /// Shows an event to this process's followers at once and leaves it for the next save.
    pub(super) fn push(&self, event: &TurnEvent) {
        let mut log = self.log();
        let new = self.numbered(log.next, event);
        log.next += 1;
        match event {
            TurnEvent::Delta { text } => log.answer.push_str(text),
            TurnEvent::Snapshot { text } => log.answer.clone_from(text),
            _ => {}
        }
        let seq = new.seq;
        log.events.push(Numbered { seq: Some(seq), kind: new.kind.to_owned(), data: new.data.clone() });
        log.unsaved.push(new);
        drop(log);
        self.last.send_replace(seq);
    }

    /// An event as it will be stored when it is pushed next.
    pub(super) fn upcoming(&self, event: &TurnEvent) -> NewEvent {
        self.numbered(self.log().next, event)
    }

    fn numbered(&self, seq: i32, event: &TurnEvent) -> NewEvent {
        NewEvent { lease: self.lease, seq, kind: event.kind(), data: event.json() }
    }

    /// The answer so far.
    pub(super) fn answer(&self) -> String {
        self.log().answer.clone()
    }

    /// The answer so far, and the position it stands for.
    pub(super) fn snapshot(&self) -> (String, i32) {
        let log = self.log();
        let last = log.events.last().and_then(|event| event.seq).unwrap_or_default();
        (log.answer.clone(), last)
    }

    /// The run that a predecessor noted.
    pub(super) fn run(&self) -> Option<String> {
        let log = self.log();
        let noted = log.events.iter().rev().find(|event| event.kind == TurnEvent::RUN)?;
        noted.data["id"].as_str().map(str::to_owned)
    }

    /// What is to be saved now; the caller gives it back with [`Live::put_back`] when that fails.
    pub(super) fn take_unsaved(&self) -> Vec<NewEvent> {
        std::mem::take(&mut self.log().unsaved)
    }

    pub(super) fn put_back(&self, mut events: Vec<NewEvent>) {
        let mut log = self.log();
        events.append(&mut log.unsaved);
        log.unsaved = events;
    }

    /// The events behind `after`, in order.
    pub(super) fn since(&self, after: i32) -> Vec<Numbered> {
        let log = self.log();
        let from = log.events.partition_point(|event| event.seq.unwrap_or_default() <= after);
        log.events[from..].to_vec()
    }

    /// Whether `seq` is a position of this log (or its beginning): otherwise a follower needs a snapshot.
    pub(super) fn knows(&self, seq: i32) -> bool {
        seq == 0 || self.log().events.binary_search_by_key(&Some(seq), |event| event.seq).is_ok()
    }

    /// Tells of new events.
    pub(super) fn watch(&self) -> watch::Receiver<i32> {
        self.last.subscribe()
    }
}
