//! A stand-in for an OpenClaw gateway in one small binary: the same HTTP surface, the same config
//! file, the same log lines, so that the fleet is tested end to end without a gigabyte of agent.
//!
//! It owns the gateway's outward behaviour as measured on 2026.9.6. It must not know Mosaic, and
//! it executes no tool. Not imitated: in-process restarts, `maxConcurrent`, minutes of
//! retries (one attempt per model), images, Google's and Ollama's wire formats.
//!
//! Environment: `STUB_PORT` (18789), `STUB_BOOT_MS` (150), `STUB_CRASH_AT_BOOT=1`, and OpenClaw's
//! own `OPENCLAW_CONFIG_PATH`, `OPENCLAW_STATE_DIR`, `OPENCLAW_GATEWAY_TOKEN`. Arguments are
//! ignored, so that it can replace `openclaw gateway run …`. In a user's text:
//! `[[stub:delay=500]]`, `[[stub:tokens=200,gap=20]]` (with `stamp` each token is the time of sending),
//! `[[stub:error=429]]`, `[[stub:tool=exec]]`, `[[stub:hang]]`, `[[stub:die]]`. The model id
//! `stub-echo` needs no provider.
#![allow(
    clippy::disallowed_methods,
    reason = "a stand-in runs outside Mosaic: it has its own clock, tasks and environment"
)]

mod config;
mod gateway;
mod http;
mod logs;
mod reload;
mod run;
mod script;
mod session;
mod settings;
mod upstream;

use std::process::ExitCode;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use gateway::Gateway;
use settings::Settings;

/// OpenClaw's exit code for a configuration that it cannot start with.
const EXIT_CONFIG: u8 = 78;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let settings = Settings::from_env();
    // Most of the boot is over before the port opens; readiness follows a little later.
    tokio::time::sleep(settings.boot * 3 / 4).await;
    if settings.crash_at_boot {
        logs::error("Gateway failed to start: crashed at boot, as configured");
        return ExitCode::FAILURE;
    }
    let config = match config::load_at_boot(&settings.config_path) {
        Ok(config) => config,
        Err(reason) => {
            logs::error(&format!("Gateway failed to start: {reason}"));
            return ExitCode::from(EXIT_CONFIG);
        }
    };
    match serve(settings, config).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            logs::error(&format!("Gateway failed to start: {error}"));
            ExitCode::FAILURE
        }
    }
}

/// Serves until SIGTERM or SIGINT, and then until the running chats have ended.
async fn serve(settings: Settings, config: config::Config) -> std::io::Result<()> {
    let listener = TcpListener::bind(("0.0.0.0", settings.port)).await?;
    let mut term = signal(SignalKind::terminate())?;
    let mut int = signal(SignalKind::interrupt())?;
    let boot = settings.boot;
    let gateway = Arc::new(Gateway::new(settings, config)?);
    tokio::spawn(reload::follow(Arc::clone(&gateway)));
    let ready = Arc::clone(&gateway);
    tokio::spawn(async move {
        tokio::time::sleep(boot / 4).await;
        ready.set_ready();
    });
    let stopping = Arc::clone(&gateway);
    http::serve(listener, gateway, async move {
        tokio::select! { _ = term.recv() => {}, _ = int.recv() => {} }
        stopping.drain();
    })
    .await
}
