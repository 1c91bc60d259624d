//! What the self-test of this instance probes.

use crate::{Result, Services, containers::Placement};
use domain::isolation::SelfTestPlan;
use std::{
    collections::BTreeSet,
    net::{IpAddr, SocketAddr, SocketAddrV4},
};
use tokio::net::lookup_host;

/// Where the Docker engine listens if it was configured to.
const ENGINE_PORT: u16 = 2375;
const DATABASE_LABEL: &str = "the database's port";

/// What the command line of a process says about the instance.
#[derive(Debug, Clone, Copy)]
pub struct Site {
    pub placement: Placement,
    pub public_port: u16,
}

/// The plan of one run; `run` names it.
pub(super) async fn plan(services: &Services, site: &Site, run: String) -> Result<SelfTestPlan> {
    let settings = services.stored_settings().await?;
    let (database, database_port) = services.store.server();
    let database_hosts = other_hosts(&database, database_port).await;
    let mut host_ports =
        vec![(site.public_port, "the public API's port"), (ENGINE_PORT, "the Docker engine's port")];
    if database_hosts.is_empty() {
        host_ports.push((database_port, DATABASE_LABEL));
    }
    Ok(SelfTestPlan {
        instance: services.instance,
        run,
        image: settings.agent_image,
        runtime: settings.container_runtime,
        limits: settings.limits,
        pool: settings.subnet_pool,
        publish_on: site.placement.publish_on,
        internal: site.placement.internal,
        host_ports,
        other_hosts: database_hosts.into_iter().map(|at| (at, DATABASE_LABEL)).collect(),
        resolvable_names: names(settings.allowed_hosts.iter().map(|allowed| allowed.host.as_str())),
        allowed: settings.allowed_hosts,
    })
}

/// The addresses of the database, if it is on another machine.
async fn other_hosts(host: &str, port: u16) -> BTreeSet<SocketAddrV4> {
    let Ok(found) = lookup_host((host, port)).await else { return BTreeSet::new() };
    let other = |at: SocketAddr| match at {
        SocketAddr::V4(at) if !at.ip().is_loopback() => Some(at),
        _ => None,
    };
    found.filter_map(other).collect()
}

/// Names that may resolve here: hosts that an admin allowed, and the known providers.
fn names<'a>(allowed: impl Iterator<Item = &'a str>) -> Vec<String> {
    let known = ::providers::catalog::entries().filter_map(|entry| entry.base_url);
    let known = known.filter_map(|url| url.split('/').nth(2));
    let is_name = |host: &&str| host.parse::<IpAddr>().is_err() && host.contains('.');
    allowed.chain(known).filter(is_name).map(str::to_owned).collect()
}
