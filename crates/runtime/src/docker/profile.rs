//! The one shape an agent container has. Pure.
//!
//! Everything a caller can vary is in `ContainerSpec`; nothing here takes a host path, a capability or
//! a network mode from outside, so that no caller can ask for them.

use crate::{labels, names};
use bollard::models::{
    ContainerCreateBody, HostConfig, HostConfigLogConfig, Mount, MountType, PortBinding, RestartPolicy,
    RestartPolicyNameEnum,
};
use domain::containers::{ContainerSpec, Network, NetworkPolicy};
use secrecy::ExposeSecret;
use std::collections::HashMap;

/// OpenClaw's port inside the container.
pub(super) const GATEWAY_PORT: &str = "18789/tcp";
/// User and group of the agent's processes.
const AGENT: &str = "10001:10001";
/// Where the state volume is mounted.
const STATE: &str = "/data";
const MIB: i64 = 1024 * 1024;

/// What the profile takes from the host and from the network beside the spec.
pub(super) struct Surroundings<'a> {
    /// Docker's id of the owner's network.
    pub(super) network_id: &'a str,
    /// Its addresses.
    pub(super) network: &'a Network,
    /// Its policy.
    pub(super) policy: NetworkPolicy,
    /// Cores of the host.
    pub(super) cores: u32,
}

/// The body of Docker's create call.
pub(super) fn body(spec: &ContainerSpec, around: &Surroundings<'_>) -> ContainerCreateBody {
    ContainerCreateBody {
        image: Some(spec.image.reference().to_owned()),
        // Fixed, because OpenClaw's lease on its state names the host: another name waits five minutes.
        hostname: Some(names::object(&spec.owner)),
        user: Some(AGENT.into()),
        env: Some(environment(spec, around.network)),
        labels: Some(labels::of_container(spec)),
        exposed_ports: Some(vec![GATEWAY_PORT.into()]),
        host_config: Some(host_config(spec, around)),
        ..ContainerCreateBody::default()
    }
}

/// The gateway token is the one secret here: it opens this container only, and is replaced at every create.
fn environment(spec: &ContainerSpec, network: &Network) -> Vec<String> {
    let config = format!("http://{}{}", spec.internal.behind(network.gateway), spec.config_path);
    vec![
        format!("MOSAIC_CONFIG_URL={config}"),
        format!("OPENCLAW_GATEWAY_TOKEN={}", spec.gateway_token.expose_secret()),
    ]
}

fn host_config(spec: &ContainerSpec, around: &Surroundings<'_>) -> HostConfig {
    let memory = i64::from(spec.limits.memory_mib) * MIB;
    // Docker refuses more than the host has.
    let cpu_millis = spec.limits.cpu_millis.min(around.cores.saturating_mul(1000));
    HostConfig {
        runtime: Some(spec.runtime.clone()),
        network_mode: Some(around.network_id.to_owned()),
        dns: closed_dns(around.policy),
        dns_options: closed_dns_patience(around.policy),
        port_bindings: Some(HashMap::from([(GATEWAY_PORT.to_owned(), Some(vec![published(spec)]))])),
        mounts: Some(vec![state_volume(spec)]),
        tmpfs: Some(tmpfs()),
        readonly_rootfs: Some(true),
        cap_drop: Some(vec!["ALL".into()]),
        // Docker adds its default seccomp profile by itself as long as none is named here.
        security_opt: Some(vec!["no-new-privileges:true".into()]),
        privileged: Some(false),
        init: Some(false),
        memory: Some(memory),
        memory_swap: Some(memory),
        nano_cpus: Some(i64::from(cpu_millis) * 1_000_000),
        pids_limit: Some(i64::from(spec.limits.pids)),
        log_config: Some(log_config()),
        // The reconciler alone decides what runs.
        restart_policy: Some(RestartPolicy {
            name: Some(RestartPolicyNameEnum::NO),
            maximum_retry_count: None,
        }),
        ..HostConfig::default()
    }
}

/// On a closed network names are asked of the container itself, where nobody listens: no host's resolver
/// carries data out in the questions.
fn closed_dns(policy: NetworkPolicy) -> Option<Vec<String>> {
    (policy == NetworkPolicy::Closed).then(|| vec!["127.0.0.1".into()])
}

/// Older engines then give no answer at all, and the C library would wait 20 seconds for one.
fn closed_dns_patience(policy: NetworkPolicy) -> Option<Vec<String>> {
    (policy == NetworkPolicy::Closed).then(|| vec!["timeout:1".into(), "attempts:1".into()])
}

/// Docker chooses a free port at every start.
fn published(spec: &ContainerSpec) -> PortBinding {
    PortBinding { host_ip: Some(spec.publish_on.to_string()), host_port: Some(String::new()) }
}

fn state_volume(spec: &ContainerSpec) -> Mount {
    Mount {
        typ: Some(MountType::VOLUME),
        source: Some(names::object(&spec.owner)),
        target: Some(STATE.into()),
        ..Mount::default()
    }
}

fn tmpfs() -> HashMap<String, String> {
    [
        ("/tmp", "rw,noexec,nosuid,nodev,size=256m,mode=1777"),
        ("/home/claw", "rw,noexec,nosuid,nodev,size=64m,uid=10001,gid=10001,mode=700"),
        // The rendered configuration with the provider keys: memory only, for the agent's user only.
        ("/run/mosaic", "rw,noexec,nosuid,nodev,size=16m,uid=10001,gid=10001,mode=700"),
    ]
    .into_iter()
    .map(|(path, options)| (path.to_owned(), options.to_owned()))
    .collect()
}

/// The entrypoint keeps message texts out of its output; what is left may take one megabyte.
fn log_config() -> HostConfigLogConfig {
    let config = [("max-size", "1m"), ("max-file", "1"), ("compress", "false")];
    HostConfigLogConfig {
        typ: Some("local".into()),
        config: Some(config.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect()),
    }
}
