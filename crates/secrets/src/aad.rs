//! Associated data: what binds a sealed value to its purpose, row and owner.

use crate::{KeyId, sealed};
use domain::UserId;
use uuid::Uuid;

/// What a value is sealed for. A value sealed for one purpose does not open for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// An LLM provider's API key (`llm_providers`).
    ProviderApiKey,
    /// The token between Mosaic and one agent container (`user_containers`).
    GatewayToken,
    /// The OpenID Connect client secret (`system_config`).
    OidcClientSecret,
    /// The key of the embedding endpoint (`system_config`).
    EmbeddingsApiKey,
    /// A data key (`user_keys`). Only the key ring seals for it.
    DataKey,
    /// The constant that shows whether the key fits (`system_config`).
    KeyCheck,
}

impl Purpose {
    /// Part of the associated data. Never change one: values sealed before would not open any more.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ProviderApiKey => "provider_api_key",
            Self::GatewayToken => "gateway_token",
            Self::OidcClientSecret => "oidc_client_secret",
            Self::EmbeddingsApiKey => "embeddings_api_key",
            Self::DataKey => "data_key",
            Self::KeyCheck => "key_check",
        }
    }
}

/// The place that a sealed value belongs to. It opens only with the same three values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Aad {
    pub purpose: Purpose,
    /// The row that holds the value.
    pub row: Uuid,
    /// The row's owner; `None` for the instance's own rows.
    pub owner: Option<UserId>,
}

impl Aad {
    /// Includes the header of the sealed value. Every part has a fixed or an explicit length, so that different places
    /// never give the same bytes.
    pub(crate) fn bytes(&self, key: KeyId) -> Vec<u8> {
        let purpose = self.purpose.as_str().as_bytes();
        let mut bytes = b"mosaic-fleet".to_vec();
        bytes.push(sealed::VERSION);
        bytes.extend(key.as_bytes());
        bytes.extend((purpose.len() as u64).to_be_bytes());
        bytes.extend(purpose);
        bytes.extend(self.row.as_bytes());
        bytes.push(u8::from(self.owner.is_some()));
        bytes.extend(self.owner.map_or(Uuid::nil(), UserId::uuid).as_bytes());
        bytes
    }
}
