//! Failed sign-ins, counted per account and address, and per account over all addresses. Time is the database's, so that
//! every replica waits alike.

use crate::{Result, Tx};

/// The address that stands for all addresses without a past success.
const ALL_ADDRESSES: &str = "";

/// What is counted for one address.
#[derive(Debug, Clone, Copy, Default)]
pub struct FailureCount {
    /// Failures in a row.
    pub failures: i32,
    /// Seconds until the next attempt; 0 or less = now.
    pub wait_seconds: f64,
    /// A sign-in has succeeded from there before.
    pub known: bool,
}

/// Reads and locks the counts of an account: from this address, and over all.
pub async fn lock(tx: &mut Tx, account: &[u8], address: &str) -> Result<(FailureCount, FailureCount)> {
    // Always the row over all addresses first: two attempts cannot wait for each other.
    let overall = lock_one(tx, account, ALL_ADDRESSES).await?;
    Ok((lock_one(tx, account, address).await?, overall))
}

async fn lock_one(tx: &mut Tx, account: &[u8], address: &str) -> Result<FailureCount> {
    sqlx::query!(
        "insert into sign_in_throttle (account, address) values ($1, $2) on conflict do nothing",
        account,
        address,
    )
    .execute(tx.conn())
    .await?;
    // The clock's time, not the transaction's: it may have waited for the lock.
    Ok(sqlx::query_as!(
        FailureCount,
        r#"select case when last_failure_at < now() - interval '1 day' then 0 else failures end as "failures!",
                coalesce(extract(epoch from blocked_until - clock_timestamp())::float8, 0) as "wait_seconds!",
                succeeded_at is not null as "known!"
         from sign_in_throttle where account = $1 and address = $2 for update"#,
        account,
        address,
    )
    .fetch_one(tx.conn())
    .await?)
}

/// Stores that there were `failures` from this address, and for how many seconds no attempt is allowed from there.
pub async fn record_failures(
    tx: &mut Tx,
    account: &[u8],
    address: &str,
    failures: i32,
    block_seconds: i32,
) -> Result<()> {
    sqlx::query!(
        "update sign_in_throttle set failures = $3, last_failure_at = now(),
                blocked_until = case when $4 > 0 then clock_timestamp() + make_interval(secs => $4) end
         where account = $1 and address = $2",
        account,
        address,
        failures,
        block_seconds,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The same over all addresses without a past success.
pub async fn record_failures_overall(
    tx: &mut Tx,
    account: &[u8],
    failures: i32,
    block_seconds: i32,
) -> Result<()> {
    record_failures(tx, account, ALL_ADDRESSES, failures, block_seconds).await
}

/// Records a success from this address: earlier failures from there no longer count.
pub async fn record_success(tx: &mut Tx, account: &[u8], address: &str) -> Result<()> {
    sqlx::query!(
        "insert into sign_in_throttle (account, address, succeeded_at) values ($1, $2, now())
         on conflict (account, address) do update set failures = 0, blocked_until = null, succeeded_at = now()",
        account,
        address,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Forgets everything about an account.
pub async fn forget(tx: &mut Tx, account: &[u8]) -> Result<()> {
    sqlx::query!("delete from sign_in_throttle where account = $1", account).execute(tx.conn()).await?;
    Ok(())
}

/// Removes up to 50 counts that no longer matter: failures of a day ago, successes of half a year ago.
pub async fn prune(tx: &mut Tx) -> Result<()> {
    sqlx::query!(
        "delete from sign_in_throttle where (account, address) in (
            select account, address from sign_in_throttle
            where last_failure_at < now() - interval '1 day'
              and (succeeded_at is null or succeeded_at < now() - interval '180 days')
            limit 50 for update skip locked)",
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
