//! The instance's keys, from `MOSAIC_SECRET_KEY`.
//!
//! Owns parsing, and everything derived from the keys: wrapping of data keys, the setup token, and hashes of names. It
//! must not keep or show the text of the keys.

use crate::{
    Aad, DataKey, Error, KeyId, Purpose, Sealed, WrappedKey, aead,
    key::{KEY_BYTES, KeyBytes, derive},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::{InstanceId, UserId};
use hkdf::Hkdf;
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;
use std::{collections::HashSet, fmt};
use subtle::ConstantTimeEq;
use uuid::Uuid;
use zeroize::Zeroizing;

const SALT: &[u8] = b"mosaic-fleet/v1";
/// `openssl rand -hex 16` has 32 characters: the shortest form of 128 bits that is accepted.
const MIN_CHARS: usize = 32;
/// One in 25 million keys of 32 random hexadecimal digits has fewer. `aaaa…` and `1212…` always do.
const MIN_DISTINCT_CHARS: usize = 8;

struct InstanceKey {
    id: KeyId,
    /// HKDF's extract of the configured text. Every use derives its own key from it.
    root: KeyBytes,
    /// Wraps data keys.
    kek: KeyBytes,
}

impl InstanceKey {
    fn new(text: &str) -> Self {
        let (extract, _) = Hkdf::<Sha256>::extract(Some(SALT), text.as_bytes());
        let root = Zeroizing::new(extract.into());
        Self { id: KeyId::of(&root), kek: derive(&root, b"key-encryption-key"), root }
    }
}

/// The keys of `MOSAIC_SECRET_KEY=new[,old…]`: the first one seals, all of them open.
pub struct KeyRing {
    newest: InstanceKey,
    older: Vec<InstanceKey>,
}

impl KeyRing {
    /// Reads `new`, `new,old` or `new,old,older`. Each key is a text of at least 32 characters: base64, hexadecimal or
    /// anything else. Ignores whitespace around keys, and repeated keys.
    pub fn parse(text: &SecretString) -> Result<Self, Error> {
        let mut keys: Vec<InstanceKey> = Vec::new();
        for (index, entry) in text.expose_secret().split(',').map(str::trim).enumerate() {
            if entry.is_empty() {
                continue;
            }
            refuse_weak(entry).map_err(|why| Error::WeakKey { position: index + 1, why })?;
            let key = InstanceKey::new(entry);
            if keys.iter().all(|known| known.id != key.id) {
                keys.push(key);
            }
        }
        let mut keys = keys.into_iter();
        let Some(newest) = keys.next() else { return Err(Error::NoKey) };
        Ok(Self { newest, older: keys.collect() })
    }

    pub fn newest_id(&self) -> KeyId {
        self.newest.id
    }

    /// The ids of all keys, the newest first.
    pub fn ids(&self) -> impl Iterator<Item = KeyId> {
        self.keys().map(|key| key.id)
    }

    /// Wraps `key` under the newest key. `owner` is `None` for the instance's own data key.
    pub fn wrap(&self, key: &DataKey, owner: Option<UserId>) -> Result<WrappedKey, Error> {
        let id = self.newest.id;
        aead::encrypt(&self.newest.kek, id, &wrap_aad(owner, id), key.bytes().as_slice()).map(WrappedKey)
    }

    /// The data key inside `wrapped`.
    ///
    /// # Errors
    /// [`Error::UnknownKey`] when the ring lacks the key that it was wrapped under, [`Error::OpenFailed`] when it was
    /// changed or belongs to another owner.
    pub fn unwrap(&self, wrapped: &WrappedKey, owner: Option<UserId>) -> Result<DataKey, Error> {
        let key = self.find(&wrapped.0)?;
        let bytes = aead::decrypt(&key.kek, key.id, &wrap_aad(owner, key.id), &wrapped.0)?;
        let mut data_key = KeyBytes::default();
        if bytes.len() != KEY_BYTES {
            return Err(Error::Malformed);
        }
        data_key.copy_from_slice(&bytes);
        Ok(DataKey::from_bytes(data_key))
    }

    /// Wraps the same data key under the newest key. What it sealed stays readable.
    pub fn rewrap(&self, wrapped: &WrappedKey, owner: Option<UserId>) -> Result<WrappedKey, Error> {
        self.wrap(&self.unwrap(wrapped, owner)?, owner)
    }

    /// The token of the one-time setup link. All replicas with the same newest key have the same one.
    pub fn setup_token(&self, instance: InstanceId) -> SecretString {
        setup_token(&self.newest, instance)
    }

    /// A keyed hash of a name, for counting attempts: without the key it does not reveal the name. Changes with the newest
    /// key.
    pub fn keyed_name_hash(&self, name: &str) -> [u8; 32] {
        *derive(&self.newest.root, &[b"name-tag/", name.as_bytes()].concat())
    }

    /// Whether `presented` is the setup token under any key of the ring, because replicas may restart with a new key one
    /// after another. Compares in constant time.
    pub fn is_setup_token(&self, instance: InstanceId, presented: &SecretString) -> bool {
        self.keys().any(|key| {
            let expected = setup_token(key, instance);
            expected.expose_secret().as_bytes().ct_eq(presented.expose_secret().as_bytes()).into()
        })
    }

    pub(crate) fn seal_with_newest(&self, aad: &Aad, plaintext: &[u8]) -> Result<Sealed, Error> {
        let key = &self.newest;
        aead::encrypt(&key.kek, key.id, &aad.bytes(key.id), plaintext)
    }

    pub(crate) fn open_with_any(&self, aad: &Aad, sealed: &Sealed) -> Result<Zeroizing<Vec<u8>>, Error> {
        let key = self.find(sealed)?;
        aead::decrypt(&key.kek, key.id, &aad.bytes(key.id), sealed)
    }

    fn keys(&self) -> impl Iterator<Item = &InstanceKey> {
        std::iter::once(&self.newest).chain(&self.older)
    }

    fn find(&self, sealed: &Sealed) -> Result<&InstanceKey, Error> {
        let needed = sealed.key_id();
        self.keys().find(|key| key.id == needed).ok_or(Error::UnknownKey { needed })
    }
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("KeyRing").field(&self.ids().collect::<Vec<_>>()).finish()
    }
}

fn refuse_weak(entry: &str) -> Result<(), &'static str> {
    if entry.chars().count() < MIN_CHARS {
        return Err("has fewer than 32 characters");
    }
    if entry.chars().collect::<HashSet<_>>().len() < MIN_DISTINCT_CHARS {
        return Err("repeats the same few characters");
    }
    Ok(())
}

fn setup_token(key: &InstanceKey, instance: InstanceId) -> SecretString {
    let label = [b"setup-token/".as_slice(), instance.uuid().as_bytes()].concat();
    URL_SAFE_NO_PAD.encode(derive(&key.root, &label)).into()
}

fn wrap_aad(owner: Option<UserId>, key: KeyId) -> Vec<u8> {
    // A data key is identified by its owner alone.
    Aad { purpose: Purpose::DataKey, row: Uuid::nil(), owner }.bytes(key)
}
