//! Start a container before its owner's first message: he signed in, or opened the chat page.

use super::{admission, ensure_running};
use crate::{Cx, Result, Services};
use domain::{
    Actor, ContainerId, Person, Role, UserId,
    lifecycle::{Desired, Observed},
};
use store::{Tx, agents, containers, users};

/// What somebody did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PrewarmTrigger {
    /// He signed in.
    SignedIn,
    /// He looks at his chats. What he put to sleep himself stays asleep.
    OpenedChat,
}

/// Wants the user's container running where the settings say so, he has an agent, and there is room: nobody else's
/// container has to go for it. One that runs or is about to is left alone. A failure costs the head start only.
pub(crate) async fn prewarm(services: &Services, user: UserId, came: PrewarmTrigger) {
    if !services.settings.get().wake_early {
        return;
    }
    if let Err(error) = try_wake(services, user, came).await {
        tracing::warn!(%error, "a container could not be started early");
    }
}

/// The acting user's browser shows his chats: his first message is about to come.
pub async fn page_opened(cx: &Cx) {
    if let Ok(user) = cx.user() {
        prewarm(&cx.services, user, PrewarmTrigger::OpenedChat).await;
    }
}

async fn try_wake(services: &Services, user: UserId, came: PrewarmTrigger) -> Result<()> {
    let actor = Actor::User(Person { id: user, role: Role::User });
    let mut tx = services.store.begin(&actor).await?;
    if !is_worth_it(&mut tx, user, came).await? {
        return Ok(());
    }
    drop(tx);
    let mut tx = services.store.system("start a container early").await?;
    let settings = services.settings.get();
    let limits = users::limits(&mut tx, user).await?.over(settings.limits);
    if !admission::has_room(&mut tx, &settings, limits).await? {
        return Ok(());
    }
    let row = containers::ensure(&mut tx, ContainerId::new(services.clock.now()), user).await?;
    // Looked at again under the lock: two pages open at once are one start.
    if is_asleep(row.desired(), row.observed()) {
        ensure_running::enqueue_start(&mut tx, &actor, row.id).await?;
        tx.commit().await?;
    }
    Ok(())
}

async fn is_worth_it(tx: &mut Tx, user: UserId, came: PrewarmTrigger) -> Result<bool> {
    let asleep = match containers::get_of(tx, user).await? {
        Some(row) if row.put_to_sleep && came == PrewarmTrigger::OpenedChat => false,
        Some(row) => is_asleep(row.desired(), row.observed()),
        None => true,
    };
    Ok(asleep && !agents::list_of(tx, user).await?.is_empty())
}

/// Neither running nor wanted to, and not given up: that waits for a message.
fn is_asleep(desired: Desired, observed: Observed) -> bool {
    desired != Desired::Running && observed != Observed::Failed
}
