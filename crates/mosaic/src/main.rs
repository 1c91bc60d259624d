//! The binary: puts the crates together and has no logic of its own.

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
    let traces = init_monitoring(&config, &args)?;
    let ended = run(&config, args).await;
    if let Some(traces) = traces {
        traces.shutdown().await;
    }
    ended
}

/// Sets up logs and, for server processes, metrics and traces.
fn init_monitoring(config: &Config, args: &Args) -> anyhow::Result<Option<Traces>> {
    let service = args.command.service();
    let collector = args.monitoring.otlp.as_deref().zip(service);
    let collector = collector.map(|(endpoint, service)| Collector { endpoint, service });
    let traces = boot::telemetry::init(&config.log, collector)?;
    if let (Some(listen), Some(_)) = (args.monitoring.metrics, service) {
        boot::metrics::serve(listen, env!("CARGO_PKG_VERSION"))?;
    }
    Ok(traces)
}

async fn run(config: &Config, args: Args) -> anyhow::Result<()> {
    let Args { monitoring, command } = args;
    match command {
        Command::Up(up) => commands::up::run(config, up, &monitoring).await,
        Command::Api(api) => commands::api::run(config, api, &monitoring).await,
        Command::Worker(worker) => commands::worker::run(config, worker, &monitoring).await,
        Command::Guard(guard) => commands::guard::run(config, guard).await,
        Command::Migrate => commands::migrate::run(config).await,
        Command::Healthy(part) => commands::healthy::run(config, part).await,
        Command::Doctor(doctor) => commands::doctor::run(config, doctor, &monitoring).await,
        Command::Admin(admin) => commands::admin::run(config, admin).await,
    }
}
