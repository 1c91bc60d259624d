//! Why a job waits, in one plain sentence.

use ::jobs::{JobView, QueuePosition, WaitReason};
use chrono::TimeDelta;
use serde::Serialize;
use utoipa::ToSchema;

/// Why a job has not started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = JobWait)]
pub struct Wait {
    /// Stable name: `due`, `retry`, `paused`, `no_worker`, `slot` or `starting`.
    pub code: &'static str,
    /// The reason as a sentence for people.
    pub sentence: String,
}

/// The first thing that keeps the job from starting.
pub(super) fn explain(job: &JobView, reason: WaitReason) -> Wait {
    let WaitReason { position, lane } = reason;
    let wait = |code, sentence| Wait { code, sentence };
    let QueuePosition { ahead, busy, slots } = position;
    let left = job.due_at - lane.asked_at;
    if left > TimeDelta::zero() {
        let at = job.due_at.format("%Y-%m-%d %H:%M:%S UTC");
        if job.failures == 0 {
            return wait("due", format!("Waits for its time: due in {}, at {at}.", duration_text(left)));
        }
        let next =
            format!("Try {} of {} begins in {}.", job.failures + 1, job.max_attempts, duration_text(left));
        let why = job.last_error.as_deref().unwrap_or("The last try failed.");
        return wait("retry", format!("Waits for its next try. {next} Before: {why}"));
    }
    if let Some(since) = lane.paused_at {
        let since = duration_text(lane.asked_at - since);
        return wait("paused", format!("Lane {} is paused since {since}. An admin can resume it.", job.lane));
    }
    if slots == 0 {
        let last_seen = lane.worker_seen.map_or_else(
            || "none was ever seen".to_owned(),
            |seen| format!("the last one was seen {} ago", duration_text(lane.asked_at - seen)),
        );
        return wait(
            "no_worker",
            format!("No worker that serves lane {} is running; {last_seen}.", job.lane),
        );
    }
    if busy >= slots {
        let ahead = if ahead >= 1000 { "1,000 or more".to_owned() } else { ahead.to_string() };
        return wait(
            "slot",
            format!("Waits for a free slot in lane {}: {busy} of {slots} busy, {ahead} ahead.", job.lane),
        );
    }
    wait("starting", format!("Starts at any moment: {busy} of {slots} slots busy, {ahead} ahead."))
}

/// A duration in the unit that people would use.
fn duration_text(duration: TimeDelta) -> String {
    let seconds = duration.num_seconds().max(0);
    match seconds {
        0 => "less than a second".to_owned(),
        1..=119 => format!("{seconds} s"),
        120..=7199 => format!("{} min", seconds / 60),
        7200..=172_799 => format!("{} h", seconds / 3600),
        _ => format!("{} days", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use ::jobs::{JobState, LaneStatus, Priority};
    use chrono::{DateTime, Utc};
    use domain::JobId;

    fn now() -> DateTime<Utc> {
        "2026-11-22T16:00:00Z".parse().unwrap()
    }

    fn job() -> JobView {
        JobView {
            id: JobId::new(now()),
            kind: "start-container".into(),
            lane: "containers".into(),
            owner: None,
            state: JobState::Queued,
            priority: Priority::Normal,
            due_at: now(),
            attempt: 0,
            failures: 0,
            max_attempts: 5,
            lost_leases: 0,
            cancel_requested_at: None,
            progress: None,
            last_error: None,
            created_at: now(),
            started_at: None,
            finished_at: None,
        }
    }

    const FULL: QueuePosition = QueuePosition { ahead: 3, busy: 4, slots: 4 };

    fn open() -> LaneStatus {
        LaneStatus { paused_at: None, worker_seen: Some(now()), asked_at: now() }
    }

    #[test]
    fn each_reason_has_its_sentence() {
        let later = JobView { due_at: now() + TimeDelta::seconds(300), ..job() };
        let again = JobView {
            due_at: now() + TimeDelta::seconds(4),
            attempt: 1,
            failures: 1,
            last_error: Some("The engine does not answer.".into()),
            ..job()
        };
        let paused = LaneStatus { paused_at: Some(now() - TimeDelta::hours(3)), ..open() };
        let nobody = LaneStatus { worker_seen: Some(now() - TimeDelta::minutes(3)), ..open() };
        let never = LaneStatus { worker_seen: None, ..open() };
        let none = QueuePosition { slots: 0, busy: 0, ahead: 0 };
        let free = QueuePosition { busy: 1, ahead: 0, ..FULL };
        for (job, position, lane, code, sentence) in [
            (&later, FULL, open(), "due", "Waits for its time: due in 5 min, at 2026-11-22 16:05:00 UTC."),
            (
                &again,
                FULL,
                open(),
                "retry",
                "Waits for its next try. Try 2 of 5 begins in 4 s. Before: The engine does not answer.",
            ),
            (&job(), FULL, paused, "paused", "Lane containers is paused since 3 h. An admin can resume it."),
            (
                &job(),
                none,
                nobody,
                "no_worker",
                "No worker that serves lane containers is running; the last one was seen 3 min ago.",
            ),
            (
                &job(),
                none,
                never,
                "no_worker",
                "No worker that serves lane containers is running; none was ever seen.",
            ),
            (&job(), FULL, open(), "slot", "Waits for a free slot in lane containers: 4 of 4 busy, 3 ahead."),
            (&job(), free, open(), "starting", "Starts at any moment: 1 of 4 slots busy, 0 ahead."),
        ] {
            let wait = explain(job, WaitReason { position, lane });
            assert_eq!((wait.code, wait.sentence.as_str()), (code, sentence));
        }
    }
}
