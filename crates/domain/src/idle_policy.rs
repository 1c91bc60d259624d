//! When a container that nobody uses is put to rest, and how deep. Pure.

use std::time::Duration;

/// A container is never put to rest for its age or its image within this time of its last use: somebody reads an
/// answer and is about to write the next message.
pub const BETWEEN_MESSAGES: Duration = Duration::from_secs(60);
/// Nobody used it for so long: it can move to another image without being in anybody's way.
const QUIET: Duration = Duration::from_secs(600);

/// How patient the instance, or its owner's own setting, is. Zero = for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IdlePolicy {
    /// Without use, until it is paused.
    pub pause_after: Duration,
    /// Without use, until it is stopped.
    pub stop_after: Duration,
    /// After its start, until it is stopped when nobody uses it.
    pub max_age: Duration,
}

/// Whether it answers, or is frozen already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PowerState {
    /// It answers.
    Awake,
    /// `docker pause` froze it.
    Paused,
}

/// Whether it was made from the image that it should have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Image {
    /// It was, or must not move to another one by itself.
    Current,
    /// Another one is to be taken.
    Outdated,
}

/// How a container without a running turn stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IdleState {
    /// Since its last use.
    pub idle: Duration,
    /// Since its start.
    pub age: Duration,
    /// Whether it is frozen.
    pub power: PowerState,
    /// Its image.
    pub image: Image,
}

/// What to do with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IdleAction {
    /// Stop it: nobody uses it.
    Stop,
    /// Stop it: it has run for long enough.
    Retire,
    /// Make it anew from the present image.
    Renew,
    /// Freeze it.
    Pause,
}

/// What is due; `None` = leave it alone. The deepest rest wins.
pub fn due(standing: IdleState, policy: IdlePolicy) -> Option<IdleAction> {
    let IdleState { idle, age, power, image } = standing;
    let after = |limit: Duration, time: Duration| !limit.is_zero() && time > limit;
    if after(policy.stop_after, idle) {
        return Some(IdleAction::Stop);
    }
    if after(policy.max_age, age) && idle > BETWEEN_MESSAGES {
        return Some(IdleAction::Retire);
    }
    if image == Image::Outdated && idle > QUIET {
        return Some(IdleAction::Renew);
    }
    (power == PowerState::Awake && after(policy.pause_after, idle)).then_some(IdleAction::Pause)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEVER: IdlePolicy =
        IdlePolicy { pause_after: Duration::ZERO, stop_after: Duration::ZERO, max_age: Duration::ZERO };

    fn standing(idle: u64, age: u64) -> IdleState {
        let (idle, age) = (Duration::from_secs(idle), Duration::from_secs(age));
        IdleState { idle, age, power: PowerState::Awake, image: Image::Current }
    }

    #[test]
    fn zero_is_never_and_the_deepest_rest_wins() {
        let second = Duration::from_secs(1);
        assert_eq!(due(standing(1_000_000, 1_000_000), NEVER), None);
        let all = IdlePolicy { pause_after: 300 * second, stop_after: 1800 * second, max_age: 7200 * second };
        assert_eq!(due(standing(299, 400), all), None);
        assert_eq!(due(standing(301, 400), all), Some(IdleAction::Pause));
        assert_eq!(due(IdleState { power: PowerState::Paused, ..standing(301, 400) }, all), None);
        assert_eq!(due(standing(1801, 9000), all), Some(IdleAction::Stop));
        assert_eq!(due(standing(61, 7201), all), Some(IdleAction::Retire));
        assert_eq!(due(standing(59, 7201), all), None, "somebody is in the middle of a conversation");
    }

    #[test]
    fn another_image_is_taken_when_it_is_quiet_however_long_it_may_idle() {
        let outdated = |idle| IdleState { image: Image::Outdated, ..standing(idle, 9000) };
        assert_eq!(due(outdated(599), NEVER), None);
        assert_eq!(due(outdated(601), NEVER), Some(IdleAction::Renew));
    }
}
