//! The accounts of the instance's own agents: nobody signs in as one, admins keep them.

use crate::{Result, Tx, users::User};
use chrono::{DateTime, Utc};
use domain::{ContainerId, UserId, lifecycle::Observed};
use sqlx::FromRow;
use uuid::Uuid;

/// One with what an admin sees of it.
#[derive(Debug, Clone, FromRow)]
pub struct Row {
    /// The account.
    #[sqlx(try_from = "Uuid")]
    pub user_id: UserId,
    /// Its name.
    pub username: String,
    /// What it is for.
    pub purpose: String,
    /// Name of the admin who made it, while he is there.
    pub made_by: Option<String>,
    /// Creation.
    pub created_at: DateTime<Utc>,
    /// Shut since.
    pub disabled_at: Option<DateTime<Utc>>,
    container_id: Option<Uuid>,
    observed: Option<String>,
    /// Last chat activity.
    pub last_used_at: Option<DateTime<Utc>>,
    idle_timeout_seconds: Option<i32>,
}

impl Row {
    /// Its container, once it was wanted for the first time.
    pub fn container_id(&self) -> Option<ContainerId> {
        self.container_id.map(ContainerId::from)
    }

    /// What was last seen of its container.
    pub fn observed(&self) -> Observed {
        self.observed.as_deref().map_or(Observed::Absent, Observed::from_stored)
    }

    /// Seconds without use after which its container is stopped; 0 = never, `None` = as the instance says.
    pub fn idle_timeout(&self) -> Option<u32> {
        self.idle_timeout_seconds.and_then(|seconds| u32::try_from(seconds).ok())
    }
}

macro_rules! rows_where {
    ($rest:literal) => {
        concat!(
            "select s.user_id, u.username, s.purpose, a.username as made_by, s.created_at, u.disabled_at,
                    c.id as container_id, c.observed, c.last_used_at, u.idle_timeout_seconds
             from system_containers s
             join users u on u.id = s.user_id
             left join users a on a.id = s.made_by
             left join user_containers c on c.user_id = s.user_id ",
            $rest
        )
    };
}

/// All of them, by name.
pub async fn list(tx: &mut Tx) -> Result<Vec<Row>> {
    Ok(sqlx::query_as(rows_where!("order by lower(u.username)")).fetch_all(tx.conn()).await?)
}

/// One of them.
pub async fn get(tx: &mut Tx, user: UserId) -> Result<Option<Row>> {
    let found = sqlx::query_as(rows_where!("where s.user_id = $1")).bind(user.uuid());
    Ok(found.fetch_optional(tx.conn()).await?)
}

/// How many there are. Takes a lock, so that two who add one each do not both find room for one.
pub async fn count_locked(tx: &mut Tx) -> Result<i64> {
    sqlx::query("lock table system_containers in share row exclusive mode").execute(tx.conn()).await?;
    Ok(sqlx::query_scalar("select count(*) from system_containers").fetch_one(tx.conn()).await?)
}

/// Makes an account one of them.
pub async fn insert(tx: &mut Tx, user: UserId, purpose: &str, made_by: UserId) -> Result<()> {
    sqlx::query("insert into system_containers (user_id, purpose, made_by) values ($1, $2, $3)")
        .bind(user.uuid())
        .bind(purpose)
        .bind(made_by.uuid())
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Says anew what it is for; whether there is one.
pub async fn set_purpose(tx: &mut Tx, user: UserId, purpose: &str) -> Result<bool> {
    let done =
        sqlx::query("update system_containers set purpose = $2, updated_at = now() where user_id = $1")
            .bind(user.uuid())
            .bind(purpose)
            .execute(tx.conn())
            .await?;
    Ok(done.rows_affected() > 0)
}

/// The account, where it is one of them and open, and `keeper` is an admin whose own is open.
pub async fn kept(tx: &mut Tx, account: UserId, keeper: UserId) -> Result<Option<User>> {
    Ok(sqlx::query_as(
        "select u.id, u.username, u.display_name, u.role, u.disabled_at, u.created_at
         from system_containers s
         join users u on u.id = s.user_id and u.disabled_at is null
         join users a on a.id = $2 and a.role = 'admin' and a.disabled_at is null
         where s.user_id = $1",
    )
    .bind(account.uuid())
    .bind(keeper.uuid())
    .fetch_optional(tx.conn())
    .await?)
}
