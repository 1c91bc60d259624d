//! Start a container before its owner's first message: when they sign in, or open the chat page.

use super::{admission, ensure_running};
use crate::{Cx, Result, Services};
use domain::{
    Actor, ContainerId, UserId,
    lifecycle::{Desired, Observed},
};
use store::{Tx, agents, containers, users};

/// What the user did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PrewarmTrigger {
    /// They signed in.
    SignedIn,
    /// They opened the chat page. A container that they stopped themselves stays stopped.
    OpenedChat,
}

/// Starts the user's container where the settings say so, the user has an agent, and there is room: no other container
/// has to stop for it. A container that runs or starts is left alone. A failure costs only the head start.
pub(crate) async fn prewarm(services: &Services, user: UserId, trigger: PrewarmTrigger) {
    if !services.settings.get().prewarm {
        return;
    }
    if let Err(error) = try_prewarm(services, user, trigger).await {
        tracing::warn!(%error, "a container could not be started early");
    }
}

/// The acting user's browser shows the chat page: their first message is about to come.
pub async fn prewarm_for_chat_page(cx: &Cx) {
    if let Ok(user) = cx.user() {
        prewarm(&cx.services, user, PrewarmTrigger::OpenedChat).await;
    }
}

async fn try_prewarm(services: &Services, user: UserId, trigger: PrewarmTrigger) -> Result<()> {
    let actor = Actor::on_behalf_of(user);
    let mut tx = services.store.begin(&actor).await?;
    if !is_worth_it(&mut tx, user, trigger).await? {
        return Ok(());
    }
    drop(tx);
    let mut tx = services.store.system("start a container early").await?;
    let settings = services.settings.get();
    let limits = users::limits(&mut tx, user).await?.apply_to(settings.limits);
    if !admission::has_room(&mut tx, &settings, limits).await? {
        return Ok(());
    }
    let row = containers::ensure(&mut tx, ContainerId::new(services.clock.now()), user).await?;
    // Read again under the lock: two pages that open at once are one start.
    if is_stopped(row.desired, row.observed) {
        ensure_running::enqueue_start(&mut tx, &actor, row.id).await?;
        tx.commit().await?;
    }
    Ok(())
}

async fn is_worth_it(tx: &mut Tx, user: UserId, trigger: PrewarmTrigger) -> Result<bool> {
    let stopped = match containers::get_of(tx, user).await? {
        Some(row) if row.stopped_by_user && trigger == PrewarmTrigger::OpenedChat => false,
        Some(row) => is_stopped(row.desired, row.observed),
        None => true,
    };
    Ok(stopped && !agents::list_of(tx, user).await?.is_empty())
}

/// Neither running nor starting, and not failed: a failed one waits for a message.
fn is_stopped(desired: Desired, observed: Observed) -> bool {
    desired != Desired::Running && observed != Observed::Failed
}
