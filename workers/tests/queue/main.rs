//! Every rule of the queue, on a real Postgres (`TEST_DATABASE_URL`), with killed and frozen worker processes
//! where a rule is about them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]
#![allow(clippy::disallowed_methods)] // Tests may read their environment, spawn servers and create ids.

mod board;
mod board_bulk;
mod board_stats;
mod claiming;
mod clocks;
mod crashes;
mod harness;
mod kinds;
mod lanes;
mod merging;
mod outages;
mod outcomes;
mod proxy;
mod retention;
mod rights;
mod schedules;
mod shutdown;
mod soak;
