//! The HTTP API.
//!
//! Owns routes, guards, request and response types, and the translation of `fleet::Error`. It must not decide anything about
//! the product (that is `fleet`), and cannot reach Docker or the database itself. [`routes`] is the table of all paths.
#![allow(missing_docs)] // Where the name is the documentation.

mod body;
mod catch;
mod enqueued;
mod guards;
mod headers;
mod openai_error;
mod openapi;
mod optional;
mod page;
mod pages;
mod problem;
pub mod routes;
mod sse;

pub use headers::REQUEST_ID;

use fleet::Services;
use rocket::{Build, Config, Rocket, config::Ident, data::Limits};
use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

/// Builds the public server, for browsers and programs. `proxies` are the instance's own.
pub fn public(address: SocketAddr, proxies: Vec<IpAddr>, services: Arc<Services>) -> Rocket<Build> {
    routes::public(base(address, proxies, services)).manage(routes::OpenApiText(openapi::text().into()))
}

/// Builds the internal server, for agent containers.
pub fn internal(address: SocketAddr, proxies: Vec<IpAddr>, services: Arc<Services>) -> Rocket<Build> {
    routes::internal(base(address, proxies, services))
}

fn base(address: SocketAddr, proxies: Vec<IpAddr>, services: Arc<Services>) -> Rocket<Build> {
    let config = Config {
        address: address.ip(),
        port: address.port(),
        // Any client can send such a header.
        ip_header: None,
        ident: Ident::none(),
        limits: Limits::default(),
        log_level: rocket::config::LogLevel::Off,
        cli_colors: false,
        // `boot` handles signals, and tells the servers to stop.
        shutdown: rocket::config::Shutdown {
            ctrlc: false,
            #[cfg(unix)]
            signals: std::collections::HashSet::new(),
            grace: 5,
            mercy: 2,
            ..Default::default()
        },
        ..Config::release_default()
    };
    rocket::custom(config)
        .manage(services)
        .manage(guards::Proxies(proxies))
        .attach(headers::Headers)
        .register("/", catch::catchers())
}
