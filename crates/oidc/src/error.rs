//! Why a sign-in with the identity provider, or a test of it, failed.
//!
//! Owns the stable codes and their texts. An error holds no text of the provider: it may be logged and shown.

use openidconnect::{ClaimsVerificationError, DiscoveryError};
use providers::outbound::OutboundError;

/// A named cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A request got no response.
    #[error("the identity provider cannot be reached: {0}")]
    Unreachable(OutboundError),
    #[error("the issuer's address has no OpenID discovery document")]
    Discovery,
    #[error("the issuer is not the configured one")]
    Issuer,
    #[error("the provider publishes no usable signing key")]
    Keys,
    #[error("the provider rejected the client id or the client secret")]
    Client,
    #[error("the provider did not accept the authorization code")]
    Code,
    #[error("the provider sent no ID token")]
    TokenMissing,
    /// Not signed with the provider's keys, or with a method that is not accepted.
    #[error("the token is not signed by the provider")]
    Signature,
    #[error("the token was issued for another application")]
    Audience,
    #[error("the token does not belong to this sign-in")]
    Nonce,
    #[error("the token has expired, or the clocks differ")]
    Expired,
    #[error("the token is not well-formed")]
    Token,
    /// The user-info endpoint failed, or returned another user.
    #[error("the provider's user information cannot be used")]
    UserInfo,
}

impl Error {
    /// The stable code; see docs/errors.md.
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
            Self::Unreachable(OutboundError::AddressNotAllowed) => {
                "An endpoint of the provider has a private address. Allow its host and port in the settings (allowedHosts)."
            }
            Self::Unreachable(OutboundError::CleartextNotAllowed) => "Use an https address.",
            Self::Unreachable(OutboundError::CertificateRejected | OutboundError::TlsFailed) => {
                "Give the provider a certificate that this server trusts."
            }
            Self::Unreachable(_) => "Check the address, and that it can be reached from this server.",
            Self::Discovery => {
                "Enter the issuer as the provider spells it: <issuer>/.well-known/openid-configuration must exist."
            }
            Self::Issuer => {
                "Enter the issuer exactly as in the provider's discovery document, including a trailing slash."
            }
            Self::Keys => {
                "Configure the provider to sign with RS256, PS256, ES256 or EdDSA, and to publish the key at its jwks_uri."
            }
            Self::Client => "Copy the client id and the client secret from the provider again.",
            Self::Code => {
                "Try again. If it happens again, compare the redirect address with the one at the provider."
            }
            Self::Expired => "Compare the clocks of this server and of the provider.",
            Self::UserInfo => "Check the provider's user-info endpoint.",
            Self::TokenMissing | Self::Signature | Self::Audience | Self::Nonce | Self::Token => {
                "Sign in again. If it happens again, check the provider's configuration."
            }
        }
    }
}

impl From<DiscoveryError<OutboundError>> for Error {
    fn from(error: DiscoveryError<OutboundError>) -> Self {
        match error {
            DiscoveryError::Request(error) => Self::Unreachable(error),
            DiscoveryError::Validation(_) => Self::Issuer,
            _ => Self::Discovery,
        }
    }
}

impl From<ClaimsVerificationError> for Error {
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
