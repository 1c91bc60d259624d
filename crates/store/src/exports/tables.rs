//! Which tables go into an archive. A new table of users' own rows is one line here.

use crate::{Result, Tx};
use futures_util::{Stream, TryStreamExt};
use sqlx::AssertSqlSafe;

/// A table with users' own rows. Row-level security decides which ones: it is read in the user's transaction.
#[derive(Debug)]
pub struct Table {
    /// Name of the file in the archive.
    pub file: &'static str,
    /// Name of the table.
    pub table: &'static str,
    /// Columns that are left out: secrets, old names, and what has no meaning outside.
    without: &'static [&'static str],
    /// Columns that are left out of rows that another user caused (`actor_id`).
    without_of_others: &'static [&'static str],
}

const fn table(file: &'static str, table: &'static str, without: &'static [&'static str]) -> Table {
    Table { file, table, without, without_of_others: &[] }
}

/// All tables of an archive.
pub const TABLES: &[Table] = &[
    table("account", "users", &[]),
    table("identities", "oidc_identities", &[]),
    table("providers", "llm_providers", &["api_key", "key_ends_in"]),
    table("agents", "user_agent_configs", &[]),
    table("api-tokens", "api_tokens", &["token_hash", "ends_in"]),
    table(
        "container",
        "user_containers",
        &["gateway_token", "gateway_token_hash", "address", "place_wanted_at", "place_bytes", "put_to_sleep"],
    ),
    table("system-container", "system_containers", &["made_by"]),
    table("container-events", "container_events", &[]),
    table("chats", "chats", &[]),
    table("turns", "turns", &["idempotency_key", "lease_fence", "lease_until"]),
    table("findings", "findings", &["content_hash"]),
    table("memories", "agent_memories", &[]),
    table("memory-history", "agent_memory_history", &[]),
    table("conversations", "conversation_archive", &[]),
    table("conversation-messages", "conversation_messages", &[]),
    table("jobs", "jobs", &["payload", "lease_owner", "lease_until", "again"]),
    Table { without_of_others: &["address"], ..table("activity", "audit_log", &[]) },
];

/// The acting user's rows as JSON texts, read as fast as the stream is consumed.
pub async fn rows<'a>(
    tx: &'a mut Tx,
    table: &'static Table,
) -> Result<impl Stream<Item = Result<String>> + Send + 'a> {
    // The table's name is part of the text: see docs/sql.md.
    let sql = format!(
        "select (to_jsonb(t) - $1::text[] - case when to_jsonb(t)->>'actor_id' = app_user()::text then '{{}}'
                 else $2::text[] end)::text from {} t",
        table.table
    );
    let names = |columns: &[&str]| columns.iter().map(|name| (*name).to_owned()).collect::<Vec<String>>();
    let found = sqlx::query_scalar::<_, String>(AssertSqlSafe(sql))
        .bind(names(table.without))
        .bind(names(table.without_of_others))
        .fetch(tx.conn());
    Ok(found.map_err(Into::into))
}
