//! The whole table of paths: what is mounted where.

mod agents;
mod auth;
mod chats;
mod container;
mod health;
mod internal;
mod jobs;
mod oidc;
mod onboarding;
mod openai;
mod password;
mod providers;
mod sessions;
mod settings;
mod tokens;
mod turns;

use rocket::{Build, Rocket, routes};

/// What browsers and programs call.
pub(crate) fn public(rocket: Rocket<Build>) -> Rocket<Build> {
    rocket
        .mount("/", routes![health::healthz, health::readyz])
        .mount(
            "/api",
            routes![
                health::version,
                // first boot
                onboarding::state,
                onboarding::breakglass,
                onboarding::oidc,
                onboarding::provider,
                onboarding::agent,
                onboarding::complete,
                // who is there
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
                // what he has
                providers::catalog,
                providers::list,
                providers::create,
                providers::get,
                providers::change,
                providers::remove,
                providers::test_typed,
                providers::test,
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
                // what he says
                chats::list,
                chats::create,
                chats::get,
                chats::rename,
                chats::remove,
                turns::create,
                turns::get,
                turns::events,
                turns::stop,
                // what happens for him
                jobs::get,
                // what an admin sets
                settings::get,
                settings::change,
                oidc::get,
                oidc::put,
                oidc::remove,
                oidc::test,
                password::change,
            ],
        )
        .mount("/v1", routes![openai::models, openai::complete])
}

/// What agent containers call, on the internal port only.
pub(crate) fn internal(rocket: Rocket<Build>) -> Rocket<Build> {
    rocket
        .mount("/", routes![health::healthz, health::readyz])
        .mount("/api/internal", routes![internal::config])
}
