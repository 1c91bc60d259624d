//! From a gateway token to the container that bears it.

use crate::{Error, Result, Services};
use secrecy::SecretString;
use secrets::{Token, TokenKind};
use store::containers::{self, Container};

/// The container with this token. A revoked token, or the token of a disabled user's container, is none.
pub(crate) async fn authenticate_gateway(services: &Services, token: &SecretString) -> Result<Container> {
    let token = Token::parse(TokenKind::Gateway, token).map_err(|_| Error::NotSignedIn)?;
    let mut tx = services.store.system("authenticate a container").await?;
    containers::by_token(&mut tx, token.hash().as_bytes()).await?.ok_or(Error::NotSignedIn)
}

/// Refuses a token that no container bears.
pub async fn verify_gateway_token(services: &Services, token: &SecretString) -> Result<()> {
    authenticate_gateway(services, token).await.map(drop)
}
