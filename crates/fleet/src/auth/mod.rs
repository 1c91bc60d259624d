//! Who is there: sign-in, sign-out, and recognising a credential.

mod authenticate;
mod login;
mod logout;
mod reset;

pub use authenticate::{ApiScope, Bearer, by_api_token, by_session};
pub(crate) use login::open_session;
pub use login::{SignIn, login};
pub use logout::logout;
pub use reset::reset_breakglass;
pub use store::users::User;
