//! What the processes of a deployment say of themselves: workers, what waits for them, agents, figures.

use super::{Finding, finding};
use fleet::Services;
use std::{collections::BTreeSet, net::SocketAddr, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

/// A due job that nobody has begun for so long waits for something that does not come.
const LATE_SECONDS: f64 = 300.0;
/// How long the metrics' listener may take.
const PATIENCE: Duration = Duration::from_secs(5);

pub(super) async fn check(services: &Services) -> Vec<Finding> {
    vec![
        finding("workers", workers(services).await),
        finding("jobs", jobs(services).await),
        finding("agents", agents(services).await),
    ]
}

/// Who takes jobs: how many, since when they were last heard of, and whether they run the version of this program.
async fn workers(services: &Services) -> Result<String, String> {
    let mut tx = services.store.system("doctor").await.map_err(|error| error.to_string())?;
    let all = jobs::workers::list(&mut tx).await.map_err(|error| error.to_string())?;
    let alive: Vec<_> = all.iter().filter(|worker| worker.alive).collect();
    let versions: BTreeSet<&str> = alive.iter().map(|worker| worker.version.as_str()).collect();
    let Some(oldest_beat) = alive.iter().map(|worker| worker.last_seen).min() else {
        return Err("none lives: start `mosaic worker` (or `mosaic up`); until then no agent starts".into());
    };
    let silent = (services.clock.now() - oldest_beat).num_seconds().max(0);
    if versions.len() > 1 || !versions.contains(env!("CARGO_PKG_VERSION")) {
        let versions: Vec<_> = versions.into_iter().collect();
        return Err(format!(
            "{} live, of the versions {}, and this program is {}: end the upgrade",
            alive.len(),
            versions.join(", "),
            env!("CARGO_PKG_VERSION")
        ));
    }
    Ok(format!("{} live, the quietest was heard {silent} s ago", alive.len()))
}

/// What waits too long, and where.
async fn jobs(services: &Services) -> Result<String, String> {
    let mut tx = services.store.system("doctor").await.map_err(|error| error.to_string())?;
    let oldest = jobs::metrics::oldest_due(&mut tx).await.map_err(|error| error.to_string())?;
    let late: Vec<_> = oldest
        .iter()
        .filter(|(_, seconds)| *seconds > LATE_SECONDS)
        .map(|(lane, seconds)| format!("{lane} ({seconds:.0} s)"))
        .collect();
    if late.is_empty() {
        return Ok("none waits longer than it should".into());
    }
    Err(format!("due and not begun: {}; is the lane paused, or are there too few workers?", late.join(", ")))
}

/// How users' containers stand.
async fn agents(services: &Services) -> Result<String, String> {
    let mut tx = services.store.system("doctor").await.map_err(|error| error.to_string())?;
    let states = store::overview::states(&mut tx).await.map_err(|error| error.to_string())?;
    let mut told: Vec<_> = states.iter().map(|(state, count)| format!("{count} {state}")).collect();
    if told.is_empty() {
        return Ok("none yet".into());
    }
    // One person's agent that does not start is no fault of the deployment.
    if states.iter().any(|(state, _)| state == "failed") {
        told.push("the page Fleet says why of each that failed".into());
    }
    Ok(told.join(", "))
}

/// Whether the listener that `--metrics` names serves this product's figures.
pub(super) async fn metrics(listen: SocketAddr) -> Result<String, String> {
    let asked = timeout(PATIENCE, async {
        let mut stream = TcpStream::connect(listen).await?;
        let request = format!("GET /metrics HTTP/1.1\r\nHost: {listen}\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await?;
        std::io::Result::Ok(answer)
    });
    match asked.await {
        Ok(Ok(answer)) if answer.contains("mosaic_build_info") => Ok(format!("served on {listen}")),
        Ok(Ok(_)) => Err(format!("something else than Mosaic answers on {listen}")),
        Ok(Err(error)) => Err(format!("{listen}: {error}; is the process started with --metrics {listen}?")),
        Err(_) => Err(format!("{listen} does not answer within {} s", PATIENCE.as_secs())),
    }
}
