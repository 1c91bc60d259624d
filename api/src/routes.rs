//! The table of all routes.

mod agents;
mod audit;
mod auth;
mod chats;
mod container;
mod conversations;
mod findings;
mod fleet;
mod health;
mod internal;
mod jobs;
mod knowledge;
mod me;
mod memory;
mod oidc;
mod onboarding;
mod openai;
mod openapi;
mod password;
mod providers;
mod sessions;
mod settings;
mod tokens;
mod turns;
mod users;

use crate::pages;
use rocket::{Build, Rocket, routes};
use utoipa::OpenApi;

pub(crate) use openapi::OpenApiText;

/// Declares lists of handlers, which are both mounted and described.
macro_rules! table {
    ($($(#[$doc:meta])* $document:ident, $mount:ident: $($($part:ident)::+),* $(,)?;)*) => {$(
        $(#[$doc])*
        #[derive(OpenApi)]
        #[openapi(paths($($($part)::+),*))]
        pub(crate) struct $document;

        fn $mount() -> Vec<rocket::Route> {
            routes![$($($part)::+),*]
        }
    )*};
}

table! {
    /// `/`
    RootDocument, root: health::healthz, health::readyz;

    /// `/api`
    ApiDocument, api:
        health::version,
        openapi::document,
        // set-up
        onboarding::state,
        onboarding::breakglass,
        onboarding::oidc,
        onboarding::provider,
        onboarding::agent,
        onboarding::complete,
        // sign-in
        auth::methods,
        auth::login,
        auth::logout,
        auth::me,
        sessions::list,
        sessions::end,
        oidc::start,
        oidc::callback,
        oidc::backchannel_logout,
        tokens::list,
        tokens::create,
        tokens::revoke,
        // providers, agents and the container
        providers::catalog,
        providers::list,
        providers::create,
        providers::get,
        providers::change,
        providers::remove,
        providers::test_typed,
        providers::test,
        providers::models,
        agents::list,
        agents::create,
        agents::get,
        agents::change,
        agents::remove,
        container::status,
        container::events,
        container::start,
        container::stop,
        container::restart,
        // chats
        chats::list,
        chats::create,
        chats::get,
        chats::rename,
        chats::remove,
        turns::create,
        turns::get,
        turns::events,
        turns::stop,
        // knowledge
        findings::list,
        findings::get,
        findings::write::create,
        findings::write::change,
        findings::write::remove,
        findings::search::search,
        memory::list,
        memory::get,
        memory::put,
        memory::remove,
        memory::history,
        knowledge::status,
        // the archive of conversations
        conversations::list,
        conversations::get,
        conversations::remove,
        conversations::search::search,
        conversations::ingest::ingest,
        conversations::ingest::import,
        // jobs and activity
        jobs::list::list,
        jobs::stats::stats,
        jobs::events::events,
        jobs::get::get,
        jobs::act::retry,
        jobs::act::cancel,
        jobs::act::discard,
        audit::own,
        // the user's own data
        me::export_start,
        me::export_standing,
        me::export_download,
        me::remove,
        // for admins
        settings::get,
        settings::change,
        oidc::get,
        oidc::put,
        oidc::remove,
        oidc::test,
        password::change,
        jobs::lanes::list,
        jobs::lanes::pause,
        jobs::lanes::resume,
        jobs::lanes::limit,
        jobs::workers::list,
        jobs::schedules::list,
        jobs::schedules::change,
        jobs::schedules::run,
        users::list,
        users::change,
        users::remove,
        fleet::containers::list,
        fleet::containers::stop,
        fleet::containers::restart,
        fleet::system_containers::list,
        fleet::system_containers::create,
        fleet::system_containers::change,
        fleet::system_containers::remove,
        fleet::self_test::run,
        fleet::self_test::get,
        audit::list;

    /// `/v1`
    OpenAiDocument, openai: openai::models, openai::complete;
}

/// The routes for browsers and programs.
pub(crate) fn public(rocket: Rocket<Build>) -> Rocket<Build> {
    rocket.mount("/", root()).mount("/api", api()).mount("/v1", openai()).mount("/", pages::routes())
}

/// The routes for agent containers, on the internal port only.
pub(crate) fn internal(rocket: Rocket<Build>) -> Rocket<Build> {
    rocket.mount("/", root()).mount(
        "/api/internal",
        routes![
            internal::config,
            internal::mcp::message,
            internal::mcp::stream,
            internal::mcp::end_session,
            internal::warm_up::answer
        ],
    )
}
