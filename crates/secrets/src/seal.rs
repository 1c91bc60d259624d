//! Sealed values: AES-256-GCM under a data key, bound to purpose, row and owner.
//!
//! Owns the associated data and the stored encoding. It must not know where the bytes are stored.

use crate::{
    DataKey, Error, KeyId,
    aead::{self, NONCE_BYTES, TAG_BYTES},
};
use domain::UserId;
use secrecy::{ExposeSecret, SecretString};
use std::fmt;
use uuid::Uuid;

const VERSION: u8 = 1;
const KEY_ID_END: usize = 1 + 8;
const HEADER_BYTES: usize = KEY_ID_END + NONCE_BYTES;

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
    /// A data key (`user_keys`); only the ring seals for it.
    DataKey,
    /// The constant that shows whether the key fits (`system_config`).
    KeyCheck,
}

impl Purpose {
    /// The fixed text in the associated data. Never change one: what was sealed with it would not open.
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

/// Where a sealed value belongs. It opens only with the same three.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Aad {
    /// What it is for.
    pub purpose: Purpose,
    /// The row that holds it.
    pub row: Uuid,
    /// Whose row that is; `None` for the instance's own rows.
    pub owner: Option<UserId>,
}

impl Aad {
    /// The header is bound as well, and every part has a fixed or a stated length, so that no two
    /// different places share the same bytes.
    pub(crate) fn bytes(&self, key: KeyId) -> Vec<u8> {
        let purpose = self.purpose.as_str().as_bytes();
        let mut bytes = b"mosaic-fleet".to_vec();
        bytes.push(VERSION);
        bytes.extend(key.as_bytes());
        bytes.extend((purpose.len() as u64).to_be_bytes());
        bytes.extend(purpose);
        bytes.extend(self.row.as_bytes());
        bytes.push(u8::from(self.owner.is_some()));
        bytes.extend(self.owner.map_or(Uuid::nil(), UserId::uuid).as_bytes());
        bytes
    }
}

/// A sealed value. Safe to store; tells nothing but the length of what is inside.
#[derive(Clone, PartialEq, Eq)]
pub struct Sealed {
    pub(crate) key_id: KeyId,
    pub(crate) nonce: [u8; NONCE_BYTES],
    pub(crate) ciphertext: Vec<u8>,
}

impl Sealed {
    /// The key that opens it: a data key's id, or the ring's for wrapped keys and the key check.
    pub fn key_id(&self) -> KeyId {
        self.key_id
    }

    /// The stored form: version (1 byte), key id (8), nonce (12), ciphertext with tag.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(HEADER_BYTES + self.ciphertext.len());
        bytes.push(VERSION);
        bytes.extend(self.key_id.as_bytes());
        bytes.extend(self.nonce);
        bytes.extend(&self.ciphertext);
        bytes
    }

    /// Reads the stored form. [`Error::Malformed`] when it is none of a known version; whether it was
    /// changed shows only when it is opened.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        let Some((header, ciphertext)) = bytes.split_at_checked(HEADER_BYTES) else {
            return Err(Error::Malformed);
        };
        if header[0] != VERSION || ciphertext.len() < TAG_BYTES {
            return Err(Error::Malformed);
        }
        let mut key_id = [0; 8];
        let mut nonce = [0; NONCE_BYTES];
        key_id.copy_from_slice(&header[1..KEY_ID_END]);
        nonce.copy_from_slice(&header[KEY_ID_END..]);
        Ok(Self { key_id: KeyId::from_bytes(key_id), nonce, ciphertext: ciphertext.to_vec() })
    }
}

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sealed({} bytes)", self.ciphertext.len())
    }
}

/// Seals `secret` for the place that `aad` names. Two calls never give the same bytes.
pub fn seal(key: &DataKey, aad: &Aad, secret: &SecretString) -> Result<Sealed, Error> {
    aead::encrypt(key.bytes(), key.id(), &aad.bytes(key.id()), secret.expose_secret().as_bytes())
}

/// The secret inside `sealed`. [`Error::UnknownKey`] when another data key sealed it, [`Error::Refused`]
/// when it was changed or comes from another row, owner or purpose.
pub fn open(key: &DataKey, aad: &Aad, sealed: &Sealed) -> Result<SecretString, Error> {
    let plaintext = aead::decrypt(key.bytes(), key.id(), &aad.bytes(key.id()), sealed)?;
    // Copied at its exact size: turning the buffer itself into a SecretString may reallocate and leave
    // an unwiped copy behind.
    let text = str::from_utf8(&plaintext).map_err(|_| Error::Malformed)?;
    Ok(SecretString::from(text))
}
