//! Accounts, as admins look after them.

mod change;
mod list;

pub use change::{Patch, change};
pub use list::list;
pub use store::users::Listed;
