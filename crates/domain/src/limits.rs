//! What one container may use: by the instance's settings, and where a user has limits of his own, by those.

use crate::invalid::Invalid;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What one container may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct Limits {
    /// MiB. OpenClaw is OOM-killed below 2,048.
    pub memory_mib: u32,
    /// Thousandths of a core.
    pub cpu_millis: u32,
    /// Processes and threads.
    pub pids: u32,
    /// MiB that the state volume may take, as it is when the volume is made; 0 = all that the disk has. Only where the
    /// engine's storage can.
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

    /// The memory as people say it: `2 GiB`, `1536 MiB`.
    pub fn memory_words(self) -> String {
        if self.memory_mib.is_multiple_of(1024) {
            format!("{} GiB", self.memory_mib / 1024)
        } else {
            format!("{} MiB", self.memory_mib)
        }
    }

    /// Whether a container made with these is as one made with `other`. The volume's size is the volume's.
    pub fn make_the_same(self, other: Self) -> bool {
        Self { disk_mib: 0, ..self } == Self { disk_mib: 0, ..other }
    }

    /// Refuses what no engine would take and no agent could live with.
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
            "Use 64 MiB to 1 TiB of memory, 100 to 1000000 thousandths of a core, 32 to 1048576 processes, and no limit \
             of the disk (0) or 256 MiB to 16 TiB.",
        ))
    }
}

/// A user's own limits; what is absent is as the instance says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct OwnLimits {
    /// MiB.
    pub memory_mib: Option<u32>,
    /// Thousandths of a core.
    pub cpu_millis: Option<u32>,
    /// Processes and threads.
    pub pids: Option<u32>,
    /// MiB of the state volume; 0 = all that the disk has.
    pub disk_mib: Option<u32>,
}

impl OwnLimits {
    /// What counts for this user's container.
    pub fn over(self, instance: Limits) -> Limits {
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
    fn what_a_user_has_of_his_own_wins_and_the_rest_follows_the_instance() {
        let own = OwnLimits { memory_mib: Some(4096), ..OwnLimits::default() };
        let limits = own.over(Limits { pids: 99, ..Limits::default() });
        assert_eq!((limits.memory_mib, limits.cpu_millis, limits.pids), (4096, 2000, 99));
        assert_eq!(OwnLimits::default().over(limits), limits);
    }

    #[test]
    fn nothing_too_small_or_absurd_is_taken() {
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
    fn another_size_of_the_volume_does_not_make_another_container() {
        let limits = Limits::default();
        assert!(limits.make_the_same(Limits { disk_mib: 4096, ..limits }));
        assert!(!limits.make_the_same(Limits { pids: 100, ..limits }));
    }
}
