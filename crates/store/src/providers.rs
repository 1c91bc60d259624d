//! LLM accounts.

use crate::{Error, Result, Tx};
use chrono::{DateTime, Utc};
use domain::{ProviderId, Slug, UserId, provider::Model};
use serde_json::Value;
use sqlx::{FromRow, types::Json};
use uuid::Uuid;

/// A provider as stored; the key is sealed.
#[derive(Debug, Clone, FromRow)]
pub struct Provider {
    /// Its id.
    #[sqlx(try_from = "Uuid")]
    pub id: ProviderId,
    /// Whose it is.
    #[sqlx(try_from = "Uuid")]
    pub user_id: UserId,
    /// Immutable short name.
    pub slug: String,
    /// Kind, as text.
    pub kind: String,
    /// Display name.
    pub name: String,
    /// Own endpoint.
    pub base_url: Option<String>,
    /// Sealed key.
    pub api_key: Option<Vec<u8>>,
    /// Last four characters of the key.
    pub key_ends_in: Option<String>,
    /// Counts keys.
    pub key_generation: i32,
    /// Its models.
    pub models: Json<Vec<Model>>,
    /// Result of the last test.
    pub last_test: Option<Value>,
    /// Counts changes.
    pub version: i64,
    /// Creation.
    pub created_at: DateTime<Utc>,
    /// Last change.
    pub updated_at: DateTime<Utc>,
}

const COLUMNS: &str = "id, user_id, slug, kind, name, base_url, api_key, key_ends_in, key_generation, models, \
                       last_test, version, created_at, updated_at";

/// A sealed key with what may be shown of it.
#[derive(Debug, Clone)]
pub struct SealedKey {
    /// Ciphertext bytes.
    pub bytes: Vec<u8>,
    /// Last four characters of the plain key.
    pub ends_in: String,
}

/// What a new provider is made of.
#[derive(Debug)]
pub struct NewProvider<'a> {
    /// Its id.
    pub id: ProviderId,
    /// Whose it is.
    pub user: UserId,
    /// Wanted slug; a numbered one is taken when it is in use.
    pub slug: Slug,
    /// Kind, as text.
    pub kind: &'a str,
    /// Display name.
    pub name: &'a str,
    /// Own endpoint.
    pub base_url: Option<&'a str>,
    /// Sealed key.
    pub key: Option<SealedKey>,
    /// Its models.
    pub models: &'a [Model],
}

/// Stores a provider under the first free slug and answers with it.
pub async fn insert(tx: &mut Tx, new: &NewProvider<'_>) -> Result<Slug> {
    for n in 1..=1000u32 {
        let slug = if n == 1 { new.slug.clone() } else { new.slug.numbered(n) };
        let done = sqlx::query(
            "insert into llm_providers (id, user_id, slug, kind, name, base_url, api_key, key_ends_in, models)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict (user_id, slug) do nothing",
        )
        .bind(new.id.uuid())
        .bind(new.user.uuid())
        .bind(slug.as_str())
        .bind(new.kind)
        .bind(new.name)
        .bind(new.base_url)
        .bind(new.key.as_ref().map(|key| key.bytes.as_slice()))
        .bind(new.key.as_ref().map(|key| key.ends_in.as_str()))
        .bind(Json(new.models))
        .execute(tx.conn())
        .await?;
        if done.rows_affected() == 1 {
            return Ok(slug);
        }
    }
    Err(Error::Conflict("llm_providers_user_id_slug_key".into()))
}

/// The acting user's providers, oldest first.
pub async fn list(tx: &mut Tx) -> Result<Vec<Provider>> {
    let sql = format!("select {COLUMNS} from llm_providers order by id");
    Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql)).fetch_all(tx.conn()).await?)
}

/// The providers of one user, for rendering his configuration in system scope.
pub async fn list_of(tx: &mut Tx, user: UserId) -> Result<Vec<Provider>> {
    let sql = format!("select {COLUMNS} from llm_providers where user_id = $1 order by id");
    Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(user.uuid()).fetch_all(tx.conn()).await?)
}

/// One provider.
pub async fn get(tx: &mut Tx, id: ProviderId) -> Result<Option<Provider>> {
    let sql = format!("select {COLUMNS} from llm_providers where id = $1");
    Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(id.uuid()).fetch_optional(tx.conn()).await?)
}

/// What replaces a provider's changeable parts.
#[derive(Debug)]
pub struct Change<'a> {
    /// Kind, as text.
    pub kind: &'a str,
    /// Display name.
    pub name: &'a str,
    /// Own endpoint.
    pub base_url: Option<&'a str>,
    /// A new key; `None` keeps the stored one.
    pub key: Option<SealedKey>,
    /// Its models.
    pub models: &'a [Model],
}

/// Changes a provider whose version is still `expected`; `false` when somebody was faster.
pub async fn update(tx: &mut Tx, id: ProviderId, expected: i64, change: &Change<'_>) -> Result<bool> {
    let done = sqlx::query(
        "update llm_providers set kind = $3, name = $4, base_url = $5, models = $6,
             api_key = coalesce($7, api_key), key_ends_in = coalesce($8, key_ends_in),
             key_generation = key_generation + case when $7 is null then 0 else 1 end,
             last_test = null, version = version + 1, updated_at = now()
         where id = $1 and version = $2",
    )
    .bind(id.uuid())
    .bind(expected)
    .bind(change.kind)
    .bind(change.name)
    .bind(change.base_url)
    .bind(Json(change.models))
    .bind(change.key.as_ref().map(|key| key.bytes.as_slice()))
    .bind(change.key.as_ref().map(|key| key.ends_in.as_str()))
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Notes the result of a connection test, unless the provider changed since `version`.
pub async fn set_last_test(tx: &mut Tx, id: ProviderId, version: i64, result: &Value) -> Result<()> {
    sqlx::query("update llm_providers set last_test = $3 where id = $1 and version = $2")
        .bind(id.uuid())
        .bind(version)
        .bind(result)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Removes a provider; whether there was one.
pub async fn delete(tx: &mut Tx, id: ProviderId) -> Result<bool> {
    let done =
        sqlx::query("delete from llm_providers where id = $1").bind(id.uuid()).execute(tx.conn()).await?;
    Ok(done.rows_affected() > 0)
}
