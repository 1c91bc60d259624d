//! Bearer tokens: 256 random bits behind a prefix that names their kind.
//!
//! Owns their text form and their stored hash. It must not know sessions or permissions.

use crate::Error;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use rand::CryptoRng;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use std::fmt;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

const RANDOM_BYTES: usize = 32;

/// What a token is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenKind {
    /// A browser session (`mse_`).
    Session,
    /// A program (`mat_`).
    Api,
    /// An agent container towards Mosaic and back (`mgt_`).
    Gateway,
    /// A sign-in with the identity provider that a browser has begun (`mof_`).
    Flow,
}

impl TokenKind {
    /// The visible prefix, by which secret scanners and people recognise a leaked token.
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::Session => "mse_",
            Self::Api => "mat_",
            Self::Gateway => "mgt_",
            Self::Flow => "mof_",
        }
    }
}

/// A token in plain text. It is shown or sent once, and stored only as [`TokenHash`] or sealed.
#[derive(Clone)]
pub struct Token {
    kind: TokenKind,
    text: SecretString,
}

impl Token {
    pub fn generate(kind: TokenKind, rng: &mut impl CryptoRng) -> Self {
        let mut bytes = Zeroizing::new([0; RANDOM_BYTES]);
        rng.fill_bytes(bytes.as_mut_slice());
        let random = Zeroizing::new(URL_SAFE_NO_PAD.encode(bytes));
        let text = Zeroizing::new([kind.prefix(), &random].concat());
        Self { kind, text: SecretString::from(text.as_str()) }
    }

    /// Reads a presented token.
    ///
    /// # Errors
    /// [`Error::NotAToken`] when it is not one of `kind`, so that garbage and tokens of other kinds are refused before any
    /// look-up.
    pub fn parse(kind: TokenKind, text: &SecretString) -> Result<Self, Error> {
        let random = text.expose_secret().strip_prefix(kind.prefix()).ok_or(Error::NotAToken)?;
        let bytes = URL_SAFE_NO_PAD.decode(random).map(Zeroizing::new).map_err(|_| Error::NotAToken)?;
        if bytes.len() != RANDOM_BYTES {
            return Err(Error::NotAToken);
        }
        Ok(Self { kind, text: text.clone() })
    }

    pub fn kind(&self) -> TokenKind {
        self.kind
    }

    /// The plain text, for the one response or request that carries it.
    pub fn secret(&self) -> &SecretString {
        &self.text
    }

    /// A value that only the token's bearer can compute: 43 letters, digits, `-` and `_`. It reveals nothing about the
    /// token or about the values of other labels.
    pub fn derive(&self, label: &str) -> SecretString {
        let mut hash = Sha256::new();
        hash.update((label.len() as u64).to_be_bytes());
        hash.update(label);
        hash.update(self.text.expose_secret());
        SecretString::from(URL_SAFE_NO_PAD.encode(hash.finalize()))
    }

    /// The form to store and look up. One round of hashing is enough, because 256 random bits cannot be guessed.
    pub fn hash(&self) -> TokenHash {
        TokenHash(Sha256::digest(self.text.expose_secret()).into())
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Token({}…)", self.kind.prefix())
    }
}

/// SHA-256 of a token. Compared in constant time.
#[derive(Clone, Copy)]
pub struct TokenHash([u8; 32]);

impl TokenHash {
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// # Errors
    /// [`Error::Malformed`] unless there are 32 bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        bytes.try_into().map(Self).map_err(|_| Error::Malformed)
    }
}

impl PartialEq for TokenHash {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for TokenHash {}

impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenHash")
    }
}
