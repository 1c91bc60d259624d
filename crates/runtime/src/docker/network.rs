//! A user's own bridge network, cut from the configured pool.

use super::{
    Link,
    error::{is_missing, is_network_taken, is_subnet_taken, translate},
    observe, subnets,
};
use crate::{labels, names};
use bollard::{
    models::{Ipam, IpamConfig, NetworkCreateRequest, NetworkInspect},
    query_parameters::ListNetworksOptionsBuilder,
};
use domain::{
    InstanceId,
    containers::{ContainerError, Network, NetworkPolicy, OwnedResource, OwnedResourceKind, Owner},
};
use ipnet::Ipv4Net;
use std::{collections::HashMap, time::Duration};

/// Tells the bridge driver how to call the Linux interface. The guard goes by this name.
const BRIDGE_NAME: &str = "com.docker.network.bridge.name";
/// Rounds in which a racing maker of the same network may finish.
const ROUNDS: u32 = 20;
const BETWEEN_ROUNDS: Duration = Duration::from_millis(100);

/// The owner's network as Docker has it.
pub(super) struct Found {
    pub(super) id: String,
    pub(super) network: Network,
    /// Read from the bridge's name, as the guard does; `None` for a bridge of any other name.
    pub(super) policy: Option<NetworkPolicy>,
}

/// The owner's network under `policy`. One of the other policy is replaced, which Docker refuses while
/// a container runs on it. An existing one keeps its subnet even when the pool was moved since.
pub(super) async fn ensure(
    link: &Link,
    owner: &Owner,
    policy: NetworkPolicy,
    pool: Ipv4Net,
) -> Result<Network, ContainerError> {
    for _ in 0..ROUNDS {
        match find(link, owner).await? {
            Some(found) if found.policy == Some(policy) => return Ok(found.network),
            Some(found) => delete(link, &found.id).await?,
            None => {}
        }
        let labels = labels::of_belongings(owner);
        if let Some(network) = make(link, owner, policy, pool, labels).await? {
            return Ok(network);
        }
        tokio::time::sleep(BETWEEN_ROUNDS).await;
    }
    Err(ContainerError::Other(format!("the network {} is neither free nor made", names::object(owner))))
}

/// Removes it; a missing one is fine.
pub(super) async fn remove(link: &Link, owner: &Owner) -> Result<(), ContainerError> {
    let Some(found) = find(link, owner).await? else { return Ok(()) };
    delete(link, &found.id).await
}

/// The owner's network, after a look at its labels.
pub(super) async fn find(link: &Link, owner: &Owner) -> Result<Option<Found>, ContainerError> {
    let name = names::object(owner);
    let seen = match link.docker.inspect_network(&name, None).await {
        Ok(seen) => seen,
        Err(error) if is_missing(&error) => return Ok(None),
        Err(error) => return Err(translate(error)),
    };
    labels::check_belonging(&format!("the network {name}"), seen.labels.as_ref(), owner)?;
    Ok(Some(read(seen, owner)?))
}

/// Every network of the instance that is a user's.
pub(super) async fn list(link: &Link, instance: InstanceId) -> Result<Vec<OwnedResource>, ContainerError> {
    let options = ListNetworksOptionsBuilder::new().filters(&labels::filters(instance)).build();
    let networks = link.docker.list_networks(Some(options)).await.map_err(translate)?;
    let read = |network: bollard::models::Network| {
        let user = labels::read_user(&network.labels?)?;
        let created_at = network.created.as_deref().and_then(observe::moment);
        Some(OwnedResource { user, kind: OwnedResourceKind::Network, created_at })
    };
    Ok(networks.into_iter().filter_map(read).collect())
}

/// Makes it in the first free place of the pool. `None` when somebody else is making it at this moment.
pub(super) async fn make(
    link: &Link,
    owner: &Owner,
    policy: NetworkPolicy,
    pool: Ipv4Net,
    labels: HashMap<String, String>,
) -> Result<Option<Network>, ContainerError> {
    let labels = link.with_extra(labels);
    let taken = subnets_in_use(link).await?;
    for subnet in subnets::free(pool, &taken, owner.user.uuid().as_u128()) {
        let network = Network { subnet, gateway: subnets::gateway(subnet) };
        match link.docker.create_network(request(owner, policy, &network, labels.clone())).await {
            Ok(_) => return Ok(Some(network)),
            // Another instance, or a network that was made since the look: try the next one.
            Err(error) if is_subnet_taken(&error) => {}
            Err(error) if is_network_taken(&error) => return Ok(None),
            Err(error) => return Err(translate(error)),
        }
    }
    // The racing maker of the same network may be the one who took the last subnet.
    if find(link, owner).await?.is_some() {
        return Ok(None);
    }
    Err(ContainerError::NetworkPoolExhausted(pool))
}

fn request(
    owner: &Owner,
    policy: NetworkPolicy,
    network: &Network,
    labels: HashMap<String, String>,
) -> NetworkCreateRequest {
    let range = IpamConfig {
        subnet: Some(network.subnet.to_string()),
        gateway: Some(network.gateway.to_string()),
        ..IpamConfig::default()
    };
    NetworkCreateRequest {
        name: names::object(owner),
        driver: Some("bridge".into()),
        // Docker's own "internal" would switch published ports off; the guard closes a closed network.
        internal: Some(false),
        enable_ipv6: Some(false),
        ipam: Some(Ipam { config: Some(vec![range]), ..Ipam::default() }),
        options: Some(HashMap::from([(BRIDGE_NAME.to_owned(), names::bridge(owner, policy))])),
        labels: Some(labels),
        ..NetworkCreateRequest::default()
    }
}

async fn subnets_in_use(link: &Link) -> Result<Vec<Ipv4Net>, ContainerError> {
    let networks = link.docker.list_networks(None).await.map_err(translate)?;
    let ranges = networks.into_iter().filter_map(|network| network.ipam?.config).flatten();
    Ok(ranges.filter_map(|range| range.subnet?.parse().ok()).collect())
}

pub(super) async fn delete(link: &Link, id: &str) -> Result<(), ContainerError> {
    match link.docker.remove_network(id).await {
        Err(error) if !is_missing(&error) => Err(translate(error)),
        _ => Ok(()),
    }
}

fn read(seen: NetworkInspect, owner: &Owner) -> Result<Found, ContainerError> {
    let policy = policy_of(&seen, owner);
    let range = seen.ipam.and_then(|ipam| ipam.config).and_then(|ranges| ranges.into_iter().next());
    let subnet: Option<Ipv4Net> = range.as_ref().and_then(|range| range.subnet.as_ref()?.parse().ok());
    let (Some(id), Some(subnet)) = (seen.id, subnet) else {
        return Err(ContainerError::Other(format!("the network {} has no subnet", names::object(owner))));
    };
    let gateway = range.and_then(|range| range.gateway?.parse().ok());
    let gateway = gateway.unwrap_or_else(|| subnets::gateway(subnet));
    Ok(Found { id, network: Network { subnet, gateway }, policy })
}

fn policy_of(seen: &NetworkInspect, owner: &Owner) -> Option<NetworkPolicy> {
    let bridge = seen.options.as_ref()?.get(BRIDGE_NAME)?;
    [NetworkPolicy::Open, NetworkPolicy::Closed]
        .into_iter()
        .find(|policy| *bridge == names::bridge(owner, *policy))
}
