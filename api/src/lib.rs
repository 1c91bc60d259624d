//! The HTTP face of Mosaic: who may call, what they send, what they get back.
//!
//! Owns routes, guards, request and response shapes and the translation of `fleet::Error`. It must not
//! decide anything about the product (that is `fleet`) and cannot reach Docker or the database itself.
//! Where does a request go? [`routes`] is the whole table of paths.

mod body;
mod catch;
mod guards;
mod headers;
mod if_any;
mod openai_error;
mod openapi;
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

/// Builds the public server: everything browsers and programs call. `proxies` are the instance's own.
pub fn public(address: SocketAddr, proxies: Vec<IpAddr>, services: Arc<Services>) -> Rocket<Build> {
    routes::public(base(address, proxies, services))
}

/// Builds the internal server: what agent containers call, on its own port.
pub fn internal(address: SocketAddr, proxies: Vec<IpAddr>, services: Arc<Services>) -> Rocket<Build> {
    routes::internal(base(address, proxies, services))
}

fn base(address: SocketAddr, proxies: Vec<IpAddr>, services: Arc<Services>) -> Rocket<Build> {
    let config = Config {
        address: address.ip(),
        port: address.port(),
        // A header that any client can send says nothing about where he is.
        ip_header: None,
        ident: Ident::none(),
        limits: Limits::default(),
        log_level: rocket::config::LogLevel::Off,
        cli_colors: false,
        // Signals are `boot`'s: it tells the servers to stop.
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
