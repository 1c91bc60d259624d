//! Accounts, breakglass passwords and wrapped user keys.

use crate::{Result, Tx};
use chrono::{DateTime, Utc};
use domain::{Role, UserId, limits::LimitOverrides};
use sqlx::types::Json;

#[derive(Debug, Clone)]
pub struct User {
    pub id: UserId,
    /// Sign-in name.
    pub username: String,
    pub display_name: String,
    pub role: Role,
    pub disabled_at: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
}

/// Users, by the text after the columns, in which they are called `u`.
macro_rules! select_users {
    ($from:literal $(, $arg:expr)* $(,)?) => {
        sqlx::query_as!(
            $crate::users::User,
            r#"select u.id, u.username, u.display_name, u.role as "role: crate::stored::Stored<domain::Role>",
                      u.disabled_at, u.created_at "# + $from
            $(, $arg)*
        )
    };
}
pub(crate) use select_users;

/// Rows of a user `u` with further columns; [`user_of_row`] takes the user out of one.
macro_rules! select_with_user {
    ($columns:literal, $from:literal $(+ $more:literal)? $(, $arg:expr)* $(,)?) => {
        sqlx::query!(
            "select " + $columns + r#", u.id, u.username, u.display_name,
                u.role as "role: crate::stored::Stored<domain::Role>", u.disabled_at, u.created_at "#
                + $from $(+ $more)?
            $(, $arg)*
        )
    };
}
pub(crate) use select_with_user;

/// The user in a row of [`select_with_user`].
macro_rules! user_of_row {
    ($row:ident) => {
        $crate::users::User {
            id: $row.id.into(),
            username: $row.username,
            display_name: $row.display_name,
            role: $row.role.into(),
            disabled_at: $row.disabled_at,
            created_at: $row.created_at,
        }
    };
}
pub(crate) use user_of_row;

/// A user with what is needed to check their password.
#[derive(Debug, Clone)]
pub struct Breakglass {
    pub user: User,
    /// Argon2id in PHC format.
    pub password_hash: String,
}

/// Creates an account. A taken username is a conflict on `users_username`.
pub async fn insert(tx: &mut Tx, id: UserId, username: &str, display_name: &str, role: Role) -> Result<()> {
    sqlx::query!(
        "insert into users (id, username, display_name, role) values ($1, $2, $3, $4)",
        id.uuid(),
        username,
        display_name,
        role.as_str(),
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub async fn get(tx: &mut Tx, id: UserId) -> Result<Option<User>> {
    Ok(select_users!("from users u where u.id = $1", id.uuid()).fetch_optional(tx.conn()).await?)
}

/// Whether any breakglass admin exists. Takes a lock, so that two first requests cannot both find none.
pub async fn breakglass_exists_locked(tx: &mut Tx) -> Result<bool> {
    sqlx::query!("lock table breakglass_users in share row exclusive mode").execute(tx.conn()).await?;
    breakglass_exists(tx).await
}

/// Whether any breakglass admin exists.
pub async fn breakglass_exists(tx: &mut Tx) -> Result<bool> {
    Ok(sqlx::query_scalar!(r#"select exists (select from breakglass_users) as "exists!""#)
        .fetch_one(tx.conn())
        .await?)
}

/// Stores or replaces the breakglass password of an account.
pub async fn set_breakglass(tx: &mut Tx, user: UserId, password_hash: &str) -> Result<()> {
    sqlx::query!(
        "insert into breakglass_users (user_id, password_hash) values ($1, $2)
         on conflict (user_id) do update set password_hash = excluded.password_hash, changed_at = now()",
        user.uuid(),
        password_hash,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The breakglass admin of that name.
pub async fn breakglass_by_name(tx: &mut Tx, username: &str) -> Result<Option<Breakglass>> {
    let row = select_with_user!(
        "b.password_hash",
        "from users u join breakglass_users b on b.user_id = u.id where lower(u.username) = lower($1)",
        username,
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(|row| Breakglass { user: user_of_row!(row), password_hash: row.password_hash }))
}

/// The stored password of an account; `None` when it is not a breakglass admin's.
pub async fn breakglass_hash(tx: &mut Tx, user: UserId) -> Result<Option<String>> {
    Ok(sqlx::query_scalar!("select password_hash from breakglass_users where user_id = $1", user.uuid())
        .fetch_optional(tx.conn())
        .await?)
}

/// Whether a person can sign in to the account now: it is not disabled, it is not one of the instance's own agents, and
/// it still has this breakglass password (`None`: the sign-in does not use one). Locks the rows until the transaction
/// ends, so that a session that is opened now cannot outlive a change made meanwhile.
pub async fn can_sign_in(tx: &mut Tx, user: UserId, password_hash: Option<&str>) -> Result<bool> {
    let open = sqlx::query_scalar!(
        r#"select disabled_at is null and not exists (select from system_containers s where s.user_id = users.id)
                  as "open!"
         from users where id = $1 for share"#,
        user.uuid(),
    )
    .fetch_optional(tx.conn())
    .await?;
    let Some(hash) = password_hash else { return Ok(open == Some(true)) };
    let same = sqlx::query_scalar!(
        r#"select password_hash = $2 as "same!" from breakglass_users where user_id = $1 for share"#,
        user.uuid(),
        hash,
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(open == Some(true) && same == Some(true))
}

/// Replaces a breakglass password that is still `before`; `false` when another change came first.
pub async fn replace_breakglass(tx: &mut Tx, user: UserId, before: &str, after: &str) -> Result<bool> {
    let done = sqlx::query!(
        "update breakglass_users set password_hash = $3, changed_at = now() where user_id = $1 and password_hash = $2",
        user.uuid(),
        before,
        after,
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() > 0)
}

pub async fn set_role(tx: &mut Tx, user: UserId, role: Role) -> Result<()> {
    sqlx::query!("update users set role = $2 where id = $1", user.uuid(), role.as_str())
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// How many accounts the acting user can see.
pub async fn count(tx: &mut Tx) -> Result<i64> {
    Ok(sqlx::query_scalar!(r#"select count(*) as "count!" from users"#).fetch_one(tx.conn()).await?)
}

/// Whether a username is taken, without regard to case.
pub async fn name_is_taken(tx: &mut Tx, username: &str) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select exists (select from users where lower(username) = lower($1)) as "exists!""#,
        username
    )
    .fetch_one(tx.conn())
    .await?)
}

/// The oldest breakglass admin, for a reset on the server.
pub async fn first_breakglass(tx: &mut Tx) -> Result<Option<User>> {
    Ok(select_users!(
        "from users u join breakglass_users b on b.user_id = u.id order by u.created_at limit 1"
    )
    .fetch_optional(tx.conn())
    .await?)
}

/// The user's wrapped data key.
pub async fn wrapped_key(tx: &mut Tx, user: UserId) -> Result<Option<Vec<u8>>> {
    Ok(sqlx::query_scalar!("select wrapped from user_keys where user_id = $1", user.uuid())
        .fetch_optional(tx.conn())
        .await?)
}

/// Stores the user's first wrapped data key unless there is one, and answers with the one in force.
pub async fn insert_wrapped_key(tx: &mut Tx, user: UserId, key_id: &str, wrapped: &[u8]) -> Result<Vec<u8>> {
    sqlx::query!(
        "insert into user_keys (user_id, key_id, wrapped) values ($1, $2, $3) on conflict do nothing",
        user.uuid(),
        key_id,
        wrapped,
    )
    .execute(tx.conn())
    .await?;
    Ok(sqlx::query_scalar!("select wrapped from user_keys where user_id = $1", user.uuid())
        .fetch_one(tx.conn())
        .await?)
}

/// An account as an admin sees it.
#[derive(Debug, Clone)]
pub struct ListedUser {
    pub user: User,
    /// Whether it has a breakglass password.
    pub breakglass: bool,
    /// Whether it is one of the instance's own agents, which no person signs in as.
    pub system: bool,
    /// Its last request by a session that is still there.
    pub last_seen_at: Option<DateTime<Utc>>,
    idle_timeout_seconds: Option<i32>,
    /// The account's own limits for its container.
    pub limits: LimitOverrides,
}

impl ListedUser {
    /// Seconds without use after which its container is stopped; 0 = never, `None` = the instance's setting.
    pub fn idle_timeout(&self) -> Option<u32> {
        self.idle_timeout_seconds.and_then(|seconds| u32::try_from(seconds).ok())
    }
}

/// Listed users, by the text behind `from users u`.
macro_rules! select_listed_users {
    ($rest:literal $(, $arg:expr)* $(,)?) => {
        select_with_user!(
            r#"u.idle_timeout_seconds, u.limits as "limits: Json<LimitOverrides>",
               exists (select from breakglass_users b where b.user_id = u.id) as "breakglass!",
               exists (select from system_containers c where c.user_id = u.id) as "system!",
               (select max(s.last_seen_at) from sessions s where s.user_id = u.id) as last_seen_at"#,
            "from users u " + $rest
            $(, $arg)*
        )
        .map(|row| ListedUser {
            user: user_of_row!(row),
            breakglass: row.breakglass,
            system: row.system,
            last_seen_at: row.last_seen_at,
            idle_timeout_seconds: row.idle_timeout_seconds,
            limits: row.limits.0,
        })
    };
}

/// Accounts by name, behind `after`; needs system scope, because only their owner sees sessions and passwords.
pub async fn list(tx: &mut Tx, after: Option<&str>, limit: i64) -> Result<Vec<ListedUser>> {
    Ok(select_listed_users!(
        "where $1::text is null or lower(u.username) > lower($1) order by lower(u.username) limit $2",
        after,
        limit,
    )
    .fetch_all(tx.conn())
    .await?)
}

/// One account as an admin sees it, locked against other changes until the transaction ends.
pub async fn get_locked(tx: &mut Tx, id: UserId) -> Result<Option<ListedUser>> {
    Ok(select_listed_users!("where u.id = $1 for update of u", id.uuid()).fetch_optional(tx.conn()).await?)
}

/// Sets an account's role and whether it is disabled.
pub async fn set_access(tx: &mut Tx, id: UserId, role: Role, disabled: bool) -> Result<()> {
    sqlx::query!(
        "update users set role = $2, disabled_at = case when $3 then coalesce(disabled_at, now()) end where id = $1",
        id.uuid(),
        role.as_str(),
        disabled,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Sets how long an account's container may idle, in seconds; `None` = the instance's setting.
pub async fn set_idle_timeout(tx: &mut Tx, id: UserId, seconds: Option<u32>) -> Result<()> {
    sqlx::query!(
        "update users set idle_timeout_seconds = $2 where id = $1",
        id.uuid(),
        seconds.and_then(|seconds| i32::try_from(seconds).ok()),
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Sets the account's own limits for its container.
pub async fn set_limits(tx: &mut Tx, id: UserId, limits: LimitOverrides) -> Result<()> {
    sqlx::query!("update users set limits = $2 where id = $1", id.uuid(), Json(limits) as _)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// The account's own limits for its container.
pub async fn limits(tx: &mut Tx, id: UserId) -> Result<LimitOverrides> {
    let limits = sqlx::query_scalar!(
        r#"select limits as "limits: Json<LimitOverrides>" from users where id = $1"#,
        id.uuid()
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(limits.map(|Json(limits)| limits).unwrap_or_default())
}

/// How long the user's container may idle, in seconds; `None` = the instance's setting.
pub async fn idle_timeout(tx: &mut Tx, id: UserId) -> Result<Option<u32>> {
    let seconds = sqlx::query_scalar!("select idle_timeout_seconds from users where id = $1", id.uuid())
        .fetch_optional(tx.conn())
        .await?;
    Ok(seconds.flatten().and_then(|seconds| u32::try_from(seconds).ok()))
}

/// Deletes an account and all rows that are its own; the audit log stays. `false`: there was none.
pub async fn delete(tx: &mut Tx, id: UserId) -> Result<bool> {
    let done = sqlx::query!("delete from users where id = $1", id.uuid()).execute(tx.conn()).await?;
    Ok(done.rows_affected() > 0)
}

/// Data keys that another key than `key_id` wraps, locked; in the order of their users, behind `after`.
pub async fn keys_wrapped_by_others(
    tx: &mut Tx,
    key_id: &str,
    after: Option<UserId>,
    limit: i64,
) -> Result<Vec<(UserId, Vec<u8>)>> {
    let rows = sqlx::query!(
        "select user_id, wrapped from user_keys
         where key_id <> $1 and ($2::uuid is null or user_id > $2) order by user_id limit $3 for update",
        key_id,
        after.map(UserId::uuid),
        limit,
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| (row.user_id.into(), row.wrapped)).collect())
}

/// Replaces a user's wrapped data key; the key inside is the same.
pub async fn replace_wrapped_key(tx: &mut Tx, user: UserId, key_id: &str, wrapped: &[u8]) -> Result<()> {
    sqlx::query!(
        "update user_keys set key_id = $2, wrapped = $3, updated_at = now() where user_id = $1",
        user.uuid(),
        key_id,
        wrapped,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// How many wrapped data keys there are, by the id of the key that wraps them.
pub async fn count_keys(tx: &mut Tx) -> Result<Vec<(String, i64)>> {
    let rows = sqlx::query!(r#"select key_id, count(*) as "count!" from user_keys group by key_id"#)
        .fetch_all(tx.conn())
        .await?;
    Ok(rows.into_iter().map(|row| (row.key_id, row.count)).collect())
}
