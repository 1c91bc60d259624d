//! The guard: what agents' networks may reach, as one nftables table per Mosaic instance.
//!
//! Owns the table `inet mosaic_guard_<tag>` on the host whose bridges carry the tag in their names, and
//! nothing else: Docker's own chains run beside it, and whichever of them drops a packet wins. Users come
//! and go without a change to the table. It must not fetch settings: the caller says what is allowed and
//! calls [`Guard::apply`] again when that changes.

mod nft;
mod rules;
mod surroundings;

pub use surroundings::{allowed_addresses, host_resolvers};

use domain::InstanceId;
use nft::Nft;
use std::{
    collections::BTreeSet,
    net::{Ipv4Addr, SocketAddrV4},
};

/// What the table is made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GuardConfig {
    /// TCP port of Mosaic's internal listener on the host.
    pub internal_port: u16,
    /// Resolvers that Docker's embedded DNS asks; open networks reach their port 53 although their
    /// addresses are private. See [`host_resolvers`].
    pub resolvers: BTreeSet<Ipv4Addr>,
    /// Pairs of address and TCP port that an admin allowed, for open and closed networks alike. An
    /// address of the host itself works too; one of another agent's network never does.
    /// See [`allowed_addresses`].
    pub allowed: BTreeSet<SocketAddrV4>,
}

/// How the table in the kernel compares to the configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GuardStatus {
    /// In force, rule by rule.
    Enforced,
    /// There is no table: agents reach what Docker lets them.
    Missing,
    /// There is one, but with other rules.
    Differs,
}

/// Why the guard cannot be in force, for doctor and the UI.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotEnforced {
    /// No `nft` command.
    #[error("the command `nft` is not on this host; install the package nftables")]
    NftMissing,
    /// The process may not change the packet filter.
    #[error("the guard needs root, or the capability NET_ADMIN, in the host's network namespace")]
    NotPermitted,
    /// The kernel or `nft` said no.
    #[error("nft refused: {0}")]
    Refused(String),
}

/// The packet filter of one instance on this host.
#[derive(Debug, Clone)]
pub struct Guard {
    instance: InstanceId,
}

impl Guard {
    /// Does nothing yet.
    pub const fn new(instance: InstanceId) -> Self {
        Self { instance }
    }

    /// Puts the table in force, replacing an earlier one in one step: no packet meets a half-made table.
    /// Repeating it is harmless. Connections that the new rules forbid stop with their next packet.
    pub async fn apply(&self, config: &GuardConfig) -> Result<(), NotEnforced> {
        let table = rules::table_name(self.instance);
        Nft::find().await?.load(&rules::replacing(&table, &rules::body(self.instance, config))).await
    }

    /// Compares the kernel's table to `config`. `nft` prints rules in its own words, which differ between
    /// versions: so the wanted table is loaded a second time, dormant, and the two prints are compared.
    pub async fn status(&self, config: &GuardConfig) -> Result<GuardStatus, NotEnforced> {
        let nft = Nft::find().await?;
        let table = rules::table_name(self.instance);
        let Some(in_force) = nft.print(&table).await? else { return Ok(GuardStatus::Missing) };
        // Its own name for each process, so that two looks at the same time do not meet.
        let model = format!("{table}_model_{}", std::process::id());
        nft.load(&rules::replacing(&model, &rules::dormant(self.instance, config))).await?;
        let wanted = nft.print(&model).await;
        nft.load(&rules::removing(&model)).await?;
        let same = wanted?.is_some_and(|wanted| rules::normal(&wanted) == rules::normal(&in_force));
        Ok(if same { GuardStatus::Enforced } else { GuardStatus::Differs })
    }

    /// Takes the table away; a missing one is fine.
    pub async fn remove(&self) -> Result<(), NotEnforced> {
        Nft::find().await?.load(&rules::removing(&rules::table_name(self.instance))).await
    }
}
