//! Connections to the users' gateways: opened once per generation of a container, so that a message does not pay for
//! reading and unsealing a token each time.

use crate::{Error, Result};
use domain::ContainerId;
use openclaw::Gateway;
use parking_lot::Mutex;
use secrecy::SecretString;
use std::{collections::HashMap, net::SocketAddr};
use store::containers::Container;

struct PooledGateway {
    generation: i64,
    address: SocketAddr,
    gateway: Gateway,
}

/// The gateways that this process has talked to.
pub(crate) struct GatewayPool {
    http: openclaw::Client,
    gateways: Mutex<HashMap<ContainerId, PooledGateway>>,
}

impl GatewayPool {
    pub(super) fn new() -> Result<Self> {
        let http = openclaw::http_client().map_err(Error::internal)?;
        Ok(Self { http, gateways: Mutex::default() })
    }

    /// The gateway of this generation of a container at `address`, if it was opened before.
    pub(crate) fn get(&self, row: &Container, address: SocketAddr) -> Option<Gateway> {
        let gateways = self.gateways.lock();
        let pooled = gateways.get(&row.id)?;
        let is_current = pooled.generation == row.generation && pooled.address == address;
        is_current.then(|| pooled.gateway.clone())
    }

    /// Opens a gateway and keeps it.
    pub(crate) fn open(&self, row: &Container, address: SocketAddr, token: SecretString) -> Gateway {
        let gateway = Gateway::new(address, token, self.http.clone());
        let pooled = PooledGateway { generation: row.generation, address, gateway: gateway.clone() };
        self.gateways.lock().insert(row.id, pooled);
        gateway
    }

    /// Forgets a container that went away.
    pub(crate) fn forget(&self, id: ContainerId) {
        self.gateways.lock().remove(&id);
    }

    /// A way to ask a booting gateway whether it is ready; needs no token.
    pub(crate) fn probe(&self, address: SocketAddr) -> Gateway {
        Gateway::new(address, SecretString::default(), self.http.clone())
    }
}
