//! The fleet as admins look after it: every container's standing, stop and restart. Never content.

mod act;
mod list;
mod measure;

pub use act::{restart, stop};
pub use list::{Listed, Memory, Whose, budget, list};
pub use measure::measure;
