//! How the rows of one user are protected from other users in this database, and how that is set up.
//!
//! A superuser (the embedded Postgres, many small installations) ignores row-level security, so its transactions switch
//! to the restricted role `mosaic_app`. A plain owner that may not create roles is bound by `FORCE ROW LEVEL SECURITY`
//! alone. One of the two must be in force.

use crate::{Error, Result};
use sqlx::{Connection, PgConnection, PgPool};

/// How rows are protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rights {
    /// Each transaction runs as `mosaic_app`, which owns nothing and bypasses nothing.
    RestrictedRole,
    /// The connecting user owns the tables and is bound by forced policies.
    ForcedPolicies,
}

/// Why rows are not protected.
pub const UNPROTECTED: &str = "The database user bypasses row-level security and the role mosaic_app is missing. \
     Run `mosaic migrate` as this user, or use a plain owner role (neither SUPERUSER nor BYPASSRLS) in DATABASE_URL.";

impl Rights {
    /// Asks the database which protection is in force.
    pub async fn detect(pool: &PgPool) -> Result<Self> {
        let (bypasses, may_switch) = sqlx::query!(
            r#"select r.rolsuper or r.rolbypassrls as "bypasses!",
                    exists (select from pg_roles where rolname = 'mosaic_app')
                    and (r.rolsuper or pg_has_role('mosaic_app', 'SET')) as "may_switch!"
             from pg_roles r where r.rolname = current_user"#,
        )
        .fetch_one(pool)
        .await
        .map(|row| (row.bypasses, row.may_switch))
        .or_else(|error| match error {
            // The role is missing, and pg_has_role was evaluated before `exists`.
            sqlx::Error::Database(db) if db.code().as_deref() == Some("42704") => Ok((true, false)),
            other => Err(other),
        })?;
        match (bypasses, may_switch) {
            (_, true) => Ok(Self::RestrictedRole),
            (false, false) => Ok(Self::ForcedPolicies),
            (true, false) => Err(Error::Other(sqlx::Error::Configuration(UNPROTECTED.into()))),
        }
    }
}

/// Creates the restricted role where that is allowed and grants it what the product needs.
/// Idempotent; run after every migration.
pub async fn prepare(conn: &mut PgConnection) -> Result<()> {
    // No actor yet: the owner of the tables sets up the rights before any actor exists.
    #[allow(clippy::disallowed_methods)]
    let mut tx = conn.begin().await?;
    // One process at a time in this database; the exception handler below covers other databases of the cluster.
    sqlx::query!("select pg_advisory_xact_lock(5574129361)").execute(&mut *tx).await?;
    sqlx::raw_sql(
        // Functions of extensions that another role owns cannot be granted, and need not: a warning for each.
        "set local client_min_messages = error;
         do $$ begin
            if not exists (select from pg_roles where rolname = 'mosaic_app') then
                create role mosaic_app nologin;
            end if;
            if not (select rolsuper from pg_roles where rolname = current_user) then
                execute format('grant mosaic_app to %I', current_user);
            end if;
         exception when insufficient_privilege or duplicate_object or unique_violation then null;
         end $$;
         do $$ begin
            if exists (select from pg_roles where rolname = 'mosaic_app') then
                execute format('grant usage on schema %I to mosaic_app', current_schema());
                execute format('grant select, insert, update, delete on all tables in schema %I to mosaic_app', current_schema());
                execute format('grant usage, select on all sequences in schema %I to mosaic_app', current_schema());
                execute format('grant execute on all functions in schema %I to mosaic_app', current_schema());
                revoke update, delete on audit_log from mosaic_app;
                revoke all on _sqlx_migrations from mosaic_app;
            end if;
         end $$;",
    )
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(())
}
