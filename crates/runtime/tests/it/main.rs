//! The runtime against a real Docker engine and a real packet filter. Run by `make test`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::print_stderr
)]

mod containers;
mod events;
mod guard;
mod harness;
mod image;
mod lan;
mod networks;
mod profile;
mod refusals;
