//! Which configuration a container has in force, as it reports itself.

use super::notify_changed;
use crate::{Result, Tx};
use chrono::{DateTime, Utc};
use domain::{ContainerId, UserId};

/// Whether the container has reported its user's newest providers and agents.
pub async fn has_newest_config(tx: &mut Tx, id: ContainerId) -> Result<bool> {
    let newest = sqlx::query_scalar!(
        r#"select coalesce(c.applied_change, '-infinity') >= coalesce(max(change.updated_at), '-infinity') as "newest!"
         from user_containers c
         left join (select user_id, updated_at from llm_providers
                    union all
                    select user_id, updated_at from user_agent_configs) change on change.user_id = c.user_id
         where c.id = $1 group by c.id"#,
        id.uuid(),
    )
    .fetch_optional(tx.conn())
    .await?;
    // A container that no longer exists lacks nothing.
    Ok(newest.unwrap_or(true))
}

/// Records what the container reported about its configuration.
pub async fn set_applied(
    tx: &mut Tx,
    id: ContainerId,
    version: Option<&str>,
    error: Option<&str>,
) -> Result<()> {
    let updated = sqlx::query!(
        "update user_containers set applied_version = $2, config_error = $3, updated_at = now()
         where id = $1 and (applied_version is distinct from $2 or config_error is distinct from $3)",
        id.uuid(),
        version,
        error,
    )
    .execute(tx.conn())
    .await?;
    if updated.rows_affected() > 0 {
        notify_changed(tx, id).await?;
    }
    Ok(())
}

/// Records whether the container reported that its state volume is full.
pub async fn set_disk_full(tx: &mut Tx, id: ContainerId, full: bool) -> Result<()> {
    let updated = sqlx::query!(
        "update user_containers set disk_full = $2 where id = $1 and disk_full <> $2",
        id.uuid(),
        full
    )
    .execute(tx.conn())
    .await?;
    if updated.rows_affected() > 0 {
        notify_changed(tx, id).await?;
    }
    Ok(())
}

/// When the user last changed a provider or an agent; `None` when they have neither.
pub async fn newest_change(tx: &mut Tx, user: UserId) -> Result<Option<DateTime<Utc>>> {
    Ok(sqlx::query_scalar!(
        "select max(updated_at) from (select updated_at from llm_providers where user_id = $1
                                      union all
                                      select updated_at from user_agent_configs where user_id = $1) change",
        user.uuid(),
    )
    .fetch_one(tx.conn())
    .await?)
}

/// Records that the container has everything up to this change.
pub async fn set_applied_change(tx: &mut Tx, id: ContainerId, change: Option<DateTime<Utc>>) -> Result<()> {
    let updated = sqlx::query!(
        "update user_containers set applied_change = $2 where id = $1 and applied_change is distinct from $2",
        id.uuid(),
        change,
    )
    .execute(tx.conn())
    .await?;
    if updated.rows_affected() > 0 {
        notify_changed(tx, id).await?;
    }
    Ok(())
}
