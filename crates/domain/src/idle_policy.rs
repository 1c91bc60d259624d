//! When an unused container is paused, stopped or moved to another image. Pure.

use std::time::Duration;

/// Within this time after its last use a container is neither stopped for its age nor evicted: its user may be reading
/// an answer and about to write the next message.
pub const ACTIVE_USE_WINDOW: Duration = Duration::from_secs(60);
/// A container that was not used for this long can move to another image without disturbing its user.
const IMAGE_UPDATE_IDLE_TIME: Duration = Duration::from_secs(600);

/// The limits of the instance, or those of the container's user. Zero = no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IdlePolicy {
    /// Time without use after which it is paused.
    pub pause_after: Duration,
    /// Time without use after which it is stopped.
    pub stop_after: Duration,
    /// Time since its start after which it is stopped as soon as it is not in use.
    pub max_age: Duration,
}

/// Whether the container runs or is frozen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PowerState {
    /// It runs and answers.
    Running,
    /// Frozen by `docker pause`.
    Paused,
}

/// Whether the container was created from the image that it should have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImageFreshness {
    /// It was, or it must not move to another one by itself.
    Current,
    /// It should move to another one.
    Outdated,
}

/// The state of a container without an open turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IdleState {
    /// Time since its last use.
    pub idle: Duration,
    /// Time since its start.
    pub age: Duration,
    /// Whether it is frozen.
    pub power: PowerState,
    /// Whether its image is outdated.
    pub image: ImageFreshness,
}

/// What to do with the container.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IdleAction {
    /// Stop it, because it is not in use.
    Stop,
    /// Stop it, because it has reached its maximum age.
    StopForAge,
    /// Recreate it from the current image.
    UpdateImage,
    /// Freeze it.
    Pause,
}

/// What to do now; `None` = nothing. The first that applies of: stop, stop for age, update the image, pause.
pub fn next_action(state: IdleState, policy: IdlePolicy) -> Option<IdleAction> {
    let IdleState { idle, age, power, image } = state;
    let exceeds = |time: Duration, limit: Duration| !limit.is_zero() && time > limit;
    if exceeds(idle, policy.stop_after) {
        return Some(IdleAction::Stop);
    }
    if exceeds(age, policy.max_age) && idle > ACTIVE_USE_WINDOW {
        return Some(IdleAction::StopForAge);
    }
    if image == ImageFreshness::Outdated && idle > IMAGE_UPDATE_IDLE_TIME {
        return Some(IdleAction::UpdateImage);
    }
    (power == PowerState::Running && exceeds(idle, policy.pause_after)).then_some(IdleAction::Pause)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEVER: IdlePolicy =
        IdlePolicy { pause_after: Duration::ZERO, stop_after: Duration::ZERO, max_age: Duration::ZERO };

    fn state(idle: u64, age: u64) -> IdleState {
        let (idle, age) = (Duration::from_secs(idle), Duration::from_secs(age));
        IdleState { idle, age, power: PowerState::Running, image: ImageFreshness::Current }
    }

    #[test]
    fn zero_is_never_and_the_action_that_frees_the_most_wins() {
        let second = Duration::from_secs(1);
        assert_eq!(next_action(state(1_000_000, 1_000_000), NEVER), None);
        let all = IdlePolicy { pause_after: 300 * second, stop_after: 1800 * second, max_age: 7200 * second };
        assert_eq!(next_action(state(299, 400), all), None);
        assert_eq!(next_action(state(301, 400), all), Some(IdleAction::Pause));
        assert_eq!(next_action(IdleState { power: PowerState::Paused, ..state(301, 400) }, all), None);
        assert_eq!(next_action(state(1801, 9000), all), Some(IdleAction::Stop));
        assert_eq!(next_action(state(61, 7201), all), Some(IdleAction::StopForAge));
        assert_eq!(next_action(state(59, 7201), all), None, "it may be in use");
    }

    #[test]
    fn an_idle_container_moves_to_a_new_image_whatever_its_limits() {
        let outdated = |idle| IdleState { image: ImageFreshness::Outdated, ..state(idle, 9000) };
        assert_eq!(next_action(outdated(599), NEVER), None);
        assert_eq!(next_action(outdated(601), NEVER), Some(IdleAction::UpdateImage));
    }
}
