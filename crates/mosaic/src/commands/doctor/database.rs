//! What the database is asked: that it is there, fit for Mosaic, and brought up to date.

use super::{Finding, finding};
use secrecy::{ExposeSecret, SecretString};
use sqlx::{Connection, PgConnection};
use std::collections::BTreeSet;
use store::{Rights, Store};

pub(super) async fn check(url: &SecretString) -> Vec<Finding> {
    let mut connection = match PgConnection::connect(url.expose_secret()).await {
        Ok(connection) => connection,
        Err(error) => {
            let remedy = format!("no connection ({error}); is it running, and is DATABASE_URL right?");
            return vec![finding("database", Err(remedy))];
        }
    };
    let version: Result<String, _> =
        sqlx::query_scalar("select current_setting('server_version')").fetch_one(&mut connection).await;
    let vector: Result<Option<String>, _> =
        sqlx::query_scalar("select extversion from pg_extension where extname = 'vector'")
            .fetch_optional(&mut connection)
            .await;
    let clock = clock(&mut connection).await;
    vec![
        finding("database", version.map(|v| format!("Postgres {v}")).map_err(|error| error.to_string())),
        finding(
            "pgvector",
            match vector {
                Ok(Some(version)) => Ok(format!("vector {version}")),
                Ok(None) => {
                    Err("missing: install pgvector on the database server, then run `mosaic migrate`".into())
                }
                Err(error) => Err(error.to_string()),
            },
        ),
        finding("schema", schema(&mut connection).await),
        finding("clock", clock),
        finding("pooler", pooler(&mut connection).await),
        finding("row security", row_security(url).await),
    ]
}

/// Leases live by the database's clock; people read by this one.
async fn clock(connection: &mut PgConnection) -> Result<String, String> {
    let theirs: chrono::DateTime<chrono::Utc> = sqlx::query_scalar("select clock_timestamp()")
        .fetch_one(connection)
        .await
        .map_err(|error| error.to_string())?;
    let apart = (domain::Clock::now(&domain::SystemClock) - theirs).num_seconds().abs();
    if apart <= 5 {
        Ok("this machine and the database agree".into())
    } else {
        Err(format!("this machine and the database are {apart} s apart: set both by NTP"))
    }
}

/// A pooler that gives each transaction another session would break LISTEN.
async fn pooler(connection: &mut PgConnection) -> Result<String, String> {
    let mut session =
        async || sqlx::query_scalar::<_, i32>("select pg_backend_pid()").fetch_one(&mut *connection).await;
    let mut sessions = Vec::new();
    for _ in 0..5 {
        sessions.push(session().await.map_err(|error| error.to_string())?);
    }
    sessions.dedup();
    if sessions.len() == 1 {
        Ok("connections keep their session".into())
    } else {
        Err("DATABASE_URL goes through a transaction pooler: use its session mode or the database itself"
            .into())
    }
}

/// Proof, not settings: a fresh transaction without a scope must see no user, and none may be visible to a stranger.
async fn row_security(url: &SecretString) -> Result<String, String> {
    let store = Store::connect(url.expose_secret(), 1).await.map_err(|error| error.to_string())?;
    let stranger = domain::Person { id: domain::UserId::from(uuid::Uuid::nil()), role: domain::Role::User };
    let mut tx = store.begin(&domain::Actor::User(stranger)).await.map_err(|error| error.to_string())?;
    let forced: bool = sqlx::query_scalar(
        "select bool_and(relrowsecurity and relforcerowsecurity) from pg_class
         where relnamespace = current_schema()::regnamespace and relkind = 'r'
           and relname in ('users', 'llm_providers', 'user_agent_configs', 'user_containers', 'chats', 'turns', 'jobs')",
    )
    .fetch_one(tx.conn())
    .await
    .map_err(|error| error.to_string())?;
    let seen: i64 = sqlx::query_scalar("select count(*) from users")
        .fetch_one(tx.conn())
        .await
        .map_err(|error| format!("{error}; run `mosaic migrate`"))?;
    match (forced, seen, store.rights()) {
        (true, 0, Rights::RestrictedRole) => Ok("in force, by the restricted role mosaic_app".into()),
        (true, 0, Rights::ForcedPolicies) => Ok("in force, by forced policies on a plain owner".into()),
        _ => Err("NOT in force: run `mosaic migrate` with this DATABASE_URL".into()),
    }
}

/// Whether the schema is the one that this version knows: all of it applied, and nothing beyond.
async fn schema(connection: &mut PgConnection) -> Result<String, String> {
    let applied: Vec<i64> = sqlx::query_scalar("select version from _sqlx_migrations where success")
        .fetch_all(connection)
        .await
        .map_err(|error| format!("{error}; run `mosaic migrate`"))?;
    let applied: BTreeSet<i64> = applied.into_iter().collect();
    let known: BTreeSet<i64> = migrations::MIGRATOR.iter().map(|migration| migration.version).collect();
    match (known.difference(&applied).count(), applied.difference(&known).count()) {
        (0, 0) => Ok(format!("up to date, {} migrations", known.len())),
        (missing @ 1.., _) => Err(format!("{missing} migrations are not applied: run `mosaic migrate`")),
        (0, ahead) => Ok(format!(
            "{ahead} migrations newer than this version: an upgrade is under way, or this is an old one"
        )),
    }
}
