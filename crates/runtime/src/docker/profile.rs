//! How an agent container is created. Pure.
//!
//! Everything that a caller can vary is in `ContainerSpec`. Host paths, capabilities and network modes are not
//! parameters here, so no caller can request them.

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
const AGENT_USER: &str = "10001:10001";
/// Where the state volume is mounted.
pub(super) const STATE_DIR: &str = "/data";
const BYTES_PER_MIB: i64 = 1024 * 1024;

/// What the profile needs besides the spec.
pub(super) struct ProfileContext<'a> {
    /// Docker's id of the owner's network.
    pub(super) network_id: &'a str,
    pub(super) network: &'a Network,
    pub(super) policy: NetworkPolicy,
    /// The cores of the host.
    pub(super) cores: u32,
}

/// The body of Docker's create call.
pub(super) fn create_body(spec: &ContainerSpec, context: &ProfileContext<'_>) -> ContainerCreateBody {
    ContainerCreateBody {
        image: Some(spec.image.reference().to_owned()),
        // Always the same, because OpenClaw's lease on its state has the host name: a container with another name waits
        // five minutes for it.
        hostname: Some(names::object_name(&spec.owner)),
        user: Some(AGENT_USER.into()),
        env: Some(environment(spec, context.network)),
        labels: Some(labels::for_container(spec)),
        exposed_ports: Some(vec![GATEWAY_PORT.into()]),
        host_config: Some(host_config(spec, context)),
        ..ContainerCreateBody::default()
    }
}

/// The gateway token is the only secret here. It is for this container only, and is replaced with each container.
fn environment(spec: &ContainerSpec, network: &Network) -> Vec<String> {
    let config = format!("http://{}{}", spec.internal.address_via(network.gateway), spec.config_path);
    vec![
        format!("MOSAIC_CONFIG_URL={config}"),
        format!("OPENCLAW_GATEWAY_TOKEN={}", spec.gateway_token.expose_secret()),
    ]
}

fn host_config(spec: &ContainerSpec, context: &ProfileContext<'_>) -> HostConfig {
    let memory = i64::from(spec.limits.memory_mib) * BYTES_PER_MIB;
    // Docker refuses more than the host has.
    let cpu_millis = spec.limits.cpu_millis.min(context.cores.saturating_mul(1000));
    HostConfig {
        runtime: Some(spec.runtime.clone()),
        network_mode: Some(context.network_id.to_owned()),
        dns: closed_dns(context.policy),
        dns_options: closed_dns_options(context.policy),
        port_bindings: Some(HashMap::from([(GATEWAY_PORT.to_owned(), Some(vec![published(spec)]))])),
        mounts: Some(vec![state_volume(spec)]),
        tmpfs: Some(tmpfs()),
        readonly_rootfs: Some(true),
        cap_drop: Some(vec!["ALL".into()]),
        // Docker adds its default seccomp profile unless another one is given here.
        security_opt: Some(vec!["no-new-privileges:true".into()]),
        privileged: Some(false),
        init: Some(false),
        memory: Some(memory),
        memory_swap: Some(memory),
        nano_cpus: Some(i64::from(cpu_millis) * 1_000_000),
        pids_limit: Some(i64::from(spec.limits.pids)),
        log_config: Some(log_config()),
        // The reconciler decides what runs, not Docker.
        restart_policy: Some(RestartPolicy {
            name: Some(RestartPolicyNameEnum::NO),
            maximum_retry_count: None,
        }),
        ..HostConfig::default()
    }
}

/// On a closed network the resolver is the container itself, where nothing listens. Otherwise queries to the host's
/// resolver could carry data out.
fn closed_dns(policy: NetworkPolicy) -> Option<Vec<String>> {
    (policy == NetworkPolicy::Closed).then(|| vec!["127.0.0.1".into()])
}

/// Older engines do not answer then, and the C library would wait for 20 seconds.
fn closed_dns_options(policy: NetworkPolicy) -> Option<Vec<String>> {
    (policy == NetworkPolicy::Closed).then(|| vec!["timeout:1".into(), "attempts:1".into()])
}

/// Docker chooses a free port at every start.
fn published(spec: &ContainerSpec) -> PortBinding {
    PortBinding { host_ip: Some(spec.publish_on.to_string()), host_port: Some(String::new()) }
}

fn state_volume(spec: &ContainerSpec) -> Mount {
    Mount {
        typ: Some(MountType::VOLUME),
        source: Some(names::object_name(&spec.owner)),
        target: Some(STATE_DIR.into()),
        ..Mount::default()
    }
}

fn tmpfs() -> HashMap<String, String> {
    [
        ("/tmp", "rw,noexec,nosuid,nodev,size=256m,mode=1777"),
        ("/home/claw", "rw,noexec,nosuid,nodev,size=64m,uid=10001,gid=10001,mode=700"),
        // The rendered configuration with the provider keys: only in memory, and only for the agent's user.
        ("/run/mosaic", "rw,noexec,nosuid,nodev,size=16m,uid=10001,gid=10001,mode=700"),
    ]
    .into_iter()
    .map(|(path, options)| (path.to_owned(), options.to_owned()))
    .collect()
}

/// The entrypoint keeps message texts out of its output. The rest may take one megabyte.
fn log_config() -> HostConfigLogConfig {
    let config = [("max-size", "1m"), ("max-file", "1"), ("compress", "false")];
    HostConfigLogConfig {
        typ: Some("local".into()),
        config: Some(config.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect()),
    }
}
