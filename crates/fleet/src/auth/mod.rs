//! Authentication: sign-in, sign-out, and from a credential to a person.

mod authenticate;
mod login;
mod password;
mod reset;
mod sessions;
mod throttle;

pub use authenticate::{ApiScope, Bearer, by_api_token, by_session};
pub use login::{SignIn, login};
pub(crate) use login::{count_sign_in, open_session};
pub use password::change_password;
pub use reset::reset_breakglass;
pub use sessions::{end_session, list_sessions, logout};
pub use store::sessions::Session;
pub use store::users::User;
pub(crate) use throttle::{forget_failures, record_success};

/// Hours without a request after which a session ends.
fn idle_hours(services: &crate::Services) -> i32 {
    i32::try_from(services.settings.get().session_idle_hours).unwrap_or(i32::MAX)
}
