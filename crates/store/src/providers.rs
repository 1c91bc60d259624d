//! LLM accounts.

use crate::{Error, Result, Tx};
use chrono::{DateTime, Utc};
use domain::{ProviderId, Slug, UserId, provider::Model};
use serde_json::Value;
use sqlx::types::Json;

/// Slugs to try for providers that would have the same one.
const MAX_SLUG_ATTEMPTS: u32 = 1000;

/// A provider as stored; the key is sealed.
#[derive(Debug, Clone)]
pub struct Provider {
    pub id: ProviderId,
    pub user_id: UserId,
    /// Immutable short name.
    pub slug: String,
    pub kind: String,
    pub name: String,
    /// The provider's own endpoint.
    pub base_url: Option<String>,
    /// Sealed.
    pub api_key: Option<Vec<u8>>,
    /// Last four characters of the key.
    pub key_ends_in: Option<String>,
    /// Counts keys.
    pub key_generation: i32,
    pub models: Json<Vec<Model>>,
    /// Result of the last test.
    pub last_test: Option<Value>,
    /// Counts changes.
    pub version: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// Providers, by the text after the columns.
macro_rules! select_providers {
    ($from:literal $(, $arg:expr)* $(,)?) => {
        sqlx::query_as!(
            Provider,
            r#"select id, user_id, slug, kind, name, base_url, api_key, key_ends_in, key_generation,
                      models as "models: Json<Vec<Model>>", last_test, version, created_at, updated_at "# + $from
            $(, $arg)*
        )
    };
}

/// A sealed key with what may be shown of it.
#[derive(Debug, Clone)]
pub struct SealedKey {
    /// Ciphertext.
    pub bytes: Vec<u8>,
    /// Last four characters of the plain key.
    pub ends_in: String,
}

#[derive(Debug)]
pub struct NewProvider<'a> {
    pub id: ProviderId,
    pub user: UserId,
    /// The slug to use; a numbered one is taken when it is in use.
    pub slug: Slug,
    pub kind: &'a str,
    pub name: &'a str,
    /// The provider's own endpoint.
    pub base_url: Option<&'a str>,
    pub key: Option<SealedKey>,
    pub models: &'a [Model],
}

/// Stores a provider under the first free slug and answers with it.
pub async fn insert(tx: &mut Tx, new: &NewProvider<'_>) -> Result<Slug> {
    for n in 1..=MAX_SLUG_ATTEMPTS {
        let slug = if n == 1 { new.slug.clone() } else { new.slug.with_number(n) };
        let done = sqlx::query!(
            "insert into llm_providers (id, user_id, slug, kind, name, base_url, api_key, key_ends_in, models)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict (user_id, slug) do nothing",
            new.id.uuid(),
            new.user.uuid(),
            slug.as_str(),
            new.kind,
            new.name,
            new.base_url,
            new.key.as_ref().map(|key| key.bytes.as_slice()),
            new.key.as_ref().map(|key| key.ends_in.as_str()),
            Json(new.models) as _,
        )
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
    Ok(select_providers!("from llm_providers order by id").fetch_all(tx.conn()).await?)
}

/// The providers of one user, for rendering their configuration in system scope.
pub async fn list_of(tx: &mut Tx, user: UserId) -> Result<Vec<Provider>> {
    Ok(select_providers!("from llm_providers where user_id = $1 order by id", user.uuid())
        .fetch_all(tx.conn())
        .await?)
}

pub async fn get(tx: &mut Tx, id: ProviderId) -> Result<Option<Provider>> {
    Ok(select_providers!("from llm_providers where id = $1", id.uuid()).fetch_optional(tx.conn()).await?)
}

/// What replaces a provider's changeable parts.
#[derive(Debug)]
pub struct Change<'a> {
    pub kind: &'a str,
    pub name: &'a str,
    /// The provider's own endpoint.
    pub base_url: Option<&'a str>,
    /// A new key; `None` keeps the stored one.
    pub key: Option<SealedKey>,
    pub models: &'a [Model],
}

/// Changes a provider whose version is still `expected`; `false` when another change came first.
pub async fn update(tx: &mut Tx, id: ProviderId, expected: i64, change: &Change<'_>) -> Result<bool> {
    let done = sqlx::query!(
        "update llm_providers set kind = $3, name = $4, base_url = $5, models = $6,
             api_key = coalesce($7, api_key), key_ends_in = coalesce($8, key_ends_in),
             key_generation = key_generation + case when $7 is null then 0 else 1 end,
             last_test = null, version = version + 1, updated_at = now()
         where id = $1 and version = $2",
        id.uuid(),
        expected,
        change.kind,
        change.name,
        change.base_url,
        Json(change.models) as _,
        change.key.as_ref().map(|key| key.bytes.as_slice()),
        change.key.as_ref().map(|key| key.ends_in.as_str()),
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Records the result of a connection test, unless the provider changed since `version`.
pub async fn set_last_test(tx: &mut Tx, id: ProviderId, version: i64, result: &Value) -> Result<()> {
    sqlx::query!(
        "update llm_providers set last_test = $3 where id = $1 and version = $2",
        id.uuid(),
        version,
        result
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Removes a provider; whether there was one.
pub async fn delete(tx: &mut Tx, id: ProviderId) -> Result<bool> {
    let done = sqlx::query!("delete from llm_providers where id = $1", id.uuid()).execute(tx.conn()).await?;
    Ok(done.rows_affected() > 0)
}
