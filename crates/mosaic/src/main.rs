//! The one binary and composition root: wires the crates together and holds no logic of its own.

mod args;
mod commands;
mod parts;

use args::{Args, Command};
use clap::Parser;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let config = boot::Config::from_env()?;
    boot::telemetry::init(&config.log)?;
    match args.command {
        Command::Up(up) => commands::up::run(&config, up).await,
        Command::Api(api) => commands::api::run(&config, api).await,
        Command::Worker(worker) => commands::worker::run(&config, worker).await,
        Command::Guard(guard) => commands::guard::run(&config, guard).await,
        Command::Migrate => commands::migrate::run(&config).await,
        Command::Healthy(part) => commands::healthy::run(&config, part).await,
        Command::Doctor(doctor) => commands::doctor::run(&config, doctor).await,
        Command::Admin(admin) => commands::admin::run(&config, admin).await,
    }
}
