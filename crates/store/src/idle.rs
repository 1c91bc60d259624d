//! Containers that nobody uses: which they are is decided where they are let go, in one statement.

use crate::{
    Result, Tx,
    containers::{changed, event},
};
use domain::{ContainerId, UserId};
use uuid::Uuid;

/// Stops wanting those ready containers that nobody has used for `minutes` and whose user has no turn that is not
/// over. Answers which they were. The rows are compared when they are changed: a message that arrives at the same
/// moment notes its use under the row's lock, and whoever comes second sees the other.
pub async fn let_go(tx: &mut Tx, minutes: u32) -> Result<Vec<(ContainerId, UserId)>> {
    let idle: Vec<(Uuid, Uuid, i64)> = sqlx::query_as(
        "update user_containers c set desired = 'stopped', updated_at = now()
         where desired = 'running' and observed = 'ready'
               and greatest(last_used_at, ready_at, stage_since) < now() - make_interval(mins => $1)
               and not exists (select from turns t
                               where t.user_id = c.user_id and t.status in ('pending', 'running'))
         returning id, user_id, generation",
    )
    .bind(i32::try_from(minutes).unwrap_or(i32::MAX))
    .fetch_all(tx.conn())
    .await?;
    let mut gone = Vec::new();
    for (id, user, generation) in idle {
        let (id, user) = (ContainerId::from(id), UserId::from(user));
        event(tx, id, user, generation, "wanted", "Nobody used it for a while.").await?;
        changed(tx, id).await?;
        gone.push((id, user));
    }
    Ok(gone)
}
