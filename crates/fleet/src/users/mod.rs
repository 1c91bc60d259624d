//! Accounts, as admins look after them.

mod change;
mod list;
mod name;
mod remove;

use change::shut;
pub use change::{Patch, change};
pub use list::list;
pub(crate) use name::parse_name;
pub use remove::{delete, remove, remove_own};
pub use store::users::Listed;
