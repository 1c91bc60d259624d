//! The part of the configuration that is the same for every container: everything that is not needed is off.
//!
//! Owns the hardening. Each part was tested on the real gateway. `openclaw config validate` is strict, so a container
//! with an unknown key does not boot.

use crate::RUN_TIMEOUT;
use domain::agent::{BUILTIN_SKILL, Tool};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Whether Mosaic's own tools are offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OwnTools {
    Offered,
    Absent,
}

/// The configuration without providers, agents and tool servers.
pub(super) fn config(tools: &BTreeSet<Tool>, own_tools: OwnTools) -> Value {
    json!({
        "gateway": gateway(),
        "agents": { "ownership": "explicit", "defaults": agent_defaults(), "entries": {} },
        "browser": { "enabled": false },
        "commands": {
            "native": false, "bash": false, "config": false, "mcp": false, "plugins": false, "debug": false,
            "restart": false,
        },
        "cron": { "enabled": false },
        "discovery": { "mdns": { "mode": "off" } },
        "hooks": { "enabled": false },
        // `warn` keeps answers out of the log file (on tmpfs). The console needs `info`, because the entrypoint reads
        // there whether a reload was applied. It has every answer too, at any level, so it must not be kept.
        "logging": { "level": "warn", "consoleLevel": "info", "consoleStyle": "json" },
        "mcp": {},
        "models": { "mode": "replace", "providers": {} },
        "plugins": { "allow": [], "slots": { "memory": "none" } },
        // `enforce` runs a worker that slows down the first chat after boot. Mosaic deletes sessions itself.
        "session": { "maintenance": { "mode": "warn" } },
        "skills": {
            "allowBundled": [],
            "load": { "extraDirs": ["/opt/mosaic-skills"], "watch": true },
            "workshop": { "autonomous": { "mode": "off" }, "approvalPolicy": "pending" },
        },
        "telemetry": { "enabled": false },
        "tools": tool_policy(tools, own_tools),
        "update": { "checkOnStart": false, "auto": { "enabled": false } },
    })
}

fn gateway() -> Value {
    json!({
        "mode": "local",
        "bind": "lan",
        "port": 18789,
        "auth": {
            "mode": "token",
            "token": "${OPENCLAW_GATEWAY_TOKEN}",
            "rateLimit": { "maxAttempts": 20, "windowMs": 60_000, "lockoutMs": 60_000 },
        },
        "cliAgents": { "enabled": false },
        "controlUi": { "enabled": false },
        "http": {
            "endpoints": {
                "chatCompletions": { "enabled": true, "images": { "allowUrl": false } },
                "responses": { "enabled": false },
            },
        },
        "nodes": { "pairing": { "autoApproveLocal": false, "sshVerify": false } },
        "reload": { "mode": "hybrid" },
        "tailscale": { "mode": "off" },
        "terminal": { "enabled": false },
    })
}

fn agent_defaults() -> Value {
    json!({
        // Without this the agent calls its model by itself from time to time.
        "heartbeat": { "every": "0m" },
        "maxConcurrent": 4,
        "sandbox": { "mode": "off" },
        "skills": [BUILTIN_SKILL],
        "skipBootstrap": true,
        "timeoutSeconds": RUN_TIMEOUT.as_secs(),
        "utilityModel": "",
    })
}

fn tool_policy(tools: &BTreeSet<Tool>, own_tools: OwnTools) -> Value {
    let own = tools.iter().map(|tool| tool.as_str());
    let allowed: Vec<&str> = own.chain((own_tools == OwnTools::Offered).then_some("bundle-mcp")).collect();
    json!({
        "profile": "minimal",
        "alsoAllow": allowed,
        "deny": [
            "gateway", "openclaw", "group:automation", "group:nodes", "group:ui", "group:messaging",
            "sessions_spawn", "sessions_send",
        ],
        // Only Mosaic's own agent has a tool that reaches other agents' sessions.
        "agentToAgent": { "enabled": true },
        "elevated": { "enabled": false },
        "fs": { "workspaceOnly": true },
        "sessions": { "visibility": "all" },
        // With the search every tool call would have the name `tool_call`.
        "toolSearch": false,
    })
}
