//! Which tables go into an archive. A new table of a user's own is one line here.

use crate::{Result, Tx};
use futures_util::{Stream, TryStreamExt};

/// A table whose rows are a person's own. Row-level security says which: it is read in his transaction.
#[derive(Debug)]
pub struct Table {
    /// What the file is called.
    pub file: &'static str,
    /// What the table is called.
    pub table: &'static str,
    /// Columns that stay here: secrets, and what says nothing outside.
    without: &'static [&'static str],
    /// Those that stay here where the row is of somebody else's doing (`actor_id`).
    without_of_others: &'static [&'static str],
}

const fn table(file: &'static str, table: &'static str, without: &'static [&'static str]) -> Table {
    Table { file, table, without, without_of_others: &[] }
}

/// All of them.
pub const TABLES: &[Table] = &[
    table("account", "users", &[]),
    table("identities", "oidc_identities", &[]),
    table("providers", "llm_providers", &["api_key", "key_ends_in"]),
    table("agents", "user_agent_configs", &[]),
    table("api-tokens", "api_tokens", &["token_hash", "ends_in"]),
    table("container", "user_containers", &["gateway_token", "gateway_token_hash", "address"]),
    table("system-container", "system_containers", &["made_by"]),
    table("container-events", "container_events", &[]),
    table("chats", "chats", &[]),
    table("turns", "turns", &["idempotency_key", "lease_fence", "lease_until"]),
    table("findings", "findings", &["content_hash"]),
    table("memories", "agent_memories", &[]),
    table("memory-history", "agent_memory_history", &[]),
    table("conversations", "conversation_archive", &[]),
    table("conversation-messages", "conversation_messages", &[]),
    table("jobs", "jobs", &["payload", "lease_owner", "lease_until"]),
    Table { without_of_others: &["address"], ..table("activity", "audit_log", &[]) },
];

/// The acting user's rows as JSON texts, read as fast as they are taken.
pub async fn rows<'a>(
    tx: &'a mut Tx,
    of: &'static Table,
) -> Result<impl Stream<Item = Result<String>> + Send + 'a> {
    let sql = format!(
        "select (to_jsonb(t) - $1::text[] - case when to_jsonb(t)->>'actor_id' = app_user()::text then '{{}}'
                 else $2::text[] end)::text from {} t",
        of.table
    );
    let names = |columns: &[&str]| columns.iter().map(|name| (*name).to_owned()).collect::<Vec<String>>();
    let found = sqlx::query_scalar::<_, String>(sqlx::AssertSqlSafe(sql))
        .bind(names(of.without))
        .bind(names(of.without_of_others))
        .fetch(tx.conn());
    Ok(found.map_err(Into::into))
}
