//! The container's state machine: computes the next step from the desired and the actual state.
//!
//! Pure. Starts, stops, the reaper and the watcher of Docker's events all use it, so that a duplicate job, a late event or
//! a worker that died midway leads to the same next step.

use crate::containers::{ContainerState, RunState};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The state that the row asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Desired {
    /// It runs and answers.
    Running,
    /// Frozen. It can answer again within a second.
    Paused,
    /// Stopped. The container and its volume stay.
    Stopped,
    /// The container is removed. Its volume stays.
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

    /// Reads the stored text. Anything unknown means stopped.
    pub fn from_stored(text: &str) -> Self {
        match text {
            "running" => Self::Running,
            "paused" => Self::Paused,
            "removed" => Self::Removed,
            _ => Self::Stopped,
        }
    }
}

/// The last observed state, as the row stores it and users see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Observed {
    /// No container.
    Absent,
    /// Starting; the stage says how far it is.
    Starting,
    /// It answers.
    Ready,
    /// Frozen; the next message resumes it.
    Paused,
    /// Stopped.
    Stopped,
    /// It did not start, or crashed. The reason is stored with it.
    Failed,
}

impl Observed {
    /// All states.
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

    /// Reads the stored text. Anything unknown means absent.
    pub fn from_stored(text: &str) -> Self {
        Self::ALL.into_iter().find(|observed| observed.as_str() == text).unwrap_or(Self::Absent)
    }
}

/// The row's desired state and generation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DesiredState {
    /// The state that the row asks for.
    pub desired: Desired,
    /// The generation whose token is valid. 0 = no container was ever created.
    pub generation: i64,
}

/// What to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Nothing: both states agree. For `Running` this means that it runs; whether it answers is checked separately.
    Settled,
    /// Create a container of a new generation.
    Create,
    /// Start or resume the container.
    Start,
    /// Freeze it.
    Pause,
    /// End its process.
    Stop,
    /// Remove the container.
    Remove,
    /// The row was read before the container was created: read it again.
    Refetch,
}

/// The next step towards what `row` asks for. Repeating plan and step always reaches [`Step::Settled`].
pub fn plan(row: DesiredState, container: Option<&ContainerState>) -> Step {
    let Some(container) = container else {
        return if row.desired == Desired::Running { Step::Create } else { Step::Settled };
    };
    match row.desired {
        Desired::Removed => Step::Remove,
        Desired::Paused if container.state == RunState::Running => Step::Pause,
        // A stopped container is not started only to pause it.
        Desired::Paused => Step::Settled,
        Desired::Stopped => match container.state {
            RunState::Running | RunState::Paused => Step::Stop,
            RunState::Created | RunState::Exited { .. } | RunState::Dead => Step::Settled,
        },
        // Its token is no longer valid, so that Mosaic cannot talk to it.
        Desired::Running if container.generation < row.generation => Step::Remove,
        Desired::Running if container.generation > row.generation => Step::Refetch,
        Desired::Running => match container.state {
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

    fn container(generation: i64, state: RunState) -> ContainerState {
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

    /// What Docker would report after the step. Updates the generation of `row`.
    fn apply(step: Step, row: &mut DesiredState, now: Option<ContainerState>) -> Option<ContainerState> {
        match step {
            Step::Settled => now,
            Step::Create => {
                row.generation += 1;
                Some(container(row.generation, RunState::Created))
            }
            Step::Start => now.map(|s| ContainerState { state: RunState::Running, ..s }),
            Step::Pause => now.map(|s| ContainerState { state: RunState::Paused, ..s }),
            Step::Stop => {
                now.map(|s| ContainerState { state: RunState::Exited { code: 0, oom_killed: false }, ..s })
            }
            Step::Remove => None,
            Step::Refetch => {
                row.generation = now.as_ref().map_or(0, |container| container.generation);
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
            let mut row = DesiredState { desired, generation };
            let mut now = before.map(|(generation, state)| container(generation, state));
            for _ in 0..4 {
                let step = plan(row, now.as_ref());
                now = apply(step, &mut row, now);
            }
            prop_assert_eq!(plan(row, now.as_ref()), Step::Settled);
            match desired {
                Desired::Running => {
                    let now = now.expect("it runs");
                    prop_assert_eq!(now.state, RunState::Running);
                    prop_assert_eq!(now.generation, row.generation);
                }
                Desired::Paused => prop_assert!(now.is_none_or(|s| s.state != RunState::Running)),
                Desired::Stopped => prop_assert!(now.is_none_or(|s| s.state != RunState::Running)),
                Desired::Removed => prop_assert!(now.is_none()),
            }
        }
    }
}
