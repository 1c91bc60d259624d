//! `mosaic doctor`: checks everything Mosaic needs; each line says what to do.

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

/// What a check found.
struct Finding {
    what: &'static str,
    /// What is there, or what is wrong and what to do.
    result: Result<String, String>,
}

fn finding(what: &'static str, result: Result<String, String>) -> Finding {
    Finding { what, result }
}

pub async fn run(config: &Config, args: args::Doctor, watch: &args::Watch) -> anyhow::Result<()> {
    let mut findings = Vec::new();
    match super::up::running_instance(config, args.data_dir) {
        Err(error) => findings.push(finding("secret key", Err(format!("{error:#}")))),
        Ok((url, key)) => {
            findings.extend(database::check(&url).await);
            if let Some(services) = services(config, (&url, &key), &mut findings).await {
                instance(&services, &args.worker, &mut findings).await;
                findings.extend(deployment::check(&services).await);
                if args.isolation {
                    findings.push(finding("isolation", super::isolation::run(&services, &args.worker).await));
                }
            }
        }
    }
    findings.extend(engine(&args.worker).await);
    if let Some(listen) = watch.metrics {
        findings.push(finding("metrics", deployment::metrics(listen).await));
    }
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
