//! `mosaic doctor`: checks everything that Mosaic needs. Each failure says what to do.

mod database;
mod deployment;

use crate::{args, parts};
use boot::Config;
use domain::{
    containers::{ContainerError, Containers},
    knowledge::{EmbedderState, EmbeddingSource},
};
use fleet::Services;
use runtime::guard::{Guard, GuardStatus};
use secrecy::SecretString;
use std::{io::Write, sync::Arc};

struct CheckResult {
    name: &'static str,
    /// The state, or what is wrong and what to do.
    result: Result<String, String>,
}

fn check_result(name: &'static str, result: Result<String, String>) -> CheckResult {
    CheckResult { name, result }
}

pub async fn run(config: &Config, args: args::Doctor, monitoring: &args::Monitoring) -> anyhow::Result<()> {
    let mut results = Vec::new();
    match super::up::running_instance(config, args.data_dir) {
        Err(error) => results.push(check_result("secret key", Err(format!("{error:#}")))),
        Ok((url, key)) => {
            results.extend(database::check(&url).await);
            if let Some(services) = services(config, (&url, &key), &mut results).await {
                instance(&services, &args.worker, &mut results).await;
                results.extend(deployment::check(&services).await);
                if args.isolation {
                    results.push(check_result(
                        "isolation",
                        super::isolation::run(&services, &args.worker).await,
                    ));
                }
            }
        }
    }
    results.extend(engine(&args.worker).await);
    if let Some(listen) = monitoring.metrics {
        results.push(check_result("metrics", deployment::metrics(listen).await));
    }
    report(&results)
}

fn report(results: &[CheckResult]) -> anyhow::Result<()> {
    let mut out = std::io::stdout();
    for CheckResult { name, result } in results {
        match result {
            Ok(state) => writeln!(out, "pass  {name:<16} {state}")?,
            Err(remedy) => writeln!(out, "FAIL  {name:<16} {remedy}")?,
        }
    }
    let failed = results.iter().filter(|check| check.result.is_err()).count();
    anyhow::ensure!(failed == 0, "{failed} of {} checks failed", results.len());
    Ok(())
}

async fn services(
    config: &Config,
    (url, key): (&SecretString, &SecretString),
    results: &mut Vec<CheckResult>,
) -> Option<Arc<Services>> {
    match parts::services(config, url, key).await {
        Ok(services) => Some(services),
        Err(error) => {
            results.push(check_result("secret key", Err(format!("{error:#}"))));
            None
        }
    }
}

async fn instance(services: &Services, args: &args::Worker, results: &mut Vec<CheckResult>) {
    results.push(check_result("secret key", secret_key(services).await));
    results.push(check_result("embeddings", embeddings(services)));
    let settings = services.settings.get();
    if let Ok(docker) = parts::docker(args) {
        let image = match docker.image(&settings.agent_image).await {
            Ok(Some(_)) => Ok(settings.agent_image.clone()),
            Ok(None) => Err(format!("{} is not on this host: run `make images`", settings.agent_image)),
            Err(error) => Err(error.to_string()),
        };
        results.push(check_result("agent image", image));
        results.push(check_result("agent runtime", agent_runtime(&docker, services).await));
        results.push(check_result("disk limits", disk_limits(&docker, services).await));
        results.push(check_result("network pool", network_pool(&docker, services).await));
    }
    let required = super::guard::required_config(services, args.internal_port).await;
    let guard = match Guard::new(services.instance).status(&required).await {
        Ok(GuardStatus::Enforced) => Ok("in force".into()),
        Ok(GuardStatus::Missing) => Err("NOT ENFORCED: run `mosaic up` or `mosaic guard` as root".into()),
        Ok(GuardStatus::Differs) => {
            Err("its rules are not those of the settings: is `mosaic guard` running?".into())
        }
        Err(error) => Err(format!("NOT ENFORCED: {error}")),
    };
    results.push(check_result("guard", guard));
}

/// Whether the key fits, and whether an older one can be removed.
async fn secret_key(services: &Services) -> Result<String, String> {
    let standing = fleet::keys::status(services).await.map_err(|error| error.to_string())?;
    match (standing.lost, standing.behind, standing.older) {
        (0, 0, 0) => Ok("fits this database".into()),
        (0, 0, _) => Ok("fits; only the first key is needed, and the others can be removed".into()),
        (0, behind, _) => {
            Ok(format!("fits; {behind} data keys still need an older key: run `mosaic admin rotate-key`"))
        }
        (lost, ..) => Err(format!(
            "{lost} data keys cannot be opened: add the older key behind the new one again (`new,old`)"
        )),
    }
}

/// Whether the engine has the runtime for agents.
async fn agent_runtime(docker: &dyn Containers, services: &Services) -> Result<String, String> {
    let runtime = services.settings.get().container_runtime.clone();
    let installed = docker.engine().await.map_err(|error| error.to_string())?.runtimes;
    if installed.contains(&runtime) {
        return Ok(runtime);
    }
    Err(format!(
        "the Docker engine has no runtime {runtime}, only {}: install it there, or change containerRuntime in the settings",
        installed.join(", ")
    ))
}

/// Whether the engine's storage supports the limits in the settings.
async fn disk_limits(docker: &dyn Containers, services: &Services) -> Result<String, String> {
    let limit = services.settings.get().limits.disk_mib;
    let supported =
        docker.supports_disk_limits(services.instance).await.map_err(|error| error.to_string())?;
    match (supported, limit) {
        (true, 0) => Ok("supported, not set (limits.diskMib)".into()),
        (true, limit) => Ok(format!("{limit} MiB for each new state volume")),
        (false, 0) => Ok("not supported by this storage, and not set".into()),
        (false, _) => Err(ContainerError::NoDiskLimits.to_string()),
    }
}

/// What embeds texts. Without embeddings, searches match words only.
fn embeddings(services: &Services) -> Result<String, String> {
    let chosen = services.settings.get().knowledge.embeddings.clone();
    match (chosen.source, services.embedder.state()) {
        (EmbeddingSource::Off, _) => Ok("switched off in the settings: searches match words only".into()),
        (EmbeddingSource::Endpoint, _) => Ok(format!("by {}", chosen.base_url.unwrap_or_default())),
        (EmbeddingSource::Builtin, EmbedderState::Ready) => Ok(format!("by {}", services.embedder.model())),
        (EmbeddingSource::Builtin, EmbedderState::Unavailable(why)) => Err(why),
    }
}

/// How many users' networks the pool has room for, and how many there are.
async fn network_pool(docker: &dyn Containers, services: &Services) -> Result<String, String> {
    let pool = services.settings.get().subnet_pool;
    let used = docker.list(services.instance).await.map_err(|error| error.to_string())?.len();
    let capacity = 1usize << (28 - u32::from(pool.prefix_len()).min(28));
    if used < capacity {
        Ok(format!("{pool}: {used} of {capacity} networks in use"))
    } else {
        Err(format!("{pool} is used up: widen subnetPool in the settings"))
    }
}

async fn engine(args: &args::Worker) -> Vec<CheckResult> {
    let docker = match parts::docker(args) {
        Ok(docker) => docker,
        Err(error) => return vec![check_result("docker", Err(error.to_string()))],
    };
    let result = match docker.engine().await {
        Ok(info) => Ok(format!("{}, {} GiB of memory", info.version, info.memory_bytes >> 30)),
        Err(error) => Err(format!("{error}; start it, and allow this user to use its socket")),
    };
    vec![check_result("docker", result)]
}
