//! The container's state machine: from what is wanted and what was seen to the next step.
//!
//! Pure. Starts, stops, the reaper and the Docker event watcher all come here, so that a duplicate
//! job, a late event or a worker that died half-way leads to the same next step.

use crate::containers::{ContainerState, RunState};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What the row says is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Desired {
    /// Up and answering.
    Running,
    /// Frozen where it stands: it answers again within a second.
    Paused,
    /// Down; the volume and the stopped container stay.
    Stopped,
    /// The container is gone; the volume stays.
    Removed,
}

impl Desired {
    /// The text stored in `user_containers.desired`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Stopped => "stopped",
            Self::Removed => "removed",
        }
    }

    /// Reads the stored text; unknown texts want nothing to run.
    pub fn from_stored(text: &str) -> Self {
        match text {
            "running" => Self::Running,
            "paused" => Self::Paused,
            "removed" => Self::Removed,
            _ => Self::Stopped,
        }
    }
}

/// What was last seen, as the row stores it and a person reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Observed {
    /// No container.
    Absent,
    /// On its way up; the stage says how far.
    Starting,
    /// Answering.
    Ready,
    /// Frozen; the next message resumes it.
    Paused,
    /// Down.
    Stopped,
    /// It did not come up or went down by itself; the reason is stored with it.
    Failed,
}

impl Observed {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Absent, Self::Starting, Self::Ready, Self::Paused, Self::Stopped, Self::Failed];

    /// The text stored in `user_containers.observed`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Absent => "absent",
            Self::Starting => "starting",
            Self::Ready => "ready",
            Self::Paused => "paused",
            Self::Stopped => "stopped",
            Self::Failed => "failed",
        }
    }

    /// Reads the stored text; unknown texts count as not there.
    pub fn from_stored(text: &str) -> Self {
        Self::ALL.into_iter().find(|observed| observed.as_str() == text).unwrap_or(Self::Absent)
    }
}

/// The wish: state and generation of the row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DesiredState {
    /// What should be.
    pub desired: Desired,
    /// The generation whose token is in force. 0 = never created.
    pub generation: i64,
}

/// The next thing to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// DesiredState and seen agree (for `Running`: it runs; whether it answers is asked separately).
    Settled,
    /// Make a container of a new generation.
    Create,
    /// Start (or resume) the container that is there.
    Start,
    /// Freeze it.
    Pause,
    /// End its process.
    Stop,
    /// Remove the container that is there.
    Remove,
    /// The wish is older than what is there: read it again.
    Refetch,
}

/// The next step towards `wanted`. Applying it and planning again always reaches [`Step::Settled`].
pub fn plan(wanted: DesiredState, seen: Option<&ContainerState>) -> Step {
    let Some(seen) = seen else {
        return if wanted.desired == Desired::Running { Step::Create } else { Step::Settled };
    };
    match wanted.desired {
        Desired::Removed => Step::Remove,
        // What is down already rests deeper.
        Desired::Paused if seen.state == RunState::Running => Step::Pause,
        Desired::Paused => Step::Settled,
        Desired::Stopped => match seen.state {
            RunState::Running | RunState::Paused => Step::Stop,
            RunState::Created | RunState::Exited { .. } | RunState::Dead => Step::Settled,
        },
        // Its token is no longer the one in force: it can never be talked to.
        Desired::Running if seen.generation < wanted.generation => Step::Remove,
        Desired::Running if seen.generation > wanted.generation => Step::Refetch,
        Desired::Running => match seen.state {
            RunState::Running => Step::Settled,
            RunState::Created | RunState::Paused | RunState::Exited { .. } => Step::Start,
            RunState::Dead => Step::Remove,
        },
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::expect_used)]
    use super::*;
    use crate::{containers::Owner, ids::*};
    use proptest::prelude::*;
    use uuid::Uuid;

    fn seen(generation: i64, state: RunState) -> ContainerState {
        let owner = Owner {
            instance: InstanceId::from(Uuid::nil()),
            user: UserId::from(Uuid::nil()),
            container: ContainerId::from(Uuid::nil()),
        };
        ContainerState {
            owner,
            generation,
            docker_id: "d".into(),
            image: crate::image::PinnedImage::named("agent:1"),
            state,
            address: None,
            created_at: None,
            started_at: None,
        }
    }

    fn states() -> impl Strategy<Value = RunState> {
        prop_oneof![
            Just(RunState::Created),
            Just(RunState::Running),
            Just(RunState::Paused),
            Just(RunState::Dead),
            (0i64..200, any::<bool>()).prop_map(|(code, oom_killed)| RunState::Exited { code, oom_killed }),
        ]
    }

    /// What Docker would answer after the step, and the generation the row would carry.
    fn apply(step: Step, wanted: &mut DesiredState, now: Option<ContainerState>) -> Option<ContainerState> {
        match step {
            Step::Settled => now,
            Step::Create => {
                wanted.generation += 1;
                Some(seen(wanted.generation, RunState::Created))
            }
            Step::Start => now.map(|s| ContainerState { state: RunState::Running, ..s }),
            Step::Pause => now.map(|s| ContainerState { state: RunState::Paused, ..s }),
            Step::Stop => {
                now.map(|s| ContainerState { state: RunState::Exited { code: 0, oom_killed: false }, ..s })
            }
            Step::Remove => None,
            Step::Refetch => {
                wanted.generation = now.as_ref().map_or(0, |seen| seen.generation);
                now
            }
        }
    }

    proptest! {
        #[test]
        fn every_situation_settles_within_four_steps(
            desired in prop_oneof![
                Just(Desired::Running), Just(Desired::Paused), Just(Desired::Stopped), Just(Desired::Removed)
            ],
            generation in 0i64..3,
            before in proptest::option::of((0i64..3, states())),
        ) {
            let mut wanted = DesiredState { desired, generation };
            let mut now = before.map(|(generation, state)| seen(generation, state));
            for _ in 0..4 {
                let step = plan(wanted, now.as_ref());
                now = apply(step, &mut wanted, now);
            }
            prop_assert_eq!(plan(wanted, now.as_ref()), Step::Settled);
            match desired {
                Desired::Running => {
                    let now = now.expect("it runs");
                    prop_assert_eq!(now.state, RunState::Running);
                    prop_assert_eq!(now.generation, wanted.generation);
                }
                Desired::Paused => prop_assert!(now.is_none_or(|s| s.state != RunState::Running)),
                Desired::Stopped => prop_assert!(now.is_none_or(|s| s.state != RunState::Running)),
                Desired::Removed => prop_assert!(now.is_none()),
            }
        }
    }
}
