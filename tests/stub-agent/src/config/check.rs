//! The parts of OpenClaw's strict schema that Mosaic's renderer could get wrong: unknown keys
//! near the root, and a roster of several agents without an owner. Not the whole schema.

use serde_json::Value;

const ROOT: &[&str] = &[
    "$schema",
    "accessGroups",
    "acp",
    "agents",
    "approvals",
    "attachments",
    "auth",
    "bindings",
    "broadcast",
    "browser",
    "channels",
    "cloudWorkers",
    "commands",
    "cron",
    "desktop",
    "diagnostics",
    "discovery",
    "env",
    "gateway",
    "hooks",
    "logging",
    "mcp",
    "memory",
    "messages",
    "meta",
    "models",
    "nodeHost",
    "plugins",
    "proxy",
    "secrets",
    "security",
    "session",
    "skills",
    "surfaces",
    "talk",
    "telemetry",
    "tools",
    "transcripts",
    "tts",
    "ui",
    "update",
    "wizard",
    "worktreeAcceleration",
    "worktreeRoot",
];
const GATEWAY: &[&str] = &[
    "allowRealIpFallback",
    "auth",
    "bind",
    "cliAgents",
    "controlUi",
    "customBindHost",
    "http",
    "mode",
    "nodes",
    "port",
    "portals",
    "publicOrigin",
    "push",
    "reload",
    "remote",
    "roles",
    "tailscale",
    "terminal",
    "tls",
    "tools",
    "trustedProxies",
];
const AGENT: &[&str] = &[
    "agentDir",
    "bootstrapMaxChars",
    "bootstrapTotalMaxChars",
    "contextInjection",
    "contextLimits",
    "cwd",
    "decisionModel",
    "default",
    "description",
    "embeddedAgent",
    "experimental",
    "fastModeDefault",
    "groupChat",
    "heartbeat",
    "humanDelay",
    "identity",
    "memory",
    "model",
    "modelPolicy",
    "models",
    "name",
    "params",
    "reasoningDefault",
    "runtime",
    "sandbox",
    "skills",
    "skillsLimits",
    "subagents",
    "thinkingDefault",
    "toolProgressDetail",
    "tools",
    "tts",
    "typingMode",
    "utilityModel",
    "verboseDefault",
    "workspace",
];
const PROVIDER: &[&str] = &[
    "agentRuntime",
    "api",
    "apiKey",
    "auth",
    "authHeader",
    "baseUrl",
    "headers",
    "injectNumCtxForOpenAICompat",
    "localService",
    "maxTokens",
    "models",
    "params",
    "region",
    "request",
    "timeoutSeconds",
];

/// Everything that is wrong with a config, in OpenClaw's words.
pub fn issues(root: &Value) -> Vec<String> {
    let mut issues = Vec::new();
    unknown(&mut issues, "gateway", &root["gateway"], GATEWAY);
    each(&mut issues, "agents.entries", &root["agents"]["entries"], AGENT);
    each(&mut issues, "models.providers", &root["models"]["providers"], PROVIDER);
    let several = root["agents"]["entries"].as_object().is_some_and(|map| map.len() > 1);
    if several && root["agents"]["ownership"] != "explicit" {
        issues.push(
            "agents.ownership: multi-agent rosters require agents.ownership=\"explicit\" or one legacy default=true marker; add agents.ownership=\"explicit\" or run openclaw doctor"
                .to_owned(),
        );
    }
    unknown(&mut issues, "", root, ROOT);
    issues
}

fn each(issues: &mut Vec<String>, path: &str, entries: &Value, known: &[&str]) {
    for (id, entry) in entries.as_object().into_iter().flatten() {
        unknown(issues, &format!("{path}.{id}"), entry, known);
    }
}

fn unknown(issues: &mut Vec<String>, path: &str, entry: &Value, known: &[&str]) {
    match entry {
        Value::Null => {}
        Value::Object(map) => {
            let strange = map.keys().filter(|key| !known.contains(&key.as_str()));
            issues.extend(strange.map(|key| format!("{path}: Unrecognized key: \"{key}\"")));
        }
        _ => issues.push(format!("{path}: Invalid input: expected object")),
    }
}
