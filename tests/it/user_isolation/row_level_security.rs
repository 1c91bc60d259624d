//! Row-level security: a statement without a condition on the owner sees only the acting user's rows.
//!
//! Tested for both ways to enforce it: a restricted role of a superuser, and forced policies on a plain owner. The
//! whole product works with the plain owner too.

use super::create_resources;
use domain::{Actor, Person, Role, UserId};
use sqlx::{AssertSqlSafe, Executor, PgConnection, PgPool, Row};
use store::{Rights, Store};
use tests::{Mosaic, Options, database_owned_by};

/// Every table with an owner, and the expression for the owner's id.
const OWNED: &[(&str, &str)] = &[
    ("users", "id"),
    ("sessions", "user_id"),
    ("api_tokens", "user_id"),
    ("oidc_identities", "user_id"),
    ("user_keys", "user_id"),
    ("idempotency_keys", "user_id"),
    ("llm_providers", "user_id"),
    ("user_agent_configs", "user_id"),
    ("user_containers", "user_id"),
    ("system_containers", "user_id"),
    ("container_events", "user_id"),
    ("container_usage", "user_id"),
    ("exports", "user_id"),
    ("export_pieces", "user_id"),
    ("chats", "user_id"),
    ("turns", "user_id"),
    ("turn_events", "user_id"),
    ("findings", "user_id"),
    ("finding_links", "user_id"),
    ("agent_memories", "user_id"),
    ("agent_memory_history", "user_id"),
    ("conversation_archive", "user_id"),
    ("conversation_messages", "user_id"),
    ("knowledge_chunks", "user_id"),
    ("knowledge_terms", "user_id"),
    ("jobs", "owner_id"),
    ("job_overview", "owner_id"),
    ("job_attempts", "(select owner_id from jobs where jobs.id = job_id)"),
    ("job_phases", "(select owner_id from jobs where jobs.id = job_id)"),
    ("audit_log", "coalesce(owner_id, actor_id)"),
];
/// Tables of which a user sees nothing.
const HIDDEN: &[&str] = &[
    "breakglass_users",
    "oidc_provider",
    "oidc_flows",
    "oidc_logouts",
    "sign_in_throttle",
    "isolation_tests",
    "queues",
    "workers",
    "schedules",
];
/// Tables without an owner that every user may read.
const COMMON: &[&str] = &["system_config", "stage_timings", "knowledge_models"];

#[tokio::test]
async fn a_superusers_transactions_see_only_the_acting_users_rows() {
    let mosaic = Mosaic::start().await;
    assert_rows_are_isolated(&mosaic, Rights::RestrictedRole).await;
}

#[tokio::test]
async fn a_plain_owners_transactions_see_only_the_acting_users_rows() {
    let database = database_owned_by("mosaic_plain_owner").await;
    let mosaic = Mosaic::start_with(Options { database: Some(database), ..Options::default() }).await;
    assert_rows_are_isolated(&mosaic, Rights::ForcedPolicies).await;
    // Without an actor even the tables' owner sees nothing.
    let mut owner = <PgConnection as sqlx::Connection>::connect(&mosaic.database.url).await.unwrap();
    for (table, _) in OWNED {
        assert_eq!(count(&mut owner, table, "true").await, 0, "{table}");
    }
}

async fn assert_rows_are_isolated(mosaic: &Mosaic, rights: Rights) {
    mosaic.onboarded().await;
    for name in ["alice", "bob"] {
        create_resources(&mosaic.user_with_agent(name).await).await;
    }
    let pool = &mosaic.database.pool;
    // As if both users had signed in through an identity provider, and a third sign-in had begun.
    for sql in [
        "insert into oidc_identities (issuer, subject, user_id) select 'https://id.example', username, id from users",
        "insert into container_usage (container_id, user_id, memory_bytes) select id, user_id, 1 from user_containers
            on conflict do nothing",
        "insert into idempotency_keys (user_id, key, made, subject, digest)
            select id, 'x', 'chat', gen_random_uuid(), 'x' from users",
        "insert into system_containers (user_id) select id from users",
        "insert into exports (job_id, user_id, draft) select gen_random_uuid(), id, gen_random_uuid() from users",
        "insert into export_pieces (job_id, draft, seq, user_id, bytes) select job_id, draft, 0, user_id, 'x' from exports",
        "insert into oidc_flows (browser_hash, expires_at) values ('x', now())",
        "insert into oidc_logouts (issuer, token_id, expires_at) values ('https://id.example', 'x', now())",
        "insert into oidc_provider (id, issuer, client_id, label, scopes, auto_provision, allowed_domains,
            allowed_groups, groups_claim, admin_groups)
         values (gen_random_uuid(), 'https://id.example', 'x', 'x', '{}', true, '{}', '{}', 'groups', '{}')",
    ] {
        pool.execute(sql).await.unwrap();
    }
    let (alice, bob) = (user(pool, "alice").await, user(pool, "bob").await);
    // One connection for all users: a setting that is left behind would affect the next user.
    let store = Store::connect(&mosaic.database.url, 1).await.unwrap();
    assert_eq!(store.rights(), rights);
    for (me, other) in [(alice, bob), (bob, alice), (alice, bob)] {
        assert_sees_only_own_rows(&store, me).await;
        assert_writes_only_own_rows(&store, pool, me, other).await;
    }
    assert_connection_is_reset(&store, alice).await;
    assert_delegate_writes_own_name(&store, alice, bob).await;
    assert_admin_sees_no_content(&store, alice).await;
    assert_every_table_has_forced_policies(pool).await;
    assert_audit_log_is_append_only(&store, pool).await;
}

async fn user(pool: &PgPool, name: &str) -> UserId {
    let id: uuid::Uuid = sqlx::query_scalar("select id from users where username = $1")
        .bind(name)
        .fetch_one(pool)
        .await
        .unwrap();
    id.into()
}

fn acting(id: UserId) -> Actor {
    Actor::User(Person { id, role: Role::User })
}

async fn count(connection: &mut PgConnection, table: &str, condition: &str) -> i64 {
    let sql = format!("select count(*) from {table} where {condition}");
    connection.fetch_one(AssertSqlSafe(sql)).await.unwrap().get(0)
}

async fn assert_sees_only_own_rows(store: &Store, me: UserId) {
    let mut tx = store.begin(&acting(me)).await.unwrap();
    for (table, owner) in OWNED {
        let own = count(tx.conn(), table, &format!("{owner} = '{}'", me.uuid())).await;
        assert!(own > 0, "{table}: no own row to see");
        assert_eq!(count(tx.conn(), table, "true").await, own, "{table}: sees another user's row");
    }
    for table in HIDDEN {
        assert_eq!(count(tx.conn(), table, "true").await, 0, "{table}");
    }
}

/// Changes without a condition affect at most the user's own rows. All of them are rolled back.
async fn assert_writes_only_own_rows(store: &Store, pool: &PgPool, me: UserId, other: UserId) {
    let tables = OWNED.iter().filter(|(_, owner)| !owner.contains(['(', ' ']));
    for (table, owner) in tables {
        for sql in [format!("update {table} set {owner} = {owner}"), format!("delete from {table}")] {
            let mut tx = store.begin(&acting(me)).await.unwrap();
            let own = count(tx.conn(), table, "true").await;
            // The user may only read some tables, which is fine too.
            let Ok(done) = tx.conn().execute(AssertSqlSafe(sql.clone())).await else { continue };
            assert!(done.rows_affected() <= u64::try_from(own).unwrap(), "{sql}");
        }
        let reassign = format!("update {table} set {owner} = '{}'", other.uuid());
        let mut tx = store.begin(&acting(me)).await.unwrap();
        let result = tx.conn().execute(AssertSqlSafe(reassign.clone())).await;
        assert!(result.is_err() || result.is_ok_and(|done| done.rows_affected() == 0), "{reassign}");
    }
    let mut tx = store.begin(&acting(me)).await.unwrap();
    let id = uuid::Uuid::now_v7();
    let planted = sqlx::query("insert into chats (id, user_id, title) values ($1, $2, 'planted')")
        .bind(id)
        .bind(other.uuid())
        .execute(tx.conn())
        .await;
    assert!(planted.is_err(), "a chat for another user");
    drop(tx);
    let mut tx = store.begin(&acting(me)).await.unwrap();
    let insert_job = "insert into jobs (kind, lane, owner_id, acts_for, reason, payload, max_attempts)
                values ('start-container', 'containers', $1, $2, '', '{}', 1)";
    for (owner, acts_for) in [(other, "user"), (me, "system")] {
        let mut inner = sqlx::Acquire::begin(tx.conn()).await.unwrap();
        let enqueued = sqlx::query(insert_job).bind(owner.uuid()).bind(acts_for).execute(&mut *inner).await;
        assert!(enqueued.is_err(), "a job for {owner} that acts for {acts_for}");
    }
    let seen: i64 =
        sqlx::query_scalar("select count(*) from chats where user_id = $1 and title <> 'planted'")
            .bind(other.uuid())
            .fetch_one(pool)
            .await
            .unwrap();
    assert_eq!(seen, 1, "the other user's chat is untouched");
}

/// After a commit, a rollback and a failed statement the connection has no actor.
async fn assert_connection_is_reset(store: &Store, me: UserId) {
    let committed = store.begin(&acting(me)).await.unwrap();
    committed.commit().await.unwrap();
    assert_no_actor(store).await;
    let mut failed = store.begin(&acting(me)).await.unwrap();
    assert!(failed.conn().execute("select 1/0").await.is_err());
    drop(failed);
    assert_no_actor(store).await;
    drop(store.system("a test").await.unwrap());
    assert_no_actor(store).await;
}

async fn assert_no_actor(store: &Store) {
    let sql = "select coalesce(current_setting('app.scope', true), ''), coalesce(current_setting('app.user_id', true), ''),
                      coalesce(current_setting('app.hand_id', true), ''), current_user = session_user";
    let (scope, user, real_actor, own_role): (String, String, String, bool) =
        sqlx::query_as(sql).fetch_one(store.pool()).await.unwrap();
    assert_eq!((scope.as_str(), user.as_str(), real_actor.as_str(), own_role), ("", "", "", true));
}

/// An admin who acts for another account sees what it sees. The audit log names the admin, not the account or a third
/// user.
async fn assert_delegate_writes_own_name(store: &Store, account: UserId, admin: UserId) {
    let entry = "insert into audit_log (id, actor_id, actor_kind, action, outcome) values (gen_random_uuid(), $1, 'admin', 'a.test', 'ok')";
    let third = UserId::from(uuid::Uuid::now_v7());
    for (actor, real_actor) in [(Actor::Delegate { account, admin }, admin), (acting(account), account)] {
        let mut tx = store.begin(&actor).await.unwrap();
        assert_eq!(count(tx.conn(), "chats", &format!("user_id <> '{}'", account.uuid())).await, 0);
        for named in [account, admin, third] {
            let mut inner = sqlx::Acquire::begin(tx.conn()).await.unwrap();
            let noted = sqlx::query(entry).bind(named.uuid()).execute(&mut *inner).await;
            assert_eq!(noted.is_ok(), named == real_actor, "{actor:?} in the name of {named}");
        }
    }
    assert_no_actor(store).await;
}

async fn assert_admin_sees_no_content(store: &Store, id: UserId) {
    let admin = Actor::User(Person { id, role: Role::Admin }).as_admin().unwrap();
    let mut tx = store.begin(&admin).await.unwrap();
    for table in [
        "sessions",
        "api_tokens",
        "user_keys",
        "oidc_identities",
        "llm_providers",
        "user_agent_configs",
        "exports",
        "export_pieces",
        "chats",
        "turns",
        "turn_events",
        "findings",
        "finding_links",
        "agent_memories",
        "agent_memory_history",
        "conversation_archive",
        "conversation_messages",
        "knowledge_chunks",
        "knowledge_terms",
    ] {
        assert_eq!(count(tx.conn(), table, "true").await, 0, "{table}");
    }
    assert!(count(tx.conn(), "users", "true").await > 2, "an admin sees which users exist");
}

async fn assert_every_table_has_forced_policies(pool: &PgPool) {
    let sql = "select relname::text, relrowsecurity and relforcerowsecurity from pg_class
               where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and relname <> '_sqlx_migrations'";
    let tables: Vec<(String, bool)> = sqlx::query_as(sql).fetch_all(pool).await.unwrap();
    for (table, forced) in tables {
        assert!(forced, "{table} has no forced row-level security");
        let known =
            OWNED.iter().map(|(name, _)| *name).chain(HIDDEN.iter().copied()).chain(COMMON.iter().copied());
        assert!(
            known.into_iter().any(|name| name == table),
            "{table} is new: add it to one of the lists above"
        );
    }
}

async fn assert_audit_log_is_append_only(store: &Store, pool: &PgPool) {
    let entries = || sqlx::query_scalar::<_, i64>("select count(*) from audit_log").fetch_one(pool);
    let before = entries().await.unwrap();
    assert!(before > 0);
    for sql in ["update audit_log set action = 'nothing'", "delete from audit_log", "truncate audit_log"] {
        let mut tx = store.system("a test").await.unwrap();
        assert!(tx.conn().execute(sql).await.is_err(), "the product: {sql}");
        assert!(pool.execute(sql).await.is_err(), "a superuser: {sql}");
    }
    assert_eq!(entries().await.unwrap(), before);
}
