//! Put containers to rest that nobody uses.

use super::images;
use crate::{Result, Services, gateways};
use chrono::{DateTime, Utc};
use domain::{
    ChatId, Slug,
    containers::Containers,
    idle_policy::{self, IdleAction, IdlePolicy, IdleState, ImageFreshness, PowerState},
    image::PinnedImage,
    lifecycle::{Desired, Observed},
    settings::Settings,
};
use jobs::{
    ActsFor, Options, Priority,
    kinds::{RestartContainer, StopContainer},
};
use openclaw::SessionKey;
use std::time::Duration;
use store::{
    Tx,
    containers::Container,
    idle::{self, IdleContainer},
    images as rows,
};

/// How long a gateway may take to answer with its history.
const HISTORY_TIMEOUT: Duration = Duration::from_secs(2);

/// Enqueues the stop or pause of every container that is idle for longer than the settings allow. A container with a
/// running turn is not idle, nor is one whose agent works by itself. Answers how many. Their state stays; the next message
/// starts them again.
pub async fn reap(services: &Services, engine: &dyn Containers) -> Result<usize> {
    let settings = services.stored_settings().await?;
    let newest = images::refresh_newest(services, engine, &settings).await?;
    let mut tx = services.store.system("put idle containers to rest").await?;
    let idle_containers = idle::list(&mut tx).await?;
    let mut trial = ImageTrial::read(&mut tx, &newest).await?;
    drop(tx);
    let mut resting = 0;
    for idle in idle_containers {
        let state = idle_state(&idle, &newest, &settings);
        let Some(due) = idle_policy::next_action(state, policy(&idle, &settings)) else { continue };
        if due == IdleAction::UpdateImage && !trial.allows_another() {
            continue;
        }
        if let Some(at) = has_recent_activity(services, &idle.row, state.idle).await? {
            let store = &services.store;
            store
                .run_system("an agent works by itself", async |tx| {
                    idle::record_use(tx, idle.row.id, at).await
                })
                .await?;
        } else if put_to_rest(services, &idle, due).await? {
            resting += 1;
        }
    }
    Ok(resting)
}

/// A new image is tried by one container first; the others follow when that one became ready.
struct ImageTrial {
    proven: bool,
    tried: bool,
}

impl ImageTrial {
    async fn read(tx: &mut Tx, image: &PinnedImage) -> Result<Self> {
        Ok(Self { proven: rows::is_proven(tx, image).await?, tried: rows::is_on_trial(tx, image).await? })
    }

    fn allows_another(&mut self) -> bool {
        self.proven || !std::mem::replace(&mut self.tried, true)
    }
}

fn idle_state(idle: &IdleContainer, newest: &PinnedImage, settings: &Settings) -> IdleState {
    let is_another = |image: PinnedImage| !image.may_equal(&images::target(&idle.row, newest, settings));
    let outdated = settings.auto_update && idle.row.image().is_some_and(is_another);
    IdleState {
        idle: idle.idle,
        age: idle.age,
        power: if idle.row.observed == Observed::Paused { PowerState::Paused } else { PowerState::Running },
        image: if outdated { ImageFreshness::Outdated } else { ImageFreshness::Current },
    }
}

fn policy(idle: &IdleContainer, settings: &Settings) -> IdlePolicy {
    let seconds = |seconds: u32| Duration::from_secs(seconds.into());
    IdlePolicy {
        pause_after: seconds(settings.pause_after_seconds),
        stop_after: idle.timeout.unwrap_or(seconds(settings.idle_timeout_minutes) * 60),
        max_age: seconds(settings.max_age_seconds),
    }
}

/// `false`: it was used meanwhile.
async fn put_to_rest(services: &Services, idle: &IdleContainer, due: IdleAction) -> Result<bool> {
    let (desired, reason) = match due {
        IdleAction::Stop => (Desired::Stopped, "Nobody used it for a while."),
        IdleAction::StopForAge => (Desired::Stopped, "It had run for as long as the settings allow."),
        IdleAction::UpdateImage => (Desired::Running, "It moves to the new image while nobody uses it."),
        IdleAction::Pause => (Desired::Paused, "Nobody used it for a moment."),
    };
    let id = idle.row.id;
    let mut tx = services.store.system("put an idle container to rest").await?;
    if !idle::request_stop_if_idle(&mut tx, &idle.row, desired, idle.idle, reason).await? {
        return Ok(false);
    }
    let acts_for = ActsFor::system_for("the idle policy", idle.row.user_id);
    if due == IdleAction::UpdateImage {
        // There may be many at once, and no user waits for them.
        let options = Options { priority: Some(Priority::Low), ..Options::default() };
        jobs::enqueue(&mut tx, acts_for, &RestartContainer { container_id: id }, options).await?;
    } else {
        jobs::enqueue(&mut tx, acts_for, &StopContainer { container_id: id }, Options::default()).await?;
    }
    tx.commit().await?;
    Ok(true)
}

/// When the agent last wrote in one of its latest sessions, if that is less than `idle` ago: it continues by itself what a
/// restart interrupted, and sub-agents answer later.
async fn has_recent_activity(
    services: &Services,
    row: &Container,
    idle: Duration,
) -> Result<Option<DateTime<Utc>>> {
    let mut tx = services.store.system("is an agent at work").await?;
    let sessions = idle::last_sessions(&mut tx, row).await?;
    let handle = if row.is_up() { gateways::reach(services, &mut tx, row).await? } else { None };
    drop(tx);
    let Some(handle) = handle else { return Ok(None) };
    let before = services.clock.now() - idle;
    for session in sessions {
        let Ok(agent) = Slug::try_from(session.slug) else { continue };
        let key = SessionKey::of_branch(ChatId::from(session.chat_id), session.branch);
        let page =
            tokio::time::timeout(HISTORY_TIMEOUT, handle.gateway.read_history(&agent, key, 1, None)).await;
        // An agent that does not answer is not working.
        let Ok(page) = page else { return Ok(None) };
        let Ok(Some(page)) = page else { continue };
        let last = page.items.iter().filter_map(|item| DateTime::from_timestamp_millis(item.at_ms)).max();
        if let Some(last) = last.filter(|last| *last > before) {
            return Ok(Some(last));
        }
    }
    Ok(None)
}
