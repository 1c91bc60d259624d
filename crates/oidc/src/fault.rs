//! Why a sign-in with the identity provider, or a test of it, did not succeed.
//!
//! Owns the stable codes and their texts. A fault carries nothing that the provider said: it may be logged and shown.

use openidconnect::{ClaimsVerificationError, DiscoveryError};
use providers::outbound;

/// A named cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// A request did not bring an answer.
    #[error("the identity provider cannot be reached: {0}")]
    Unreachable(outbound::Fault),
    /// There is no discovery document at the issuer's address.
    #[error("the issuer's address has no OpenID discovery document")]
    Discovery,
    /// Somebody else than the configured issuer speaks.
    #[error("the issuer is not the one that was configured")]
    Issuer,
    /// The provider's key set has no key to verify signatures with.
    #[error("the provider publishes no usable signing key")]
    Keys,
    /// The provider does not know this client, or refuses its secret.
    #[error("the provider rejected client id or client secret")]
    Client,
    /// The token endpoint refused the code.
    #[error("the provider did not accept the authorization code")]
    Code,
    /// There is no ID token in the answer.
    #[error("the provider sent no ID token")]
    TokenMissing,
    /// The token was not signed by the provider's keys, or by a method that is not accepted.
    #[error("the token's signature is not the provider's")]
    Signature,
    /// The token was made for another client.
    #[error("the token was made for another application")]
    Audience,
    /// The token does not belong to this sign-in.
    #[error("the token does not belong to this sign-in")]
    Nonce,
    /// The token is too old, or from the future.
    #[error("the token has expired, or the clocks differ")]
    Expired,
    /// The token is none, or lacks something that it must have.
    #[error("the token is not well-formed")]
    Token,
    /// The user-info endpoint failed, or spoke of somebody else.
    #[error("the provider's user information cannot be used")]
    UserInfo,
}

impl Fault {
    /// The stable code; docs/errors.md lists them.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Unreachable(_) => "oidc_unreachable",
            Self::Discovery => "oidc_discovery",
            Self::Issuer => "oidc_issuer",
            Self::Keys => "oidc_keys",
            Self::Client => "oidc_client",
            Self::Code => "oidc_code",
            Self::TokenMissing => "oidc_token_missing",
            Self::Signature => "oidc_signature",
            Self::Audience => "oidc_audience",
            Self::Nonce => "oidc_nonce",
            Self::Expired => "oidc_token_expired",
            Self::Token => "oidc_token",
            Self::UserInfo => "oidc_userinfo",
        }
    }

    /// What an admin can do about it, as a sentence.
    pub const fn next_step(self) -> &'static str {
        match self {
            Self::Unreachable(outbound::Fault::Address) => {
                "The provider names an endpoint at a private address: allow its host and port in the settings (allowedHosts)."
            }
            Self::Unreachable(outbound::Fault::Cleartext) => "Use an https address.",
            Self::Unreachable(outbound::Fault::Certificate | outbound::Fault::Tls) => {
                "Give the provider a certificate that this server trusts."
            }
            Self::Unreachable(_) => "Check the address, and that this server can reach it.",
            Self::Discovery => {
                "Enter the issuer as the provider names it: <issuer>/.well-known/openid-configuration must answer."
            }
            Self::Issuer => {
                "Enter the issuer exactly as the provider's discovery document spells it, also its last slash."
            }
            Self::Keys => {
                "Let the provider sign with RS256, PS256, ES256 or EdDSA, and publish the key at its jwks_uri."
            }
            Self::Client => "Copy client id and client secret from the provider again.",
            Self::Code => {
                "Try again; when it stays, compare the redirect address with the one at the provider."
            }
            Self::Expired => "Compare the clocks of this server and of the provider.",
            Self::UserInfo => "Check the provider's user-info endpoint.",
            Self::TokenMissing | Self::Signature | Self::Audience | Self::Nonce | Self::Token => {
                "Sign in again; when it stays, the provider's configuration is at fault."
            }
        }
    }
}

impl From<DiscoveryError<outbound::Fault>> for Fault {
    fn from(error: DiscoveryError<outbound::Fault>) -> Self {
        match error {
            DiscoveryError::Request(fault) => Self::Unreachable(fault),
            DiscoveryError::Validation(_) => Self::Issuer,
            _ => Self::Discovery,
        }
    }
}

impl From<ClaimsVerificationError> for Fault {
    fn from(error: ClaimsVerificationError) -> Self {
        match error {
            ClaimsVerificationError::Expired(_) => Self::Expired,
            ClaimsVerificationError::InvalidAudience(_) => Self::Audience,
            ClaimsVerificationError::InvalidIssuer(_) => Self::Issuer,
            ClaimsVerificationError::InvalidNonce(_) => Self::Nonce,
            ClaimsVerificationError::SignatureVerification(_) => Self::Signature,
            _ => Self::Token,
        }
    }
}
