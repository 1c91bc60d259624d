//! One file per subcommand.

pub mod admin;
pub mod api;
pub mod doctor;
pub mod guard;
pub mod healthy;
pub mod isolation;
pub mod migrate;
pub mod up;
pub mod worker;
