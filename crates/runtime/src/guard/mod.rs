//! The guard: what agents' networks may reach, as one nftables table per Mosaic instance.
//!
//! Owns only the table `inet mosaic_guard_<tag>` on the host; the tag is also part of the bridges' names. Docker's own
//! chains are independent of it, and a packet passes only if neither drops it. The table does not depend on the users. It
//! must not read settings: the caller passes them, and calls [`Guard::apply`] again when they change.

mod nft;
mod resolve;
mod rules;

pub use resolve::{read_host_resolvers, resolve_allowed_hosts};

use domain::InstanceId;
use nft::Nft;
use std::{
    collections::BTreeSet,
    net::{Ipv4Addr, SocketAddrV4},
};

/// The input for the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GuardConfig {
    /// The TCP port of Mosaic's internal listener on the host.
    pub internal_port: u16,
    /// The resolvers that Docker's embedded DNS asks. Open networks can reach their port 53, although their addresses are
    /// private. See [`read_host_resolvers`].
    pub resolvers: BTreeSet<Ipv4Addr>,
    /// Addresses and TCP ports that an admin allowed for all networks. An address of the host itself is possible, but an
    /// address of another agent's network is never reachable. See [`resolve_allowed_hosts`].
    pub allowed: BTreeSet<SocketAddrV4>,
}

/// How the table in the kernel compares to the configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GuardStatus {
    /// All rules are the same.
    Enforced,
    /// There is no table, so agents reach everything that Docker allows.
    Missing,
    /// The table has other rules.
    Differs,
}

/// Why the guard cannot be in force, for doctor and the UI.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs)]
pub enum GuardError {
    #[error("the command `nft` is not on this host; install the package nftables")]
    NftMissing,
    #[error("the guard needs root, or the capability NET_ADMIN, in the host's network namespace")]
    NotPermitted,
    #[error("nft refused: {0}")]
    Refused(String),
}

/// The packet filter of one instance on this host.
#[derive(Debug, Clone)]
pub struct Guard {
    instance: InstanceId,
}

impl Guard {
    /// Does not change the packet filter yet.
    pub const fn new(instance: InstanceId) -> Self {
        Self { instance }
    }

    /// Replaces the table in one transaction, so that no packet passes between the old and the new rules. Idempotent.
    /// Connections that the new rules forbid are cut at their next packet.
    pub async fn apply(&self, config: &GuardConfig) -> Result<(), GuardError> {
        let table = rules::table_name(self.instance);
        Nft::find().await?.load(&rules::replace_script(&table, &rules::body(self.instance, config))).await
    }

    /// Compares the kernel's table to `config`. `nft` prints rules in a form that depends on its version, so the wanted
    /// table is loaded a second time, dormant, and the two prints are compared.
    pub async fn status(&self, config: &GuardConfig) -> Result<GuardStatus, GuardError> {
        let nft = Nft::find().await?;
        let table = rules::table_name(self.instance);
        let Some(actual) = nft.list_table(&table).await? else { return Ok(GuardStatus::Missing) };
        // With the process id, so that two processes can compare at the same time.
        let model = format!("{table}_model_{}", std::process::id());
        nft.load(&rules::replace_script(&model, &rules::dormant_body(self.instance, config))).await?;
        let wanted = nft.list_table(&model).await;
        nft.load(&rules::remove_script(&model)).await?;
        let is_same = wanted?.is_some_and(|wanted| rules::normalize(&wanted) == rules::normalize(&actual));
        Ok(if is_same { GuardStatus::Enforced } else { GuardStatus::Differs })
    }

    /// Removes the table. A missing table is no error.
    pub async fn remove(&self) -> Result<(), GuardError> {
        Nft::find().await?.load(&rules::remove_script(&rules::table_name(self.instance))).await
    }
}
