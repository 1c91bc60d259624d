//! From a presented token to a person. Any token that is not exactly right is "not signed in".

use crate::{Error, Result, Services};
use domain::{Person, SessionId};
use secrecy::SecretString;
use secrets::{Token, TokenKind};
use store::{credentials, users::User};

/// What an API token may be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ApiScope {
    /// Chats, turns and the OpenAI-compatible endpoint.
    Chat,
    /// Findings, memory, conversations.
    Knowledge,
    /// The job board.
    Jobs,
}

impl ApiScope {
    pub const ALL: [Self; 3] = [Self::Chat, Self::Knowledge, Self::Jobs];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Chat => "chat",
            Self::Knowledge => "knowledge",
            Self::Jobs => "jobs",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == text)
    }
}

/// The person that an API token stands for, and what it may be used for.
#[derive(Debug, Clone)]
pub struct Bearer {
    pub person: Person,
    scopes: Vec<String>,
}

impl Bearer {
    /// Refuses when the token was not made for `scope`.
    pub fn require(&self, scope: ApiScope) -> Result<Person> {
        if self.scopes.iter().any(|granted| granted == scope.as_str()) {
            Ok(self.person)
        } else {
            Err(Error::Forbidden(
                "This API token was not made for that. Make one with the scope that is needed.",
            ))
        }
    }
}

/// The person behind a session cookie.
pub async fn by_session(services: &Services, token: &SecretString) -> Result<(SessionId, User)> {
    let token = Token::parse(TokenKind::Session, token).map_err(|_| Error::NotSignedIn)?;
    let mut tx = services.store.system("authenticate a session").await?;
    let found =
        credentials::session_by_token(&mut tx, token.hash().as_bytes(), super::idle_hours(services)).await?;
    let found = found.ok_or(Error::NotSignedIn)?;
    // Rarely: every request comes through here, and most have nothing to write.
    if found.use_unrecorded {
        tx.relax_durability().await?;
        credentials::record_session_use(&mut tx, found.session_id).await?;
        tx.commit().await?;
    }
    Ok((found.session_id, found.user))
}

/// The person behind an API token.
pub async fn by_api_token(services: &Services, token: &SecretString) -> Result<Bearer> {
    let token = Token::parse(TokenKind::Api, token).map_err(|_| Error::NotSignedIn)?;
    let mut tx = services.store.system("authenticate an API token").await?;
    let found = credentials::token_by_hash(&mut tx, token.hash().as_bytes()).await?;
    let found = found.ok_or(Error::NotSignedIn)?;
    if found.use_unrecorded {
        tx.relax_durability().await?;
        credentials::record_token_use(&mut tx, found.token_id).await?;
        tx.commit().await?;
    }
    let person = Person { id: found.user.id, role: found.user.role };
    Ok(Bearer { person, scopes: found.scopes })
}
