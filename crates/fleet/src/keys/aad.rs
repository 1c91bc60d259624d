//! Which row each sealed secret belongs to: what is sealed for one row cannot be opened from another.

use domain::{InstanceId, ProviderId, UserId};
use secrets::{Aad, Purpose};
use store::containers::Container;
use uuid::Uuid;

pub(crate) const fn provider_api_key(id: ProviderId, owner: UserId) -> Aad {
    Aad { purpose: Purpose::ProviderApiKey, row: id.uuid(), owner: Some(owner) }
}

pub(crate) const fn gateway_token(row: &Container) -> Aad {
    Aad { purpose: Purpose::GatewayToken, row: row.id.uuid(), owner: Some(row.user_id) }
}

pub(crate) const fn oidc_client_secret(provider: Uuid) -> Aad {
    Aad { purpose: Purpose::OidcClientSecret, row: provider, owner: None }
}

pub(crate) const fn embeddings_api_key(instance: InstanceId) -> Aad {
    Aad { purpose: Purpose::EmbeddingsApiKey, row: instance.uuid(), owner: None }
}
