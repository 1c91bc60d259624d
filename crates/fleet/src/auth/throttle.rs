//! Failed sign-ins make the next one wait, the longer the more there were.
//!
//! Counted per name and address; and per name over all addresses from which it never succeeded, so that a guesser
//! with many addresses gets slow too, while whoever signed in before from where he is now is never held up by
//! strangers. Unknown names are treated alike. An attempt counts as failed before its password is looked at:
//! many at once do not slip through.

use crate::{Cx, Error, Result};
use secrets::ThrottleClass;
use serde_json::{Value, json};
use std::time::Duration;
use store::{Tx, throttle};

/// Failures from one address that cost nothing: people mistype.
const FREE: i32 = 3;
/// The longest wait of one address, in seconds.
const LONGEST: i32 = 15 * 60;
/// Failures over all unknown addresses that cost nothing.
const FREE_EVERYWHERE: i32 = 20;
/// The longest wait over all unknown addresses, in seconds: whoever is at a new place still gets his turn.
const LONGEST_EVERYWHERE: i32 = 60;

/// An attempt that may be made.
pub(super) struct Attempt {
    account: [u8; 32],
    address: String,
    failures: i32,
    wait: i32,
    /// What is counted over all addresses, where this one is unknown.
    everywhere: Option<i32>,
}

/// Lets an attempt for this name through and counts it as failed until it succeeds.
///
/// # Errors
/// [`Error::TooMany`] when it has to wait; nothing is counted then.
pub(super) async fn attempt(cx: &Cx, name: &str) -> Result<Attempt> {
    let account = tag(cx, name);
    let address = address(cx);
    let mut tx = cx.system("count sign-ins").await?;
    throttle::sweep(&mut tx).await?;
    let (here, everywhere) = throttle::lock(&mut tx, &account, &address).await?;
    let wait = if here.known { here.wait_seconds } else { here.wait_seconds.max(everywhere.wait_seconds) };
    if wait > 0.0 {
        return Err(too_many(Duration::from_secs_f64(wait)));
    }
    let failures = here.failures.saturating_add(1);
    let wait = delay(failures, FREE, LONGEST);
    throttle::count(&mut tx, &account, &address, failures, wait).await?;
    let everywhere = (!here.known).then(|| everywhere.failures.saturating_add(1));
    if let Some(failures) = everywhere {
        let wait = delay(failures, FREE_EVERYWHERE, LONGEST_EVERYWHERE);
        throttle::count_everywhere(&mut tx, &account, failures, wait).await?;
    }
    tx.commit().await?;
    Ok(Attempt { account, address, failures, wait, everywhere })
}

impl Attempt {
    /// Takes back that it failed, in the transaction that opens the session.
    pub(super) async fn succeeded(self, tx: &mut Tx) -> Result<()> {
        if let Some(failures) = self.everywhere {
            throttle::count_everywhere(tx, &self.account, failures - 1, 0).await?;
        }
        Ok(throttle::succeeded(tx, &self.account, &self.address).await?)
    }

    /// Who signed in from here before does not stand in line with strangers.
    pub(super) fn door(&self) -> ThrottleClass {
        if self.everywhere.is_none() { ThrottleClass::Known } else { ThrottleClass::Unknown }
    }

    /// For the audit log: how often it failed in a row, and how long the next one waits.
    pub(super) fn detail(&self) -> Value {
        json!({ "failures": self.failures, "waitSeconds": self.wait })
    }
}

/// Notes that this name is at home at this address.
pub(crate) async fn succeeded(cx: &Cx, tx: &mut Tx, name: &str) -> Result<()> {
    Ok(throttle::succeeded(tx, &tag(cx, name), &address(cx)).await?)
}

/// Forgets all failures of this name.
pub(crate) async fn forget(cx: &Cx, tx: &mut Tx, name: &str) -> Result<()> {
    Ok(throttle::forget(tx, &tag(cx, name)).await?)
}

fn tag(cx: &Cx, name: &str) -> [u8; 32] {
    cx.services.ring.name_tag(&name.to_lowercase())
}

/// Never empty: that stands for everywhere.
fn address(cx: &Cx) -> String {
    if cx.origin.address.is_empty() { "unknown".to_owned() } else { cx.origin.address.clone() }
}

/// Seconds after this many failures: nothing, then 1, 2, 4 …
fn delay(failures: i32, free: i32, longest: i32) -> i32 {
    match u32::try_from(failures - free - 1) {
        Ok(doublings) => 1_i32.checked_shl(doublings.min(30)).unwrap_or(longest).min(longest),
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
        let waits: Vec<i32> = (1..=7).map(|failures| delay(failures, FREE, LONGEST)).collect();
        assert_eq!(waits, [0, 0, 0, 1, 2, 4, 8]);
        assert_eq!(delay(13, FREE, LONGEST), 512);
        for many in [14, 40, 1_000_000, i32::MAX] {
            assert_eq!(delay(many, FREE, LONGEST), LONGEST);
        }
    }
}
