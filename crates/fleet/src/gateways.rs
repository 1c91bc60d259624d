//! Connections to the users' gateways: opened once per generation, so that a message does not pay for
//! reading and unsealing a token each time.

use crate::{Error, Result, Services, containers};
use domain::ContainerId;
use openclaw::Gateway;
use secrecy::SecretString;
use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{Mutex, MutexGuard, PoisonError},
};
use store::{Tx, containers::Container};

/// A container that answers, and the way to talk to it.
#[derive(Clone)]
pub(crate) struct Reached {
    pub(crate) container: Container,
    pub(crate) gateway: Gateway,
}

struct Known {
    generation: i64,
    address: SocketAddr,
    gateway: Gateway,
}

/// The gateways this process has talked to.
pub(crate) struct Gateways {
    http: openclaw::Client,
    known: Mutex<HashMap<ContainerId, Known>>,
}

impl Gateways {
    /// None yet.
    pub(crate) fn new() -> Result<Self> {
        let http = openclaw::http_client().map_err(Error::internal)?;
        Ok(Self { http, known: Mutex::default() })
    }

    fn known(&self) -> MutexGuard<'_, HashMap<ContainerId, Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The way to a container whose row says it is ready; `None` when it says otherwise.
    pub(crate) async fn reach(
        &self,
        services: &Services,
        tx: &mut Tx,
        row: &Container,
    ) -> Result<Option<Reached>> {
        let Some(address) = row.address.as_deref().and_then(|text| text.parse::<SocketAddr>().ok()) else {
            return Ok(None);
        };
        let known = self
            .known()
            .get(&row.id)
            .filter(|known| known.generation == row.generation && known.address == address)
            .map(|known| known.gateway.clone());
        let gateway = match known {
            Some(gateway) => gateway,
            // Revoked: it is being replaced.
            None if row.gateway_token.is_none() => return Ok(None),
            None => {
                let token = containers::gateway_token(services, tx, row).await?;
                let gateway = Gateway::new(address, token, self.http.clone());
                let known = Known { generation: row.generation, address, gateway: gateway.clone() };
                self.known().insert(row.id, known);
                gateway
            }
        };
        Ok(Some(Reached { container: row.clone(), gateway }))
    }

    /// Forgets a container that went away.
    pub(crate) fn forget(&self, id: ContainerId) {
        self.known().remove(&id);
    }

    /// A way to ask a booting gateway whether it is ready; needs no token.
    pub(crate) fn probe(&self, address: SocketAddr) -> Gateway {
        Gateway::new(address, SecretString::default(), self.http.clone())
    }
}
