//! The wall in the database itself: a statement that forgot to say whose rows it means sees no others'.
//!
//! Proven for both ways in which the wall stands: the restricted role of a superuser, and forced policies on a
//! plain owner, under whom the whole product works too.

use super::settled;
use domain::{Actor, Person, Role, UserId};
use sqlx::{AssertSqlSafe, Executor, PgConnection, PgPool, Row};
use store::{Rights, Store};
use tests::{Mosaic, Options, database_of};

/// Every table with an owner, and how a row names him.
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
/// What a user never sees at all.
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
/// What is everybody's.
const COMMON: &[&str] = &["system_config", "stage_timings", "knowledge_models"];

#[tokio::test]
async fn a_superusers_transactions_see_only_the_acting_users_rows() {
    let mosaic = Mosaic::start().await;
    walls_hold(&mosaic, Rights::RestrictedRole).await;
}

#[tokio::test]
async fn a_plain_owners_transactions_see_only_the_acting_users_rows() {
    let database = database_of("mosaic_plain_owner").await;
    let mosaic = Mosaic::start_with(Options { database: Some(database), ..Options::default() }).await;
    walls_hold(&mosaic, Rights::ForcedPolicies).await;
    // Without a transaction that says who acts the owner himself sees nothing.
    let mut owner = <PgConnection as sqlx::Connection>::connect(&mosaic.database.url).await.unwrap();
    for (table, _) in OWNED {
        assert_eq!(count(&mut owner, table, "true").await, 0, "{table}");
    }
}

async fn walls_hold(mosaic: &Mosaic, rights: Rights) {
    mosaic.onboarded().await;
    for name in ["alice", "bob"] {
        settled(&mosaic.equipped(name).await).await;
    }
    let pool = &mosaic.database.pool;
    // As if both had come by an identity provider, and one had just begun to.
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
    // One connection for everybody: what one leaves behind the next would find.
    let store = Store::connect(&mosaic.database.url, 1).await.unwrap();
    assert_eq!(store.rights(), rights);
    for (me, other) in [(alice, bob), (bob, alice), (alice, bob)] {
        sees_only_his_own(&store, me).await;
        writes_only_his_own(&store, pool, me, other).await;
    }
    leaves_nothing_behind(&store, alice).await;
    a_keepers_doing_is_his_own(&store, alice, bob).await;
    an_admin_sees_no_content(&store, alice).await;
    every_table_is_walled(pool).await;
    the_audit_log_only_grows(&store, pool).await;
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

async fn sees_only_his_own(store: &Store, me: UserId) {
    let mut tx = store.begin(&acting(me)).await.unwrap();
    for (table, owner) in OWNED {
        let own = count(tx.conn(), table, &format!("{owner} = '{}'", me.uuid())).await;
        assert!(own > 0, "{table}: nothing of his own to see");
        assert_eq!(count(tx.conn(), table, "true").await, own, "{table}: sees somebody else's");
    }
    for table in HIDDEN {
        assert_eq!(count(tx.conn(), table, "true").await, 0, "{table}");
    }
}

/// Changes without any condition: they reach his own rows at most. Rolled back, all of them.
async fn writes_only_his_own(store: &Store, pool: &PgPool, me: UserId, other: UserId) {
    let tables = OWNED.iter().filter(|(_, owner)| !owner.contains(['(', ' ']));
    for (table, owner) in tables {
        for sql in [format!("update {table} set {owner} = {owner}"), format!("delete from {table}")] {
            let mut tx = store.begin(&acting(me)).await.unwrap();
            let own = count(tx.conn(), table, "true").await;
            // Some tables he may only read: that is a wall too.
            let Ok(done) = tx.conn().execute(AssertSqlSafe(sql.clone())).await else { continue };
            assert!(done.rows_affected() <= u64::try_from(own).unwrap(), "{sql}");
        }
        let steal = format!("update {table} set {owner} = '{}'", other.uuid());
        let mut tx = store.begin(&acting(me)).await.unwrap();
        let given = tx.conn().execute(AssertSqlSafe(steal.clone())).await;
        assert!(given.is_err() || given.is_ok_and(|done| done.rows_affected() == 0), "{steal}");
    }
    let mut tx = store.begin(&acting(me)).await.unwrap();
    let id = uuid::Uuid::now_v7();
    let planted = sqlx::query("insert into chats (id, user_id, title) values ($1, $2, 'planted')")
        .bind(id)
        .bind(other.uuid())
        .execute(tx.conn())
        .await;
    assert!(planted.is_err(), "a chat for somebody else");
    drop(tx);
    let mut tx = store.begin(&acting(me)).await.unwrap();
    let hers = "insert into jobs (kind, lane, owner_id, acts_for, reason, payload, max_attempts)
                values ('start-container', 'containers', $1, $2, '', '{}', 1)";
    for (owner, acts_for) in [(other, "user"), (me, "system")] {
        let mut inner = sqlx::Acquire::begin(tx.conn()).await.unwrap();
        let enqueued = sqlx::query(hers).bind(owner.uuid()).bind(acts_for).execute(&mut *inner).await;
        assert!(enqueued.is_err(), "a job for {owner} that acts for {acts_for}");
    }
    let seen: i64 =
        sqlx::query_scalar("select count(*) from chats where user_id = $1 and title <> 'planted'")
            .bind(other.uuid())
            .fetch_one(pool)
            .await
            .unwrap();
    assert_eq!(seen, 1, "the other one's chat is untouched");
}

/// After a commit, a rollback and a failed statement the connection is nobody's again.
async fn leaves_nothing_behind(store: &Store, me: UserId) {
    let committed = store.begin(&acting(me)).await.unwrap();
    committed.commit().await.unwrap();
    assert_nobody(store).await;
    let mut failed = store.begin(&acting(me)).await.unwrap();
    assert!(failed.conn().execute("select 1/0").await.is_err());
    drop(failed);
    assert_nobody(store).await;
    drop(store.system("a test").await.unwrap());
    assert_nobody(store).await;
}

async fn assert_nobody(store: &Store) {
    let sql = "select coalesce(current_setting('app.scope', true), ''), coalesce(current_setting('app.user_id', true), ''),
                      coalesce(current_setting('app.hand_id', true), ''), current_user = session_user";
    let (scope, user, hand, itself): (String, String, String, bool) =
        sqlx::query_as(sql).fetch_one(store.pool()).await.unwrap();
    assert_eq!((scope.as_str(), user.as_str(), hand.as_str(), itself), ("", "", "", true));
}

/// Who acts for another account sees what it sees, and his doing bears his own name: not the account's, nor a third's.
async fn a_keepers_doing_is_his_own(store: &Store, account: UserId, admin: UserId) {
    let entry = "insert into audit_log (id, actor_id, actor_kind, action, outcome) values (gen_random_uuid(), $1, 'admin', 'a.test', 'ok')";
    let third = UserId::from(uuid::Uuid::now_v7());
    for (actor, hand) in [(Actor::Delegate { account, admin }, admin), (acting(account), account)] {
        let mut tx = store.begin(&actor).await.unwrap();
        assert_eq!(count(tx.conn(), "chats", &format!("user_id <> '{}'", account.uuid())).await, 0);
        for named in [account, admin, third] {
            let mut inner = sqlx::Acquire::begin(tx.conn()).await.unwrap();
            let noted = sqlx::query(entry).bind(named.uuid()).execute(&mut *inner).await;
            assert_eq!(noted.is_ok(), named == hand, "{actor:?} in the name of {named}");
        }
    }
    assert_nobody(store).await;
}

async fn an_admin_sees_no_content(store: &Store, id: UserId) {
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
    assert!(count(tx.conn(), "users", "true").await > 2, "he sees who is there");
}

async fn every_table_is_walled(pool: &PgPool) {
    let sql = "select relname::text, relrowsecurity and relforcerowsecurity from pg_class
               where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and relname <> '_sqlx_migrations'";
    let tables: Vec<(String, bool)> = sqlx::query_as(sql).fetch_all(pool).await.unwrap();
    for (table, walled) in tables {
        assert!(walled, "{table} has no forced row-level security");
        let known =
            OWNED.iter().map(|(name, _)| *name).chain(HIDDEN.iter().copied()).chain(COMMON.iter().copied());
        assert!(known.into_iter().any(|name| name == table), "{table} is new: say here whose its rows are");
    }
}

async fn the_audit_log_only_grows(store: &Store, pool: &PgPool) {
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
