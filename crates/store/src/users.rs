//! Accounts, breakglass passwords and wrapped user keys.

use crate::{Result, Tx};
use chrono::{DateTime, Utc};
use domain::{UserId, limits::OwnLimits};
use sqlx::{FromRow, types::Json};
use uuid::Uuid;

/// An account.
#[derive(Debug, Clone, FromRow)]
pub struct User {
    /// Its id.
    #[sqlx(try_from = "Uuid")]
    pub id: UserId,
    /// Sign-in name.
    pub username: String,
    /// Name shown.
    pub display_name: String,
    /// `user` or `admin`.
    pub role: String,
    /// Shut since.
    pub disabled_at: Option<DateTime<Utc>>,
    /// Creation.
    pub created_at: DateTime<Utc>,
}

const COLUMNS: &str = "id, username, display_name, role, disabled_at, created_at";

/// A user with what is needed to check his password.
#[derive(Debug, Clone, FromRow)]
pub struct Breakglass {
    /// The account.
    #[sqlx(flatten)]
    pub user: User,
    /// Argon2id in PHC format.
    pub password_hash: String,
}

/// Creates an account. A taken username is a conflict on `users_username`.
pub async fn insert(tx: &mut Tx, id: UserId, username: &str, display_name: &str, role: &str) -> Result<()> {
    sqlx::query("insert into users (id, username, display_name, role) values ($1, $2, $3, $4)")
        .bind(id.uuid())
        .bind(username)
        .bind(display_name)
        .bind(role)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// One account.
pub async fn get(tx: &mut Tx, id: UserId) -> Result<Option<User>> {
    let sql = format!("select {COLUMNS} from users where id = $1");
    Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(id.uuid()).fetch_optional(tx.conn()).await?)
}

/// Whether any breakglass admin exists. Takes a lock, so that two first requests cannot both find none.
pub async fn breakglass_exists_locked(tx: &mut Tx) -> Result<bool> {
    sqlx::query("lock table breakglass_users in share row exclusive mode").execute(tx.conn()).await?;
    breakglass_exists(tx).await
}

/// Whether any breakglass admin exists.
pub async fn breakglass_exists(tx: &mut Tx) -> Result<bool> {
    Ok(sqlx::query_scalar("select exists (select from breakglass_users)").fetch_one(tx.conn()).await?)
}

/// Stores or replaces the breakglass password of an account.
pub async fn set_breakglass(tx: &mut Tx, user: UserId, password_hash: &str) -> Result<()> {
    sqlx::query(
        "insert into breakglass_users (user_id, password_hash) values ($1, $2)
         on conflict (user_id) do update set password_hash = excluded.password_hash, changed_at = now()",
    )
    .bind(user.uuid())
    .bind(password_hash)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The breakglass admin of that name.
pub async fn breakglass_by_name(tx: &mut Tx, username: &str) -> Result<Option<Breakglass>> {
    Ok(sqlx::query_as(
        "select u.id, u.username, u.display_name, u.role, u.disabled_at, u.created_at, b.password_hash
         from users u join breakglass_users b on b.user_id = u.id where lower(u.username) = lower($1)",
    )
    .bind(username)
    .fetch_optional(tx.conn())
    .await?)
}

/// The stored password of an account; `None` when it is not a breakglass admin's.
pub async fn breakglass_hash(tx: &mut Tx, user: UserId) -> Result<Option<String>> {
    Ok(sqlx::query_scalar("select password_hash from breakglass_users where user_id = $1")
        .bind(user.uuid())
        .fetch_optional(tx.conn())
        .await?)
}

/// Whether the account is open and a person's, and still has this breakglass password (`None` = whatever it signs in
/// with). Holds it as it is until the transaction ends, so that a session that is opened now cannot outlive a change
/// made meanwhile.
pub async fn still_opens(tx: &mut Tx, user: UserId, password_hash: Option<&str>) -> Result<bool> {
    let open: Option<bool> =
        sqlx::query_scalar(
            "select disabled_at is null and not exists (select from system_containers s where s.user_id = users.id)
             from users where id = $1 for share",
        )
        .bind(user.uuid())
        .fetch_optional(tx.conn())
        .await?;
    let Some(hash) = password_hash else { return Ok(open == Some(true)) };
    let same: Option<bool> =
        sqlx::query_scalar("select password_hash = $2 from breakglass_users where user_id = $1 for share")
            .bind(user.uuid())
            .bind(hash)
            .fetch_optional(tx.conn())
            .await?;
    Ok(open == Some(true) && same == Some(true))
}

/// Replaces a breakglass password that is still `before`; `false` when somebody was faster.
pub async fn replace_breakglass(tx: &mut Tx, user: UserId, before: &str, after: &str) -> Result<bool> {
    let done = sqlx::query(
        "update breakglass_users set password_hash = $3, changed_at = now() where user_id = $1 and password_hash = $2",
    )
    .bind(user.uuid())
    .bind(before)
    .bind(after)
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() > 0)
}

/// Gives an account another role.
pub async fn set_role(tx: &mut Tx, user: UserId, role: &str) -> Result<()> {
    sqlx::query("update users set role = $2 where id = $1")
        .bind(user.uuid())
        .bind(role)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Whether a username is taken, without regard to case.
pub async fn name_is_taken(tx: &mut Tx, username: &str) -> Result<bool> {
    Ok(sqlx::query_scalar("select exists (select from users where lower(username) = lower($1))")
        .bind(username)
        .fetch_one(tx.conn())
        .await?)
}

/// The oldest breakglass admin, for a reset on the server.
pub async fn first_breakglass(tx: &mut Tx) -> Result<Option<User>> {
    Ok(sqlx::query_as(
        "select u.id, u.username, u.display_name, u.role, u.disabled_at, u.created_at
         from users u join breakglass_users b on b.user_id = u.id order by u.created_at limit 1",
    )
    .fetch_optional(tx.conn())
    .await?)
}

/// The user's wrapped data key.
pub async fn wrapped_key(tx: &mut Tx, user: UserId) -> Result<Option<Vec<u8>>> {
    Ok(sqlx::query_scalar("select wrapped from user_keys where user_id = $1")
        .bind(user.uuid())
        .fetch_optional(tx.conn())
        .await?)
}

/// Stores the user's first wrapped data key unless he has one, and answers with the one in force.
pub async fn insert_wrapped_key(tx: &mut Tx, user: UserId, key_id: &str, wrapped: &[u8]) -> Result<Vec<u8>> {
    sqlx::query(
        "insert into user_keys (user_id, key_id, wrapped) values ($1, $2, $3) on conflict do nothing",
    )
    .bind(user.uuid())
    .bind(key_id)
    .bind(wrapped)
    .execute(tx.conn())
    .await?;
    Ok(sqlx::query_scalar("select wrapped from user_keys where user_id = $1")
        .bind(user.uuid())
        .fetch_one(tx.conn())
        .await?)
}

/// An account as an admin sees it.
#[derive(Debug, Clone, FromRow)]
pub struct Listed {
    /// The account.
    #[sqlx(flatten)]
    pub user: User,
    /// Whether it has a breakglass password.
    pub breakglass: bool,
    /// Whether it is one of the instance's own agents, which nobody signs in as.
    pub system: bool,
    /// Its last request by a session that is still there.
    pub last_seen_at: Option<DateTime<Utc>>,
    idle_timeout_seconds: Option<i32>,
    /// The limits of its own for its container.
    #[sqlx(json)]
    pub limits: OwnLimits,
}

impl Listed {
    /// Seconds without use after which its container is stopped; 0 = never, `None` = as the instance says.
    pub fn idle_timeout(&self) -> Option<u32> {
        self.idle_timeout_seconds.and_then(|seconds| u32::try_from(seconds).ok())
    }
}

macro_rules! listed_where {
    ($rest:literal) => {
        concat!(
            "select u.id, u.username, u.display_name, u.role, u.disabled_at, u.created_at, u.idle_timeout_seconds, u.limits,
                    exists (select from breakglass_users b where b.user_id = u.id) as breakglass,
                    exists (select from system_containers c where c.user_id = u.id) as system,
                    (select max(s.last_seen_at) from sessions s where s.user_id = u.id) as last_seen_at
             from users u ",
            $rest
        )
    };
}

/// Accounts by name, behind `after`; needs system scope, because sessions and passwords are nobody else's.
pub async fn list(tx: &mut Tx, after: Option<&str>, limit: i64) -> Result<Vec<Listed>> {
    Ok(sqlx::query_as(listed_where!(
        "where $1::text is null or lower(u.username) > lower($1) order by lower(u.username) limit $2"
    ))
    .bind(after)
    .bind(limit)
    .fetch_all(tx.conn())
    .await?)
}

/// One account as an admin sees it, locked against changes by others until the transaction ends.
pub async fn get_locked(tx: &mut Tx, id: UserId) -> Result<Option<Listed>> {
    Ok(sqlx::query_as(listed_where!("where u.id = $1 for update of u"))
        .bind(id.uuid())
        .fetch_optional(tx.conn())
        .await?)
}

/// Changes what an admin may change of an account.
pub async fn set_standing(tx: &mut Tx, id: UserId, role: &str, disabled: bool) -> Result<()> {
    sqlx::query(
        "update users set role = $2, disabled_at = case when $3 then coalesce(disabled_at, now()) end where id = $1",
    )
    .bind(id.uuid())
    .bind(role)
    .bind(disabled)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Sets how long an account's container may idle, in seconds; `None` = as the instance says.
pub async fn set_idle_timeout(tx: &mut Tx, id: UserId, seconds: Option<u32>) -> Result<()> {
    sqlx::query("update users set idle_timeout_seconds = $2 where id = $1")
        .bind(id.uuid())
        .bind(seconds.and_then(|seconds| i32::try_from(seconds).ok()))
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Sets the limits of its own for an account's container.
pub async fn set_limits(tx: &mut Tx, id: UserId, limits: OwnLimits) -> Result<()> {
    sqlx::query("update users set limits = $2 where id = $1")
        .bind(id.uuid())
        .bind(Json(limits))
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// The limits of its own for the user's container.
pub async fn limits(tx: &mut Tx, id: UserId) -> Result<OwnLimits> {
    let limits: Option<Json<OwnLimits>> = sqlx::query_scalar("select limits from users where id = $1")
        .bind(id.uuid())
        .fetch_optional(tx.conn())
        .await?;
    Ok(limits.map(|Json(limits)| limits).unwrap_or_default())
}

/// How long the user's container may idle, in seconds; `None` = as the instance says.
pub async fn idle_timeout(tx: &mut Tx, id: UserId) -> Result<Option<u32>> {
    let seconds: Option<Option<i32>> =
        sqlx::query_scalar("select idle_timeout_seconds from users where id = $1")
            .bind(id.uuid())
            .fetch_optional(tx.conn())
            .await?;
    Ok(seconds.flatten().and_then(|seconds| u32::try_from(seconds).ok()))
}

/// Deletes an account and all rows that are its own; the audit log stays. `false`: there was none.
pub async fn delete(tx: &mut Tx, id: UserId) -> Result<bool> {
    let gone = sqlx::query("delete from users where id = $1").bind(id.uuid()).execute(tx.conn()).await?;
    Ok(gone.rows_affected() > 0)
}

/// Wrapped data keys that another key than `key_id` wraps, locked; in the order of their users, behind `after`.
pub async fn keys_of_others(
    tx: &mut Tx,
    key_id: &str,
    after: Option<UserId>,
    limit: i64,
) -> Result<Vec<(UserId, Vec<u8>)>> {
    let rows: Vec<(Uuid, Vec<u8>)> = sqlx::query_as(
        "select user_id, wrapped from user_keys
         where key_id <> $1 and ($2::uuid is null or user_id > $2) order by user_id limit $3 for update",
    )
    .bind(key_id)
    .bind(after.map(UserId::uuid))
    .bind(limit)
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|(user, wrapped)| (user.into(), wrapped)).collect())
}

/// Replaces a user's wrapped data key; the key inside is the same.
pub async fn replace_wrapped_key(tx: &mut Tx, user: UserId, key_id: &str, wrapped: &[u8]) -> Result<()> {
    sqlx::query("update user_keys set key_id = $2, wrapped = $3, updated_at = now() where user_id = $1")
        .bind(user.uuid())
        .bind(key_id)
        .bind(wrapped)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// How many wrapped data keys there are, by the id of the key that wraps them.
pub async fn count_keys(tx: &mut Tx) -> Result<Vec<(String, i64)>> {
    Ok(sqlx::query_as("select key_id, count(*) from user_keys group by key_id").fetch_all(tx.conn()).await?)
}
