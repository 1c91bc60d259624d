//! Who is there: sign-in, sign-out, and recognising a credential.

mod authenticate;
mod login;
mod logout;
mod password;
mod reset;
mod sessions;
mod standing;
mod throttle;

pub use authenticate::{ApiScope, Bearer, by_api_token, by_session};
pub use login::{SignIn, login};
pub(crate) use login::{note, open_session};
pub use logout::logout;
pub use password::change_password;
pub use reset::reset_breakglass;
pub use sessions::{end_session, list_sessions};
pub(crate) use standing::recheck_access;
pub use store::sessions::Session;
pub use store::users::User;
pub(crate) use throttle::{forget, succeeded};

/// Hours without a request after which a session is over, as the settings say.
fn idle_hours(services: &crate::Services) -> i32 {
    i32::try_from(services.settings.get().session_idle_hours).unwrap_or(i32::MAX)
}
