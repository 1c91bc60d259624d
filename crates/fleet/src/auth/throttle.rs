//! Throttling of sign-ins: each failure makes the next attempt wait longer.
//!
//! Failures are counted per name and address; and per name over all addresses from which it never succeeded, so that an
//! attacker with many addresses is slowed down too, while strangers never delay a person who signed in from their address
//! before. Unknown names are treated alike. An attempt counts as failed before its password is checked, so that parallel
//! attempts do not slip through.

use crate::{Cx, Error, Result};
use secrets::ThrottleClass;
use serde_json::{Value, json};
use std::time::Duration;
use store::{Tx, throttle};

/// Failures from one address without a wait: people mistype.
const FREE_FAILURES: i32 = 3;
/// The longest wait of one address.
const MAX_WAIT_SECONDS: i32 = 15 * 60;
/// Failures over all unknown addresses without a wait.
const FREE_FAILURES_EVERYWHERE: i32 = 20;
/// The longest wait over all unknown addresses: the owner, at a new address, still gets a turn.
const MAX_WAIT_SECONDS_EVERYWHERE: i32 = 60;

/// An attempt that may go on.
pub(super) struct Attempt {
    account: [u8; 32],
    address: String,
    failures: i32,
    wait_seconds: i32,
    /// Failures over all unknown addresses; `None` where this address is known.
    failures_everywhere: Option<i32>,
}

/// Admits an attempt for this name and counts it as failed until it succeeds.
///
/// # Errors
/// [`Error::TooMany`] when it has to wait; nothing is counted then.
pub(super) async fn attempt(cx: &Cx, name: &str) -> Result<Attempt> {
    let account = tag(cx, name);
    let address = address(cx);
    let mut tx = cx.system("count sign-ins").await?;
    throttle::prune(&mut tx).await?;
    let (here, everywhere) = throttle::lock(&mut tx, &account, &address).await?;
    let wait = if here.known { here.wait_seconds } else { here.wait_seconds.max(everywhere.wait_seconds) };
    if wait > 0.0 {
        return Err(too_many(Duration::from_secs_f64(wait)));
    }
    let failures = here.failures.saturating_add(1);
    let wait_seconds = delay_seconds(failures, FREE_FAILURES, MAX_WAIT_SECONDS);
    throttle::record_failures(&mut tx, &account, &address, failures, wait_seconds).await?;
    let failures_everywhere = (!here.known).then(|| everywhere.failures.saturating_add(1));
    if let Some(failures) = failures_everywhere {
        let wait = delay_seconds(failures, FREE_FAILURES_EVERYWHERE, MAX_WAIT_SECONDS_EVERYWHERE);
        throttle::record_failures_overall(&mut tx, &account, failures, wait).await?;
    }
    tx.commit().await?;
    Ok(Attempt { account, address, failures, wait_seconds, failures_everywhere })
}

impl Attempt {
    /// Takes the failure back, in the transaction that opens the session.
    pub(super) async fn succeeded(self, tx: &mut Tx) -> Result<()> {
        if let Some(failures) = self.failures_everywhere {
            throttle::record_failures_overall(tx, &self.account, failures - 1, 0).await?;
        }
        Ok(throttle::record_success(tx, &self.account, &self.address).await?)
    }

    /// A person who signed in from here before does not queue behind strangers.
    pub(super) fn throttle_class(&self) -> ThrottleClass {
        if self.failures_everywhere.is_none() { ThrottleClass::Known } else { ThrottleClass::Unknown }
    }

    /// For the audit log: how often it failed in a row, and how long the next one waits.
    pub(super) fn detail(&self) -> Value {
        json!({ "failures": self.failures, "waitSeconds": self.wait_seconds })
    }
}

/// Records that this name signed in from this address.
pub(crate) async fn record_success(cx: &Cx, tx: &mut Tx, name: &str) -> Result<()> {
    Ok(throttle::record_success(tx, &tag(cx, name), &address(cx)).await?)
}

/// Forgets all failures of this name.
pub(crate) async fn forget_failures(cx: &Cx, tx: &mut Tx, name: &str) -> Result<()> {
    Ok(throttle::forget(tx, &tag(cx, name)).await?)
}

fn tag(cx: &Cx, name: &str) -> [u8; 32] {
    cx.services.ring.keyed_name_hash(&name.to_lowercase())
}

/// Never empty: an empty address stands for all addresses.
fn address(cx: &Cx) -> String {
    if cx.origin.address.is_empty() { "unknown".to_owned() } else { cx.origin.address.clone() }
}

/// Seconds after this many failures: nothing, then 1, 2, 4 …
fn delay_seconds(failures: i32, free: i32, max_seconds: i32) -> i32 {
    match u32::try_from(failures - free - 1) {
        Ok(doublings) => 1_i32.checked_shl(doublings.min(30)).unwrap_or(max_seconds).min(max_seconds),
        Err(_) => 0,
    }
}

fn too_many(wait: Duration) -> Error {
    let seconds = wait.as_secs() + 1;
    let when = match seconds {
        1 => "in a second".to_owned(),
        2..=90 => format!("in {seconds} seconds"),
        _ => format!("in {} minutes", seconds.div_ceil(60)),
    };
    Error::TooMany {
        code: "too_many_attempts",
        detail: format!("Too many sign-ins for this name have failed. Try again {when}."),
        retry_after: Duration::from_secs(seconds),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_and_end() {
        let waits: Vec<i32> =
            (1..=7).map(|failures| delay_seconds(failures, FREE_FAILURES, MAX_WAIT_SECONDS)).collect();
        assert_eq!(waits, [0, 0, 0, 1, 2, 4, 8]);
        assert_eq!(delay_seconds(13, FREE_FAILURES, MAX_WAIT_SECONDS), 512);
        for many in [14, 40, 1_000_000, i32::MAX] {
            assert_eq!(delay_seconds(many, FREE_FAILURES, MAX_WAIT_SECONDS), MAX_WAIT_SECONDS);
        }
    }
}
