//! Put containers to rest that nobody uses.

use super::images;
use crate::{Result, Services, settings, turns::session_key};
use chrono::{DateTime, Utc};
use domain::{
    ChatId, Slug,
    containers::Containers,
    idle_policy::{self, IdleAction, IdlePolicy, IdleState, Image, PowerState},
    image::PinnedImage,
    lifecycle::{Desired, Observed},
    settings::Settings,
};
use jobs::{
    ActsFor, Options, Priority,
    kinds::{RestartContainer, StopContainer},
};
use std::time::Duration;
use store::{
    Tx,
    containers::Container,
    idle::{self, Idle},
    images as rows,
};

/// How long a gateway may take to say what it did last.
const ASKING: Duration = Duration::from_secs(2);

/// Lets every container go that is idle for longer than the settings say, and enqueues what brings it to rest. A
/// running turn is no idleness, nor is an agent that works without being asked. Answers how many. Their state
/// stays; the next message starts them again.
pub async fn reap(services: &Services, engine: &dyn Containers) -> Result<usize> {
    let settings = settings::read(&services.store).await?;
    let newest = images::learn(services, engine, &settings).await?;
    let mut tx = services.store.system("put idle containers to rest").await?;
    let at_rest = idle::list(&mut tx).await?;
    let mut trial = Trial::look(&mut tx, &newest).await?;
    drop(tx);
    let mut gone = 0;
    for idle in at_rest {
        let standing = standing(&idle, &newest, &settings);
        let Some(due) = idle_policy::due(standing, policy(&idle, &settings)) else { continue };
        if due == IdleAction::Renew && !trial.allows_another() {
            continue;
        }
        if let Some(at) = has_recent_activity(services, &idle.row, standing.idle).await? {
            let mut tx = services.store.system("an agent works without being asked").await?;
            idle::note_use(&mut tx, idle.row.id, at).await?;
            tx.commit().await?;
        } else if put_to_rest(services, &idle, due).await? {
            gone += 1;
        }
    }
    Ok(gone)
}

/// A new image is tried by one container first; the others follow when it became ready.
struct Trial {
    proven: bool,
    tried: bool,
}

impl Trial {
    async fn look(tx: &mut Tx, image: &PinnedImage) -> Result<Self> {
        Ok(Self { proven: rows::is_proven(tx, image).await?, tried: rows::is_on_trial(tx, image).await? })
    }

    fn allows_another(&mut self) -> bool {
        self.proven || !std::mem::replace(&mut self.tried, true)
    }
}

fn standing(idle: &Idle, newest: &PinnedImage, settings: &Settings) -> IdleState {
    let is_another = |image: PinnedImage| !image.may_be(&images::target(&idle.row, newest, settings));
    let outdated = settings.auto_update && idle.row.image().is_some_and(is_another);
    IdleState {
        idle: idle.idle(),
        age: idle.age(),
        power: if idle.row.observed() == Observed::Paused { PowerState::Paused } else { PowerState::Awake },
        image: if outdated { Image::Outdated } else { Image::Current },
    }
}

fn policy(idle: &Idle, settings: &Settings) -> IdlePolicy {
    let seconds = |seconds: u32| Duration::from_secs(seconds.into());
    IdlePolicy {
        pause_after: seconds(settings.pause_after_seconds),
        stop_after: idle.timeout().unwrap_or(seconds(settings.idle_timeout_minutes) * 60),
        max_age: seconds(settings.max_age_seconds),
    }
}

/// `false`: somebody used it meanwhile.
async fn put_to_rest(services: &Services, idle: &Idle, due: IdleAction) -> Result<bool> {
    let (desired, why) = match due {
        IdleAction::Stop => (Desired::Stopped, "Nobody used it for a while."),
        IdleAction::Retire => (Desired::Stopped, "It had run for as long as the settings allow."),
        IdleAction::Renew => (Desired::Running, "It moves to the new image while nobody uses it."),
        IdleAction::Pause => (Desired::Paused, "Nobody used it for a moment."),
    };
    let id = idle.row.id;
    let mut tx = services.store.system("put an idle container to rest").await?;
    if !idle::request_stop_if_idle(&mut tx, &idle.row, desired, idle.idle(), why).await? {
        return Ok(false);
    }
    // As its owner would: his own wish may be waiting under the same key.
    let owner = ActsFor::User(idle.row.user_id);
    if due == IdleAction::Renew {
        // Many at once, and nobody waits for them.
        let options = Options { priority: Some(Priority::Low), ..Options::default() };
        jobs::enqueue(&mut tx, owner, &RestartContainer { container_id: id }, options).await?;
    } else {
        jobs::enqueue(&mut tx, owner, &StopContainer { container_id: id }, Options::default()).await?;
    }
    tx.commit().await?;
    Ok(true)
}

/// When the agent last committed something in one of its latest sessions, if that is less than `idle` ago: it goes on
/// by itself with what a restart interrupted, and sub-agents answer later.
async fn has_recent_activity(
    services: &Services,
    row: &Container,
    idle: Duration,
) -> Result<Option<DateTime<Utc>>> {
    let mut tx = services.store.system("is an agent at work").await?;
    let sessions = idle::last_sessions(&mut tx, row).await?;
    let reached = if row.is_up() { services.gateways.reach(services, &mut tx, row).await? } else { None };
    drop(tx);
    let Some(reached) = reached else { return Ok(None) };
    let before = services.clock.now() - idle;
    for session in sessions {
        let Ok(agent) = Slug::try_from(session.slug) else { continue };
        let key = session_key(ChatId::from(session.chat_id), session.branch);
        let page = tokio::time::timeout(ASKING, reached.gateway.history(&agent, key, 1, None)).await;
        // One that does not answer is not at work.
        let Ok(page) = page else { return Ok(None) };
        let Ok(Some(page)) = page else { continue };
        let last = page.items.iter().filter_map(|item| DateTime::from_timestamp_millis(item.at_ms)).max();
        if let Some(last) = last.filter(|last| *last > before) {
            return Ok(Some(last));
        }
    }
    Ok(None)
}
