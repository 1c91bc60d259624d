//! Every rule of the queue, on a real Postgres (`TEST_DATABASE_URL`), with killed and frozen worker processes
//! where a rule speaks of them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![allow(clippy::disallowed_methods)] // Tests may read their environment, spawn servers and make ids.

mod crashes;
mod harness;
mod kinds;
mod lanes;
mod merging;
mod outages;
mod outcomes;
mod proxy;
mod rights;
mod shutdown;
mod taking;
