//! Sign-in with a password: the breakglass account.

use super::throttle;
use crate::{
    Cx, Error, Origin, Result, Services,
    containers::{PrewarmTrigger, prewarm},
};
use chrono::TimeDelta;
use domain::{Actor, SessionId, UserId, invalid};
use secrecy::SecretString;
use secrets::{Token, TokenKind};
use serde_json::json;
use std::sync::Arc;
use store::{
    Tx, audit,
    credentials::{self, OidcSession},
    users,
    users::User,
};

/// A new session.
pub struct SignIn {
    pub user: User,
    /// The cookie's value; only the browser gets it.
    pub token: SecretString,
    /// Seconds until it expires.
    pub lasts_seconds: i64,
}

/// Checks name and password and opens a session. An unknown name takes the same time and gets the same answer.
pub async fn login(
    services: &Arc<Services>,
    origin: Origin,
    username: &str,
    password: SecretString,
    user_agent: &str,
) -> Result<SignIn> {
    let signed_in = by_password(services, origin, username, password, user_agent).await;
    count_sign_in("password", &signed_in);
    signed_in
}

/// Counts how a sign-in ended.
pub(crate) fn count_sign_in(method: &'static str, signed_in: &Result<SignIn>) {
    let outcome = match signed_in {
        Ok(_) => "ok",
        Err(Error::TooMany { .. }) => "throttled",
        Err(Error::Internal(_) | Error::Unavailable { .. }) => "failed",
        Err(_) => "denied",
    };
    telemetry::SIGN_INS.increment([method, outcome]);
}

async fn by_password(
    services: &Arc<Services>,
    origin: Origin,
    username: &str,
    password: SecretString,
    user_agent: &str,
) -> Result<SignIn> {
    let cx = Cx { actor: Actor::System("sign-in"), origin, services: Arc::clone(services) };
    // Text that cannot be a name becomes an empty one, so that it takes the same work.
    // In lower case from here on: the counter of attempts and the search for the account must mean the same name.
    let username = invalid::line("username", username, 64).unwrap_or_default().to_lowercase();
    let attempt = throttle::attempt(&cx, &username).await?;
    let mut tx = cx.begin().await?;
    let found = users::breakglass_by_name(&mut tx, &username).await?;
    // Hashing takes long: no connection is held meanwhile.
    tx.commit().await?;
    // An unknown name is not recorded: people type their password there by mistake.
    let subject = found.as_ref().map_or_else(|| "unknown name".to_owned(), |found| found.user.id.to_string());
    let stored = found.as_ref().map(|found| found.password_hash.clone());
    let fits = services.passwords.verify(password, stored.clone(), attempt.throttle_class()).await?;
    let mut tx = cx.begin().await?;
    let open = match found.map(|found| found.user).filter(|_| fits) {
        // The password may have been replaced, or the account disabled, while this one was hashed.
        Some(user) if users::can_sign_in(&mut tx, user.id, stored.as_deref()).await? => Some(user),
        _ => None,
    };
    let Some(user) = open else {
        cx.audit_outcome(&mut tx, "auth.login", &subject, None, audit::Outcome::Denied, attempt.detail())
            .await?;
        tx.commit().await?;
        return Err(Error::BadCredentials);
    };
    attempt.succeeded(&mut tx).await?;
    let (token, lasts_seconds) = open_session(&cx, &mut tx, user.id, user_agent, None).await?;
    cx.audit(&mut tx, "auth.login", &user.id.to_string(), Some(user.id), json!({})).await?;
    tx.commit().await?;
    prewarm(services, user.id, PrewarmTrigger::SignedIn).await;
    Ok(SignIn { user, token, lasts_seconds })
}

/// Stores a session for `user`, authenticated by `oidc` or a password. Answers with its token and its length in seconds.
pub(crate) async fn open_session(
    cx: &Cx,
    tx: &mut Tx,
    user: UserId,
    user_agent: &str,
    oidc: Option<OidcSession<'_>>,
) -> Result<(SecretString, i64)> {
    let now = cx.services.clock.now();
    let lasts = TimeDelta::days(cx.services.settings.get().session_days.into());
    let token = Token::generate(TokenKind::Session, &mut rand::rng());
    let hash = token.hash();
    let clipped: String = user_agent.chars().filter(|c| !c.is_control()).take(200).collect();
    let session = credentials::NewSession {
        id: SessionId::new(now),
        user,
        token_hash: hash.as_bytes(),
        expires_at: now + lasts,
        user_agent: &clipped,
        address: &cx.origin.address,
        oidc,
    };
    credentials::insert_session(tx, &session).await?;
    Ok((token.secret().clone(), lasts.num_seconds()))
}
