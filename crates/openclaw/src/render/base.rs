//! What every container's configuration has in common: everything off that nobody asked for.
//!
//! Owns the hardening. Each part was tried on the real gateway; `openclaw config validate` is strict, so an
//! unknown key here is a container that does not boot.

use crate::RUN_TIMEOUT;
use domain::agent::{OWN_SKILL, Tool};
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
        // The file (on tmpfs) without answers; the console with OpenClaw's word on each reload, which the
        // entrypoint reads. The console has every answer too, at any level: nobody may keep it.
        "logging": { "level": "warn", "consoleLevel": "info", "consoleStyle": "json" },
        "mcp": {},
        "models": { "mode": "replace", "providers": {} },
        "plugins": { "allow": [], "slots": { "memory": "none" } },
        // `enforce` runs a worker that competes with the first chat after boot. Mosaic itself deletes what nobody needs.
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
        // Otherwise the agent calls its model by itself.
        "heartbeat": { "every": "0m" },
        "maxConcurrent": 4,
        "sandbox": { "mode": "off" },
        "skills": [OWN_SKILL],
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
        // No agent has a tool that reaches another's sessions, but for the one that lists them to Mosaic.
        "agentToAgent": { "enabled": true },
        "elevated": { "enabled": false },
        "fs": { "workspaceOnly": true },
        "sessions": { "visibility": "all" },
        // Every tool by its own name: behind the search they would all be called `tool_call`.
        "toolSearch": false,
    })
}
