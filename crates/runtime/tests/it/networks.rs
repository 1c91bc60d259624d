//! Many networks from one pool, and what happens at its end.

use crate::harness::{Bench, run};
use domain::containers::{ContainerError, Containers, NetworkPolicy};
use std::{collections::HashSet, sync::Arc};
use tokio::task::JoinSet;

/// The bridge's Linux name.
fn bridge(bench: &Bench) -> String {
    let ids = bench.ids(&["network", "ls", "-q"]);
    let option = "{{index .Options \"com.docker.network.bridge.name\"}}";
    run("docker", &["network", "inspect", "--format", option, &ids[0]])
}

#[tokio::test(flavor = "multi_thread")]
async fn many_users_get_as_many_networks_at_the_same_time() {
    // Forty of 64 places, so that they meet each other while they choose; `make test-networks` has two hundred
    // of 256, many more than Docker's own pools have.
    let many: usize = std::env::var("MOSAIC_TEST_NETWORKS").map_or(40, |many| many.parse().unwrap());
    let bench = Arc::new(Bench::new(if many > 40 { "10.124.16.0/20" } else { "10.124.0.0/22" }));
    let mut makers = JoinSet::new();
    for _ in 0..many {
        let (bench, owner) = (bench.clone(), bench.owner());
        makers.spawn(async move { bench.network(&owner, NetworkPolicy::Open).await });
    }
    let made = makers.join_all().await;
    let subnets: HashSet<_> = made.iter().map(|network| network.subnet).collect();
    assert_eq!(subnets.len(), many);
    assert!(subnets.iter().all(|subnet| bench.pool.contains(subnet) && subnet.prefix_len() == 28));
    assert!(made.iter().all(|network| network.subnet.contains(&network.gateway)));
    assert_eq!(bench.ids(&["network", "ls", "-q"]).len(), many);
}

#[tokio::test]
async fn a_used_up_pool_is_named_and_a_freed_place_is_found() {
    let bench = Bench::new("10.124.4.0/27");
    let owners = [bench.owner(), bench.owner(), bench.owner()];
    for owner in &owners[..2] {
        bench.network(owner, NetworkPolicy::Open).await;
    }
    let full = bench.docker.ensure_network(&owners[2], NetworkPolicy::Open, bench.pool).await;
    assert_eq!(full, Err(ContainerError::NetworkPoolExhausted(bench.pool)));
    bench.docker.remove_network(&owners[0]).await.unwrap();
    bench.network(&owners[2], NetworkPolicy::Open).await;
}

#[tokio::test]
async fn another_policy_is_another_bridge() {
    let bench = Bench::new("10.124.5.0/24");
    let owner = bench.owner();
    let open = bench.network(&owner, NetworkPolicy::Open).await;
    assert_eq!(bench.network(&owner, NetworkPolicy::Open).await, open);
    let before = bridge(&bench);
    assert!(before.starts_with("msc-") && before.len() == 15, "{before}");
    bench.network(&owner, NetworkPolicy::Closed).await;
    assert_eq!(bridge(&bench), before.replace("msc-", "msn-"));
    assert_eq!(bench.ids(&["network", "ls", "-q"]).len(), 1);
}
