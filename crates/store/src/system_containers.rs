//! The accounts of the instance's own agents: no person signs in as one, admins look after them.

use crate::{
    Result, Tx,
    stored::Stored,
    users::{User, select_users},
};
use chrono::{DateTime, Utc};
use domain::{ContainerId, UserId, lifecycle::Observed};
use uuid::Uuid;

/// An account with what an admin sees of it.
#[derive(Debug, Clone)]
pub struct SystemContainer {
    /// The account.
    pub user_id: UserId,
    pub username: String,
    /// What it is for.
    pub purpose: String,
    /// Name of the admin who created it; `None` when their account is deleted.
    pub made_by: Option<String>,
    pub created_at: DateTime<Utc>,
    pub disabled_at: Option<DateTime<Utc>>,
    container_id: Option<Uuid>,
    /// What was last seen of its container.
    pub observed: Observed,
    /// Last chat activity.
    pub last_used_at: Option<DateTime<Utc>>,
    idle_timeout_seconds: Option<i32>,
}

impl SystemContainer {
    /// Its container, once it was used for the first time.
    pub fn container_id(&self) -> Option<ContainerId> {
        self.container_id.map(ContainerId::from)
    }

    /// Seconds without use after which its container is stopped; 0 = never, `None` = the instance's setting.
    pub fn idle_timeout(&self) -> Option<u32> {
        self.idle_timeout_seconds.and_then(|seconds| u32::try_from(seconds).ok())
    }
}

/// System containers, by the text behind the joins.
macro_rules! select_system_containers {
    ($rest:literal $(, $arg:expr)* $(,)?) => {
        sqlx::query_as!(
            SystemContainer,
            r#"select s.user_id, u.username, s.purpose, a.username as "made_by?", s.created_at, u.disabled_at,
                    c.id as "container_id?", coalesce(c.observed, 'absent') as "observed!: Stored<Observed>",
                    c.last_used_at as "last_used_at?", u.idle_timeout_seconds
             from system_containers s
             join users u on u.id = s.user_id
             left join users a on a.id = s.made_by
             left join user_containers c on c.user_id = s.user_id "# + $rest
            $(, $arg)*
        )
    };
}

/// All of them, by name.
pub async fn list(tx: &mut Tx) -> Result<Vec<SystemContainer>> {
    Ok(select_system_containers!("order by lower(u.username)").fetch_all(tx.conn()).await?)
}

pub async fn get(tx: &mut Tx, user: UserId) -> Result<Option<SystemContainer>> {
    Ok(select_system_containers!("where s.user_id = $1", user.uuid()).fetch_optional(tx.conn()).await?)
}

/// How many there are. Takes a lock, so that two requests that add one each do not both find room for one.
pub async fn count_locked(tx: &mut Tx) -> Result<i64> {
    sqlx::query!("lock table system_containers in share row exclusive mode").execute(tx.conn()).await?;
    Ok(sqlx::query_scalar!(r#"select count(*) as "count!" from system_containers"#)
        .fetch_one(tx.conn())
        .await?)
}

/// Makes an account one of them.
pub async fn insert(tx: &mut Tx, user: UserId, purpose: &str, made_by: UserId) -> Result<()> {
    sqlx::query!(
        "insert into system_containers (user_id, purpose, made_by) values ($1, $2, $3)",
        user.uuid(),
        purpose,
        made_by.uuid(),
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Changes what it is for; whether there is one.
pub async fn set_purpose(tx: &mut Tx, user: UserId, purpose: &str) -> Result<bool> {
    let done = sqlx::query!(
        "update system_containers set purpose = $2, updated_at = now() where user_id = $1",
        user.uuid(),
        purpose,
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() > 0)
}

/// The account for which `admin` may act: it is one of the instance's own agents and not disabled, and `admin` is an
/// admin whose account is not disabled.
pub async fn authorize_impersonation(tx: &mut Tx, account: UserId, admin: UserId) -> Result<Option<User>> {
    Ok(select_users!(
        "from system_containers s
         join users u on u.id = s.user_id and u.disabled_at is null
         join users a on a.id = $2 and a.role = 'admin' and a.disabled_at is null
         where s.user_id = $1",
        account.uuid(),
        admin.uuid(),
    )
    .fetch_optional(tx.conn())
    .await?)
}
