//! Resource limits of containers: the instance's, and a user's overrides.

use crate::invalid::Invalid;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What one container may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct Limits {
    /// MiB. Below 2,048 the kernel kills OpenClaw for lack of memory.
    pub memory_mib: u32,
    /// Thousandths of a core.
    pub cpu_millis: u32,
    /// Processes and threads.
    pub pids: u32,
    /// Size of the state volume in MiB, set when the volume is created; 0 = no limit. Needs support by the engine's
    /// storage.
    pub disk_mib: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { memory_mib: 2048, cpu_millis: 2000, pids: 512, disk_mib: 0 }
    }
}

impl Limits {
    /// The memory in bytes.
    pub const fn memory_bytes(self) -> u64 {
        self.memory_mib as u64 * 1024 * 1024
    }

    /// The memory as text: `2 GiB`, `1536 MiB`.
    pub fn memory_text(self) -> String {
        if self.memory_mib.is_multiple_of(1024) {
            format!("{} GiB", self.memory_mib / 1024)
        } else {
            format!("{} MiB", self.memory_mib)
        }
    }

    /// Whether containers created with either are the same. The disk limit belongs to the volume.
    pub fn builds_same_container(self, other: Self) -> bool {
        Self { disk_mib: 0, ..self } == Self { disk_mib: 0, ..other }
    }

    /// Refuses limits that an engine would reject or an agent could not run with.
    ///
    /// # Errors
    /// [`Invalid`] on `limits`.
    pub fn check(self) -> Result<(), Invalid> {
        let fits = (64..=1 << 20).contains(&self.memory_mib)
            && (100..=1_000_000).contains(&self.cpu_millis)
            && (32..=1 << 20).contains(&self.pids)
            && (self.disk_mib == 0 || (256..=1 << 24).contains(&self.disk_mib));
        if fits {
            return Ok(());
        }
        Err(Invalid::new(
            "limits",
            "Use 64 MiB to 1 TiB of memory, 100 to 1000000 thousandths of a core, 32 to 1048576 processes, and for the \
             disk 256 MiB to 16 TiB, or 0 for no limit.",
        ))
    }
}

/// A user's own limits. Absent ones are the instance's.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = OwnLimits)]
pub struct LimitOverrides {
    /// MiB.
    pub memory_mib: Option<u32>,
    /// Thousandths of a core.
    pub cpu_millis: Option<u32>,
    /// Processes and threads.
    pub pids: Option<u32>,
    /// Size of the state volume in MiB; 0 = no limit.
    pub disk_mib: Option<u32>,
}

impl LimitOverrides {
    /// The limits of this user's container.
    pub fn apply_to(self, instance: Limits) -> Limits {
        Limits {
            memory_mib: self.memory_mib.unwrap_or(instance.memory_mib),
            cpu_millis: self.cpu_millis.unwrap_or(instance.cpu_millis),
            pids: self.pids.unwrap_or(instance.pids),
            disk_mib: self.disk_mib.unwrap_or(instance.disk_mib),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_users_own_limits_win_and_the_rest_are_the_instances() {
        let own = LimitOverrides { memory_mib: Some(4096), ..LimitOverrides::default() };
        let limits = own.apply_to(Limits { pids: 99, ..Limits::default() });
        assert_eq!((limits.memory_mib, limits.cpu_millis, limits.pids), (4096, 2000, 99));
        assert_eq!(LimitOverrides::default().apply_to(limits), limits);
    }

    #[test]
    fn absurd_limits_are_refused() {
        assert!(Limits::default().check().is_ok());
        let with = |change: fn(&mut Limits)| {
            let mut limits = Limits::default();
            change(&mut limits);
            limits.check().is_ok()
        };
        assert!(!with(|limits| limits.memory_mib = 63) && !with(|limits| limits.memory_mib = 2 << 20));
        assert!(!with(|limits| limits.cpu_millis = 99) && !with(|limits| limits.pids = 31));
        assert!(with(|limits| limits.disk_mib = 256) && !with(|limits| limits.disk_mib = 255));
    }

    #[test]
    fn another_disk_limit_does_not_require_another_container() {
        let limits = Limits::default();
        assert!(limits.builds_same_container(Limits { disk_mib: 4096, ..limits }));
        assert!(!limits.builds_same_container(Limits { pids: 100, ..limits }));
    }
}
