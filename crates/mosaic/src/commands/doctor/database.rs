//! Checks the database: it is reachable, fit for Mosaic, and up to date.

use super::{CheckResult, check_result};
use domain::{Actor, Person, Role, UserId};
use secrecy::{ExposeSecret, SecretString};
use std::collections::BTreeSet;
use store::{
    Rights, Store,
    inspect::{self, Inspection},
    users,
};

/// How far the clocks of this machine and the database may be apart.
const MAX_CLOCK_SKEW_SECONDS: i64 = 5;
/// How many statements must run in the same session.
const SESSION_SAMPLES: usize = 5;

pub(super) async fn check(url: &SecretString) -> Vec<CheckResult> {
    let mut database = match Inspection::connect(url.expose_secret()).await {
        Ok(database) => database,
        Err(error) => {
            let remedy = format!("no connection ({error}); is it running, and is DATABASE_URL right?");
            return vec![check_result("database", Err(remedy))];
        }
    };
    let version = database.server_version().await;
    vec![
        check_result("database", version.map(|v| format!("Postgres {v}")).map_err(|error| error.to_string())),
        check_result("pgvector", pgvector(&mut database).await),
        check_result("schema", schema(&mut database).await),
        check_result("clock", clock(&mut database).await),
        check_result("pooler", pooler(&mut database).await),
        check_result("row security", row_security(url).await),
    ]
}

async fn pgvector(database: &mut Inspection) -> Result<String, String> {
    match database.pgvector_version().await {
        Ok(Some(version)) => Ok(format!("vector {version}")),
        Ok(None) => Err("missing: install pgvector on the database server, then run `mosaic migrate`".into()),
        Err(error) => Err(error.to_string()),
    }
}

/// Leases use the database's clock; people see this machine's.
async fn clock(database: &mut Inspection) -> Result<String, String> {
    let theirs = database.now().await.map_err(|error| error.to_string())?;
    let apart = (domain::Clock::now(&domain::SystemClock) - theirs).num_seconds().abs();
    if apart <= MAX_CLOCK_SKEW_SECONDS {
        Ok("this machine and the database agree".into())
    } else {
        Err(format!("this machine and the database are {apart} s apart: set both by NTP"))
    }
}

/// A pooler that gives each transaction another session would break LISTEN.
async fn pooler(database: &mut Inspection) -> Result<String, String> {
    let mut sessions = BTreeSet::new();
    for _ in 0..SESSION_SAMPLES {
        sessions.insert(database.session().await.map_err(|error| error.to_string())?);
    }
    if sessions.len() == 1 {
        Ok("connections keep their session".into())
    } else {
        Err("DATABASE_URL goes through a transaction pooler: use its session mode or the database itself"
            .into())
    }
}

/// Tries it out instead of trusting settings: a user who does not exist must see no account.
async fn row_security(url: &SecretString) -> Result<String, String> {
    let store = Store::connect(url.expose_secret(), 1).await.map_err(|error| error.to_string())?;
    let stranger = Actor::User(Person { id: UserId::from(uuid::Uuid::nil()), role: Role::User });
    let mut tx = store.begin(&stranger).await.map_err(|error| error.to_string())?;
    let forced = inspect::policies_are_forced(&mut tx).await.map_err(|error| error.to_string())?;
    let seen = users::count(&mut tx).await.map_err(|error| format!("{error}; run `mosaic migrate`"))?;
    match (forced, seen, store.rights()) {
        (true, 0, Rights::RestrictedRole) => Ok("in force, by the restricted role mosaic_app".into()),
        (true, 0, Rights::ForcedPolicies) => Ok("in force, by forced policies on a plain owner".into()),
        _ => Err("NOT in force: run `mosaic migrate` with this DATABASE_URL".into()),
    }
}

/// Whether the schema is the one that this version knows: all migrations are applied, and no others.
async fn schema(database: &mut Inspection) -> Result<String, String> {
    let applied =
        database.applied_migrations().await.map_err(|error| format!("{error}; run `mosaic migrate`"))?;
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
