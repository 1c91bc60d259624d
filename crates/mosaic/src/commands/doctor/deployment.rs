//! Checks the processes of a deployment: workers, waiting jobs, agents, metrics.

use super::{CheckResult, check_result};
use domain::lifecycle::Observed;
use fleet::Services;
use std::{collections::BTreeSet, net::SocketAddr, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

/// A due job that has waited this long for a worker needs attention.
const MAX_START_DELAY_SECONDS: f64 = 300.0;
const METRICS_TIMEOUT: Duration = Duration::from_secs(5);

pub(super) async fn check(services: &Services) -> Vec<CheckResult> {
    vec![
        check_result("workers", workers(services).await),
        check_result("jobs", jobs(services).await),
        check_result("agents", agents(services).await),
    ]
}

/// How many workers there are, when they last reported, and whether they run this program's version.
async fn workers(services: &Services) -> Result<String, String> {
    let mut tx = services.store.system("doctor").await.map_err(|error| error.to_string())?;
    let all = jobs::workers::list(&mut tx).await.map_err(|error| error.to_string())?;
    let alive: Vec<_> = all.iter().filter(|worker| worker.alive).collect();
    let versions: BTreeSet<&str> = alive.iter().map(|worker| worker.version.as_str()).collect();
    let Some(oldest_heartbeat) = alive.iter().map(|worker| worker.last_seen).min() else {
        return Err(
            "none is running: start `mosaic worker` or `mosaic up`; until then no agent starts".into()
        );
    };
    let silent_seconds = (services.clock.now() - oldest_heartbeat).num_seconds().max(0);
    if versions.len() > 1 || !versions.contains(env!("CARGO_PKG_VERSION")) {
        let versions: Vec<_> = versions.into_iter().collect();
        return Err(format!(
            "{} live with the versions {}, and this program is {}: complete the upgrade",
            alive.len(),
            versions.join(", "),
            env!("CARGO_PKG_VERSION")
        ));
    }
    Ok(format!("{} live, and all have reported within {silent_seconds} s", alive.len()))
}

/// Which lanes have jobs that wait for too long.
async fn jobs(services: &Services) -> Result<String, String> {
    let mut tx = services.store.system("doctor").await.map_err(|error| error.to_string())?;
    let oldest = jobs::metrics::oldest_due(&mut tx).await.map_err(|error| error.to_string())?;
    let late: Vec<_> = oldest
        .iter()
        .filter(|(_, seconds)| *seconds > MAX_START_DELAY_SECONDS)
        .map(|(lane, seconds)| format!("{lane} ({seconds:.0} s)"))
        .collect();
    if late.is_empty() {
        return Ok("none waits for too long".into());
    }
    Err(format!(
        "due but not started: {}; is the lane paused, or are there too few workers?",
        late.join(", ")
    ))
}

/// The states of users' containers.
async fn agents(services: &Services) -> Result<String, String> {
    let mut tx = services.store.system("doctor").await.map_err(|error| error.to_string())?;
    let states = store::overview::count_by_state(&mut tx).await.map_err(|error| error.to_string())?;
    let mut counts: Vec<_> =
        states.iter().map(|(state, count)| format!("{count} {}", state.as_str())).collect();
    if counts.is_empty() {
        return Ok("none yet".into());
    }
    // That a user's agent does not start is not a fault of the deployment.
    if states.iter().any(|(state, _)| *state == Observed::Failed) {
        counts.push("the Fleet page says why each one failed".into());
    }
    Ok(counts.join(", "))
}

/// Whether the address in `--metrics` serves Mosaic's metrics.
pub(super) async fn metrics(listen: SocketAddr) -> Result<String, String> {
    let request = timeout(METRICS_TIMEOUT, async {
        let mut stream = TcpStream::connect(listen).await?;
        let head = format!("GET /metrics HTTP/1.1\r\nHost: {listen}\r\nConnection: close\r\n\r\n");
        stream.write_all(head.as_bytes()).await?;
        let mut response = String::new();
        stream.read_to_string(&mut response).await?;
        std::io::Result::Ok(response)
    });
    match request.await {
        Ok(Ok(response)) if response.contains("mosaic_build_info") => Ok(format!("served on {listen}")),
        Ok(Ok(_)) => Err(format!("another program answers on {listen}")),
        Ok(Err(error)) => Err(format!("{listen}: {error}; was the process started with --metrics {listen}?")),
        Err(_) => Err(format!("{listen} does not answer within {} s", METRICS_TIMEOUT.as_secs())),
    }
}
