//! What this instance is, as far as its walls are concerned.

use crate::{Result, Services, containers::Placement, settings};
use domain::isolation::SelfTestPlan;
use std::{
    collections::BTreeSet,
    net::{IpAddr, SocketAddr, SocketAddrV4},
};
use tokio::net::lookup_host;

/// Where the Docker engine listens when somebody lets it.
const ENGINE_PORT: u16 = 2375;
const DATABASE: &str = "the database's port";

/// What a process knows of the instance by its command line.
#[derive(Debug, Clone, Copy)]
pub struct Site {
    /// Where containers meet Mosaic.
    pub placement: Placement,
    /// Port of the public listener.
    pub public_port: u16,
}

/// The trial of this instance; `run` names it.
pub(super) async fn trial(services: &Services, site: &Site, run: String) -> Result<SelfTestPlan> {
    let settings = settings::read(&services.store).await?;
    let (database, database_port) = services.store.server();
    let elsewhere = elsewhere(&database, database_port).await;
    let mut host_ports =
        vec![(site.public_port, "the public API's port"), (ENGINE_PORT, "the Docker engine's port")];
    if elsewhere.is_empty() {
        host_ports.push((database_port, DATABASE));
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
        elsewhere: elsewhere.into_iter().map(|at| (at, DATABASE)).collect(),
        names: names(settings.allowed_hosts.iter().map(|allowed| allowed.host.as_str())),
        allowed: settings.allowed_hosts,
    })
}

/// Where the database is, when that is another machine.
async fn elsewhere(host: &str, port: u16) -> BTreeSet<SocketAddrV4> {
    let Ok(found) = lookup_host((host, port)).await else { return BTreeSet::new() };
    let other = |at: SocketAddr| match at {
        SocketAddr::V4(at) if !at.ip().is_loopback() => Some(at),
        _ => None,
    };
    found.filter_map(other).collect()
}

/// Names of which one may resolve here: what an admin allowed, and the known providers.
fn names<'a>(allowed: impl Iterator<Item = &'a str>) -> Vec<String> {
    let known = ::providers::catalog::entries().filter_map(|entry| entry.base_url);
    let known = known.filter_map(|url| url.split('/').nth(2));
    let is_name = |host: &&str| host.parse::<IpAddr>().is_err() && host.contains('.');
    allowed.chain(known).filter(is_name).map(str::to_owned).collect()
}
