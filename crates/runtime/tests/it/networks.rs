//! Many networks from one pool, and what happens at its end.

use crate::harness::{TestInstance, run};
use domain::containers::{ContainerError, Containers, NetworkPolicy};
use std::{collections::HashSet, sync::Arc};
use tokio::task::JoinSet;

/// The bridge's Linux name.
fn bridge(instance: &TestInstance) -> String {
    let ids = instance.ids(&["network", "ls", "-q"]);
    let option = "{{index .Options \"com.docker.network.bridge.name\"}}";
    run("docker", &["network", "inspect", "--format", option, &ids[0]])
}

#[tokio::test(flavor = "multi_thread")]
async fn many_users_get_as_many_networks_at_the_same_time() {
    // Forty of 64 subnets, so that the processes often choose the same. `make test-networks` takes two hundred
    // of 256, which is more than Docker's own pools have.
    let count: usize = std::env::var("MOSAIC_TEST_NETWORKS").map_or(40, |many| many.parse().unwrap());
    let instance = Arc::new(TestInstance::new(if count > 40 { "10.124.16.0/20" } else { "10.124.0.0/22" }));
    let mut makers = JoinSet::new();
    for _ in 0..count {
        let (instance, owner) = (instance.clone(), instance.owner());
        makers.spawn(async move { instance.network(&owner, NetworkPolicy::Open).await });
    }
    let made = makers.join_all().await;
    let subnets: HashSet<_> = made.iter().map(|network| network.subnet).collect();
    assert_eq!(subnets.len(), count);
    assert!(subnets.iter().all(|subnet| instance.pool.contains(subnet) && subnet.prefix_len() == 28));
    assert!(made.iter().all(|network| network.subnet.contains(&network.gateway)));
    assert_eq!(instance.ids(&["network", "ls", "-q"]).len(), count);
}

#[tokio::test]
async fn a_used_up_pool_is_named_and_a_freed_place_is_found() {
    let instance = TestInstance::new("10.124.4.0/27");
    let owners = [instance.owner(), instance.owner(), instance.owner()];
    for owner in &owners[..2] {
        instance.network(owner, NetworkPolicy::Open).await;
    }
    let full = instance.docker.ensure_network(&owners[2], NetworkPolicy::Open, instance.pool).await;
    assert_eq!(full, Err(ContainerError::NetworkPoolExhausted(instance.pool)));
    instance.docker.remove_network(&owners[0]).await.unwrap();
    instance.network(&owners[2], NetworkPolicy::Open).await;
}

#[tokio::test]
async fn another_policy_is_another_bridge() {
    let instance = TestInstance::new("10.124.5.0/24");
    let owner = instance.owner();
    let open = instance.network(&owner, NetworkPolicy::Open).await;
    assert_eq!(instance.network(&owner, NetworkPolicy::Open).await, open);
    let before = bridge(&instance);
    assert!(before.starts_with("msc-") && before.len() == 15, "{before}");
    instance.network(&owner, NetworkPolicy::Closed).await;
    assert_eq!(bridge(&instance), before.replace("msc-", "msn-"));
    assert_eq!(instance.ids(&["network", "ls", "-q"]).len(), 1);
}
