//! A user's own bridge network, cut from the configured pool.

use super::{
    Connection,
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

/// The bridge driver's option for the name of the Linux interface, by which the guard matches it.
const BRIDGE_NAME_OPTION: &str = "com.docker.network.bridge.name";
/// Attempts while another process creates the same network.
const MAX_ATTEMPTS: u32 = 20;
const RETRY_INTERVAL: Duration = Duration::from_millis(100);

/// A network that exists.
pub(super) struct ExistingNetwork {
    pub(super) id: String,
    pub(super) network: Network,
    /// By the bridge's name, as for the guard; `None` if it has another name.
    pub(super) policy: Option<NetworkPolicy>,
}

/// The owner's network with `policy`. A network with the other policy is replaced, which Docker refuses while a container
/// runs on it. An existing network keeps its subnet, also if the pool has changed.
pub(super) async fn ensure(
    connection: &Connection,
    owner: &Owner,
    policy: NetworkPolicy,
    pool: Ipv4Net,
) -> Result<Network, ContainerError> {
    for _ in 0..MAX_ATTEMPTS {
        match find(connection, owner).await? {
            Some(found) if found.policy == Some(policy) => return Ok(found.network),
            Some(found) => delete(connection, &found.id).await?,
            None => {}
        }
        let labels = labels::for_resource(owner);
        if let Some(network) = try_create(connection, owner, policy, pool, labels).await? {
            return Ok(network);
        }
        tokio::time::sleep(RETRY_INTERVAL).await;
    }
    Err(ContainerError::Other(format!(
        "the network {} could not be created while another process worked on it",
        names::object_name(owner)
    )))
}

/// Removes it. A missing network is no error.
pub(super) async fn remove(connection: &Connection, owner: &Owner) -> Result<(), ContainerError> {
    let Some(found) = find(connection, owner).await? else { return Ok(()) };
    delete(connection, &found.id).await
}

/// The owner's network, after a check of its labels.
pub(super) async fn find(
    connection: &Connection,
    owner: &Owner,
) -> Result<Option<ExistingNetwork>, ContainerError> {
    let name = names::object_name(owner);
    let inspected = match connection.docker.inspect_network(&name, None).await {
        Ok(inspected) => inspected,
        Err(error) if is_missing(&error) => return Ok(None),
        Err(error) => return Err(translate(error)),
    };
    labels::check_resource_owner(&format!("the network {name}"), inspected.labels.as_ref(), owner)?;
    Ok(Some(existing_network(inspected, owner)?))
}

/// Every network of the instance that belongs to a user.
pub(super) async fn list(
    connection: &Connection,
    instance: InstanceId,
) -> Result<Vec<OwnedResource>, ContainerError> {
    let options = ListNetworksOptionsBuilder::new().filters(&labels::instance_filter(instance)).build();
    let networks = connection.docker.list_networks(Some(options)).await.map_err(translate)?;
    let owned = |network: bollard::models::Network| {
        let user = labels::parse_user(&network.labels?)?;
        let created_at = network.created.as_deref().and_then(observe::parse_timestamp);
        Some(OwnedResource { user, kind: OwnedResourceKind::Network, created_at })
    };
    Ok(networks.into_iter().filter_map(owned).collect())
}

/// Creates it in the first free subnet of the pool. `None` if another process creates it at the same time.
pub(super) async fn try_create(
    connection: &Connection,
    owner: &Owner,
    policy: NetworkPolicy,
    pool: Ipv4Net,
    labels: HashMap<String, String>,
) -> Result<Option<Network>, ContainerError> {
    let labels = connection.add_extra_labels(labels);
    let taken = subnets_in_use(connection).await?;
    for subnet in subnets::free(pool, &taken, owner.user.uuid().as_u128()) {
        let network = Network { subnet, gateway: subnets::gateway(subnet) };
        match connection.docker.create_network(create_body(owner, policy, &network, labels.clone())).await {
            Ok(_) => return Ok(Some(network)),
            // By another instance, or by a network that was created in the meantime.
            Err(error) if is_subnet_taken(&error) => {}
            Err(error) if is_network_taken(&error) => return Ok(None),
            Err(error) => return Err(translate(error)),
        }
    }
    // The process that creates the same network may have taken the last subnet.
    if find(connection, owner).await?.is_some() {
        return Ok(None);
    }
    Err(ContainerError::NetworkPoolExhausted(pool))
}

fn create_body(
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
        name: names::object_name(owner),
        driver: Some("bridge".into()),
        // Docker's own "internal" disables published ports. The guard closes a closed network.
        internal: Some(false),
        enable_ipv6: Some(false),
        ipam: Some(Ipam { config: Some(vec![range]), ..Ipam::default() }),
        options: Some(HashMap::from([(BRIDGE_NAME_OPTION.to_owned(), names::bridge_name(owner, policy))])),
        labels: Some(labels),
        ..NetworkCreateRequest::default()
    }
}

async fn subnets_in_use(connection: &Connection) -> Result<Vec<Ipv4Net>, ContainerError> {
    let networks = connection.docker.list_networks(None).await.map_err(translate)?;
    let ranges = networks.into_iter().filter_map(|network| network.ipam?.config).flatten();
    Ok(ranges.filter_map(|range| range.subnet?.parse().ok()).collect())
}

pub(super) async fn delete(connection: &Connection, id: &str) -> Result<(), ContainerError> {
    match connection.docker.remove_network(id).await {
        Err(error) if !is_missing(&error) => Err(translate(error)),
        _ => Ok(()),
    }
}

fn existing_network(inspected: NetworkInspect, owner: &Owner) -> Result<ExistingNetwork, ContainerError> {
    let policy = policy_of(&inspected, owner);
    let range = inspected.ipam.and_then(|ipam| ipam.config).and_then(|ranges| ranges.into_iter().next());
    let subnet: Option<Ipv4Net> = range.as_ref().and_then(|range| range.subnet.as_ref()?.parse().ok());
    let (Some(id), Some(subnet)) = (inspected.id, subnet) else {
        return Err(ContainerError::Other(format!(
            "the network {} has no subnet",
            names::object_name(owner)
        )));
    };
    let gateway = range.and_then(|range| range.gateway?.parse().ok());
    let gateway = gateway.unwrap_or_else(|| subnets::gateway(subnet));
    Ok(ExistingNetwork { id, network: Network { subnet, gateway }, policy })
}

fn policy_of(inspected: &NetworkInspect, owner: &Owner) -> Option<NetworkPolicy> {
    let bridge = inspected.options.as_ref()?.get(BRIDGE_NAME_OPTION)?;
    [NetworkPolicy::Open, NetworkPolicy::Closed]
        .into_iter()
        .find(|policy| *bridge == names::bridge_name(owner, *policy))
}
