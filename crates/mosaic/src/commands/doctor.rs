//! `mosaic doctor`: checks everything Mosaic needs; each line says what to do.

use crate::{args, parts};
use boot::Config;
use domain::{
    containers::{ContainerError, Containers},
    knowledge::{EmbedderState, EmbeddingSource},
};
use fleet::Services;
use runtime::guard::{Guard, GuardStatus};
use secrecy::{ExposeSecret, SecretString};
use sqlx::{Connection, PgConnection};
use std::{io::Write, sync::Arc};
use store::{Rights, Store};

/// What a check found.
struct Finding {
    what: &'static str,
    /// What is there, or what is wrong and what to do.
    result: Result<String, String>,
}

fn finding(what: &'static str, result: Result<String, String>) -> Finding {
    Finding { what, result }
}

pub async fn run(config: &Config, args: args::Doctor) -> anyhow::Result<()> {
    let mut findings = Vec::new();
    match super::up::running_instance(config, args.data_dir) {
        Err(error) => findings.push(finding("secret key", Err(format!("{error:#}")))),
        Ok((url, key)) => {
            findings.extend(database(&url).await);
            if let Some(services) = services(config, (&url, &key), &mut findings).await {
                instance(&services, &args.worker, &mut findings).await;
                if args.isolation {
                    findings.push(finding("isolation", super::isolation::run(&services, &args.worker).await));
                }
            }
        }
    }
    findings.extend(engine(&args.worker).await);
    report(&findings)
}

fn report(findings: &[Finding]) -> anyhow::Result<()> {
    let mut out = std::io::stdout();
    for Finding { what, result } in findings {
        match result {
            Ok(is) => writeln!(out, "pass  {what:<16} {is}")?,
            Err(remedy) => writeln!(out, "FAIL  {what:<16} {remedy}")?,
        }
    }
    let failed = findings.iter().filter(|finding| finding.result.is_err()).count();
    anyhow::ensure!(failed == 0, "{failed} of {} checks failed", findings.len());
    Ok(())
}

async fn database(url: &SecretString) -> Vec<Finding> {
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

async fn services(
    config: &Config,
    (url, key): (&SecretString, &SecretString),
    findings: &mut Vec<Finding>,
) -> Option<Arc<Services>> {
    match parts::services(config, url, key).await {
        Ok(services) => Some(services),
        Err(error) => {
            findings.push(finding("secret key", Err(format!("{error:#}"))));
            None
        }
    }
}

async fn instance(services: &Services, args: &args::Worker, findings: &mut Vec<Finding>) {
    findings.push(finding("secret key", secret_key(services).await));
    findings.push(finding("embeddings", embeddings(services)));
    let settings = services.settings.get();
    if let Ok(docker) = parts::docker(args) {
        let image = match docker.image(&settings.agent_image).await {
            Ok(Some(_)) => Ok(settings.agent_image.clone()),
            Ok(None) => Err(format!("{} is not on this host: run `make images`", settings.agent_image)),
            Err(error) => Err(error.to_string()),
        };
        findings.push(finding("agent image", image));
        findings.push(finding("agent runtime", agent_runtime(&docker, services).await));
        findings.push(finding("disk limits", disk_limits(&docker, services).await));
        findings.push(finding("network pool", network_pool(&docker, services).await));
    }
    let wanted = super::guard::wanted(services, args.internal_port).await;
    let guard = match Guard::new(services.instance).status(&wanted).await {
        Ok(GuardStatus::Enforced) => Ok("in force".into()),
        Ok(GuardStatus::Missing) => Err("NOT ENFORCED: run `mosaic up` or `mosaic guard` as root".into()),
        Ok(GuardStatus::Differs) => {
            Err("its rules differ from the settings: is `mosaic guard` running?".into())
        }
        Err(error) => Err(format!("NOT ENFORCED: {error}")),
    };
    findings.push(finding("guard", guard));
}

/// Whether the key fits, and whether an older one can go.
async fn secret_key(services: &Services) -> Result<String, String> {
    let standing = fleet::keys::standing(services).await.map_err(|error| error.to_string())?;
    match (standing.lost, standing.behind, standing.older) {
        (0, 0, 0) => Ok("fits this database".into()),
        (0, 0, _) => Ok("fits; only the first key is needed, the others can go".into()),
        (0, behind, _) => {
            Ok(format!("fits; {behind} keys still need an older one: `mosaic admin rotate-key`"))
        }
        (lost, ..) => Err(format!(
            "{lost} keys cannot be opened: put the older key back behind the new one (`new,old`)"
        )),
    }
}

/// Whether the engine has the runtime that agents are to be run with.
async fn agent_runtime(docker: &dyn Containers, services: &Services) -> Result<String, String> {
    let runtime = services.settings.get().container_runtime.clone();
    let there = docker.engine().await.map_err(|error| error.to_string())?.runtimes;
    if there.contains(&runtime) {
        return Ok(runtime);
    }
    Err(format!(
        "the Docker engine has no runtime {runtime}, only {}: install it there, or change containerRuntime in the settings",
        there.join(", ")
    ))
}

/// Whether the engine's storage can do what the settings ask for.
async fn disk_limits(docker: &dyn Containers, services: &Services) -> Result<String, String> {
    let asked = services.settings.get().limits.disk_mib;
    let can = docker.limits_disks(services.instance).await.map_err(|error| error.to_string())?;
    match (can, asked) {
        (true, 0) => Ok("possible, not set (limits.diskMib)".into()),
        (true, asked) => Ok(format!("{asked} MiB for each new state volume")),
        (false, 0) => Ok("not possible with this storage, and not asked for".into()),
        (false, _) => Err(ContainerError::NoDiskLimits.to_string()),
    }
}

/// Who makes vectors for the search. Without them it goes by words alone.
fn embeddings(services: &Services) -> Result<String, String> {
    let chosen = services.settings.get().knowledge.embeddings.clone();
    match (chosen.source, services.embedder.state()) {
        (EmbeddingSource::Off, _) => Ok("switched off in the settings: searches go by words".into()),
        (EmbeddingSource::Endpoint, _) => Ok(format!("by {}", chosen.base_url.unwrap_or_default())),
        (EmbeddingSource::Builtin, EmbedderState::Ready) => Ok(format!("by {}", services.embedder.model())),
        (EmbeddingSource::Builtin, EmbedderState::Unavailable(why)) => Err(why),
    }
}

/// Places for users' networks, and how many are taken.
async fn network_pool(docker: &dyn Containers, services: &Services) -> Result<String, String> {
    let pool = services.settings.get().subnet_pool;
    let taken = docker.list(services.instance).await.map_err(|error| error.to_string())?.len();
    let places = 1usize << (28 - u32::from(pool.prefix_len()).min(28));
    if taken < places {
        Ok(format!("{pool}: {taken} of {places} places taken"))
    } else {
        Err(format!("{pool} is used up: widen subnetPool in the settings"))
    }
}

async fn engine(args: &args::Worker) -> Vec<Finding> {
    let docker = match parts::docker(args) {
        Ok(docker) => docker,
        Err(error) => return vec![finding("docker", Err(error.to_string()))],
    };
    let result = match docker.engine().await {
        Ok(info) => Ok(format!("{}, {} GiB of memory", info.version, info.memory_bytes >> 30)),
        Err(error) => Err(format!("{error}; start it, and let this user reach its socket")),
    };
    vec![finding("docker", result)]
}
