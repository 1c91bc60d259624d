//! The way to a container that answers.

use crate::{Error, Result, Services, keys};
use openclaw::Gateway;
use secrecy::SecretString;
use secrets::Sealed;
use std::net::SocketAddr;
use store::{Tx, containers::Container};

/// A container that answers, and the way to talk to it.
#[derive(Clone)]
pub(crate) struct GatewayHandle {
    pub(crate) container: Container,
    pub(crate) gateway: Gateway,
}

/// The way to a container whose row says that it is ready; `None` when the row says otherwise.
pub(crate) async fn reach(
    services: &Services,
    tx: &mut Tx,
    row: &Container,
) -> Result<Option<GatewayHandle>> {
    let Some(address) = row.address.as_deref().and_then(|text| text.parse::<SocketAddr>().ok()) else {
        return Ok(None);
    };
    let gateway = match services.gateways.get(row, address) {
        Some(gateway) => gateway,
        // Revoked: the container is being replaced.
        None if row.gateway_token.is_none() => return Ok(None),
        None => services.gateways.open(row, address, token(services, tx, row).await?),
    };
    Ok(Some(GatewayHandle { container: row.clone(), gateway }))
}

/// The container's own token, for talking to it.
async fn token(services: &Services, tx: &mut Tx, row: &Container) -> Result<SecretString> {
    let sealed = row.gateway_token.as_deref().ok_or(Error::NotFound("gateway token"))?;
    let key = keys::of_user(services, tx, row.user_id).await?;
    // Opened to authenticate towards the user's own container.
    Ok(secrets::open(&key, &keys::aad::gateway_token(row), &Sealed::from_bytes(sealed)?)?)
}
