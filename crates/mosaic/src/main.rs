//! The one binary and composition root: wires the crates together and holds no logic of its own.

mod args;
mod commands;
mod parts;

use args::{Args, Command};
use boot::{Config, Traces, telemetry::Collector};
use clap::Parser;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let config = Config::from_env()?;
    let traces = watch(&config, &args)?;
    let ended = run(&config, args).await;
    if let Some(traces) = traces {
        traces.end().await;
    }
    ended
}

/// Logs, and what else is watched of a process that stays.
fn watch(config: &Config, args: &Args) -> anyhow::Result<Option<Traces>> {
    let service = args.command.service();
    let collector = args.watch.otlp.as_deref().zip(service);
    let collector = collector.map(|(endpoint, service)| Collector { endpoint, service });
    let traces = boot::telemetry::init(&config.log, collector)?;
    if let (Some(listen), Some(_)) = (args.watch.metrics, service) {
        boot::metrics::serve(listen, env!("CARGO_PKG_VERSION"))?;
    }
    Ok(traces)
}

async fn run(config: &Config, args: Args) -> anyhow::Result<()> {
    let Args { watch, command } = args;
    match command {
        Command::Up(up) => commands::up::run(config, up, &watch).await,
        Command::Api(api) => commands::api::run(config, api, &watch).await,
        Command::Worker(worker) => commands::worker::run(config, worker, &watch).await,
        Command::Guard(guard) => commands::guard::run(config, guard).await,
        Command::Migrate => commands::migrate::run(config).await,
        Command::Healthy(part) => commands::healthy::run(config, part).await,
        Command::Doctor(doctor) => commands::doctor::run(config, doctor, &watch).await,
        Command::Admin(admin) => commands::admin::run(config, admin).await,
    }
}
