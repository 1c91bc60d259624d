//! The whole table of paths: what is mounted where.

mod agents;
mod auth;
mod chats;
mod container;
mod health;
mod internal;
mod jobs;
mod onboarding;
mod openai;
mod providers;
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
                onboarding::provider,
                onboarding::agent,
                onboarding::complete,
                // who is there
                auth::methods,
                auth::login,
                auth::logout,
                auth::me,
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
                jobs::list::list,
                jobs::stats::stats,
                jobs::events::events,
                jobs::get::get,
                jobs::act::retry,
                jobs::act::cancel,
                jobs::act::discard,
                // what an admin sets
                settings::get,
                settings::change,
                jobs::lanes::list,
                jobs::lanes::pause,
                jobs::lanes::resume,
                jobs::lanes::limit,
                jobs::workers::list,
                jobs::schedules::list,
                jobs::schedules::change,
                jobs::schedules::run,
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
