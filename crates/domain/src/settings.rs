//! The instance's settings: typed, validated, with working defaults.

use crate::{
    containers::NetworkPolicy,
    invalid::{self, Invalid},
    knowledge::KnowledgeSettings,
    limits::Limits,
    public_url::PublicUrl,
};
use ipnet::{IpNet, Ipv4Net};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A host and port that an admin allows even if its address is private.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
pub struct AllowedHost {
    /// Name or address in lower case, as in a base URL.
    pub host: String,
    /// TCP port.
    pub port: u16,
}

/// All settings, stored as one versioned JSON document in `system_config`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct Settings {
    /// Image of the agent containers.
    pub agent_image: String,
    /// Docker runtime: `runc`, or `runsc` for gVisor.
    pub container_runtime: String,
    /// Whether agents can reach the internet.
    pub network_policy: NetworkPolicy,
    /// Range of the users' networks, which are /28 each.
    #[schema(value_type = String, example = "10.77.0.0/16")]
    pub subnet_pool: Ipv4Net,
    /// What one container may use.
    pub limits: Limits,
    /// Private hosts that providers may use.
    pub allowed_hosts: Vec<AllowedHost>,
    /// Seconds after which a start fails.
    pub start_timeout_seconds: u32,
    /// Minutes without use after which a container is stopped; 0 = never.
    pub idle_timeout_minutes: u32,
    /// Seconds without use after which a container is paused until the next message; 0 = never. It keeps its memory.
    pub pause_after_seconds: u32,
    /// Seconds after which a running container is stopped as soon as it is not in use; 0 = never.
    pub max_age_seconds: u32,
    /// Whether signing in and opening the chat page start the container before the first message.
    #[serde(rename = "wakeEarly")]
    pub prewarm: bool,
    /// Memory of the host for all containers together; 0 = all but 4 GiB.
    pub memory_budget_bytes: u64,
    /// Whether unused containers move to a new agent image by themselves.
    pub auto_update: bool,
    /// The origin at which browsers reach this instance (`https://fleet.example.org`); null = localhost only.
    #[schema(value_type = Option<String>, example = "https://fleet.example.org")]
    pub public_url: Option<PublicUrl>,
    /// Proxies whose `X-Forwarded-For` is trusted.
    #[schema(value_type = Vec<String>, example = json!(["127.0.0.0/8"]))]
    pub trusted_proxies: Vec<IpNet>,
    /// Hours without a request after which a session ends.
    pub session_idle_hours: u32,
    /// Days after which a session ends even if it is in use.
    pub session_days: u32,
    /// Days after which finished jobs and the history of containers are deleted; 0 = never.
    pub job_retention_days: u32,
    /// Search in findings and conversations.
    pub knowledge: KnowledgeSettings,
    /// Maximum size of the export of a user's data, compressed, in MiB.
    pub export_limit_mib: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            agent_image: "mosaic-agent:2026.9.6".into(),
            container_runtime: "runc".into(),
            network_policy: NetworkPolicy::Open,
            // A part of 10/8 that neither Docker's own pools nor common home routers use.
            subnet_pool: Ipv4Net::new_assert(std::net::Ipv4Addr::new(10, 77, 0, 0), 16),
            limits: Limits::default(),
            allowed_hosts: Vec::new(),
            start_timeout_seconds: 180,
            idle_timeout_minutes: 30,
            pause_after_seconds: 0,
            max_age_seconds: 0,
            prewarm: true,
            memory_budget_bytes: 0,
            auto_update: true,
            public_url: None,
            // A process on the same host is as trusted as a proxy there.
            trusted_proxies: vec![
                IpNet::new_assert(std::net::Ipv4Addr::new(127, 0, 0, 0).into(), 8),
                IpNet::new_assert(std::net::Ipv6Addr::LOCALHOST.into(), 128),
            ],
            session_idle_hours: 24 * 7,
            session_days: 30,
            job_retention_days: 30,
            knowledge: KnowledgeSettings::default(),
            export_limit_mib: 512,
        }
    }
}

impl Settings {
    /// Checks what the types cannot express.
    pub fn check(self) -> Result<Self, Invalid> {
        if self.subnet_pool.prefix_len() > 24 {
            return Err(Invalid::new("subnetPool", "Use a range of at least a /24 (16 users)."));
        }
        if !matches!(self.container_runtime.as_str(), "runc" | "runsc") {
            return Err(Invalid::new("containerRuntime", "Use `runc` or `runsc`."));
        }
        // The start's job may take ten minutes, and the start must give up before the job does.
        if !(10..=540).contains(&self.start_timeout_seconds) {
            return Err(Invalid::new("startTimeoutSeconds", "Use 10 to 540 seconds."));
        }
        if !(1..=24 * 365).contains(&self.session_idle_hours) {
            return Err(Invalid::new("sessionIdleHours", "Use 1 hour to 8760 hours (a year)."));
        }
        if !(1..=365).contains(&self.session_days) {
            return Err(Invalid::new("sessionDays", "Use 1 to 365 days."));
        }
        if self.idle_timeout_minutes > 525_600 {
            return Err(Invalid::new(
                "idleTimeoutMinutes",
                "Use at most 525600 minutes (a year), or 0 for never.",
            ));
        }
        for (field, seconds) in
            [("pauseAfterSeconds", self.pause_after_seconds), ("maxAgeSeconds", self.max_age_seconds)]
        {
            if seconds > 0 && !(60..=31_536_000).contains(&seconds) {
                return Err(Invalid::new(field, "Use 60 to 31536000 seconds (a year), or 0 for never."));
            }
        }
        if self.memory_budget_bytes > 0 && self.memory_budget_bytes < self.limits.memory_bytes() {
            return Err(Invalid::new(
                "memoryBudgetBytes",
                "Use at least the memory of one container (limits.memoryMib), or 0 for all but 4 GiB of the host.",
            ));
        }
        if self.job_retention_days > 3650 {
            return Err(Invalid::new("jobRetentionDays", "Use at most 3650 days, or 0 to keep all."));
        }
        if !(1..=4096).contains(&self.export_limit_mib) {
            return Err(Invalid::new("exportLimitMib", "Use 1 to 4096 MiB."));
        }
        invalid::line("agentImage", &self.agent_image, 300)?;
        for allowed in &self.allowed_hosts {
            invalid::line("allowedHosts", &allowed.host, 253)?;
        }
        self.limits.check()?;
        self.knowledge.check()?;
        Ok(self)
    }
}
