//! Tests of the outbound client and the connection test against servers on loopback.
//!
//! Nothing here leaves the machine: names come from scripted resolvers, servers are plain sockets.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::disallowed_methods, missing_docs)]

mod caps;
mod connection;
mod dialects;
mod guard;
mod models;
mod support;
mod tls;
