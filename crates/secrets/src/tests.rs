//! Tests of what the crate `secrets` promises, through its public interface.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod keys;
mod passwords;
mod redaction;
mod sealing;
mod tokens;

use crate::KeyRing;
use rand::{SeedableRng, rngs::StdRng};

const FIRST: &str = "Zm9ydHktdHdvIGJ5dGVzIG9mIG5vaXNlIQ==";
const SECOND: &str = "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0";

fn ring(text: &str) -> KeyRing {
    KeyRing::parse(&text.into()).unwrap()
}

fn rng() -> StdRng {
    StdRng::seed_from_u64(7)
}
