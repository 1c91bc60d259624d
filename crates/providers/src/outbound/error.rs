//! Why an outbound request got no response.
//!
//! Owns the reading of the HTTP stack's errors. It must not hold URLs, addresses or headers: an error may be logged and
//! shown.

use crate::cause::{Cause, Failure};
use std::{error::Error, io};

/// A request without a response. A response with an error status is not one of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OutboundError {
    /// Not http or https, no host, or with a user name.
    #[error("the URL cannot be used")]
    BadUrl,
    /// Private, reserved or literal, and not allowed by an admin.
    #[error("the address is not allowed")]
    AddressNotAllowed,
    /// Plain http to a public host.
    #[error("plain http is not allowed to this host")]
    CleartextNotAllowed,
    #[error("the request is for another origin than the one that was checked")]
    OtherOrigin,
    #[error("a header value is malformed")]
    BadHeader,
    #[error("the host name was not found")]
    DnsFailed,
    #[error("the connection was refused")]
    ConnectionRefused,
    #[error("the host is unreachable")]
    Unreachable,
    #[error("no TLS session could be established")]
    TlsFailed,
    #[error("the certificate was not accepted")]
    CertificateRejected,
    #[error("the time limit was reached")]
    TimedOut,
    #[error("the response is larger than the limit")]
    ResponseTooLarge,
    #[error("the connection was lost")]
    ConnectionLost,
    #[error("the response is not valid HTTP")]
    InvalidResponse,
    #[error("the HTTP client could not be created")]
    ClientSetup,
}

impl OutboundError {
    /// The cause to show to users.
    pub const fn cause(self) -> Cause {
        match self {
            Self::BadUrl | Self::OtherOrigin => Cause::BadUrl,
            Self::AddressNotAllowed => Cause::AddressNotAllowed,
            Self::CleartextNotAllowed => Cause::CleartextNotAllowed,
            Self::BadHeader => Cause::KeyMalformed,
            Self::DnsFailed => Cause::DnsFailed,
            Self::ConnectionRefused => Cause::ConnectionRefused,
            Self::Unreachable => Cause::Unreachable,
            Self::TlsFailed => Cause::TlsFailed,
            Self::CertificateRejected | Self::ClientSetup => Cause::CertificateRejected,
            Self::TimedOut => Cause::TimedOut,
            Self::ResponseTooLarge => Cause::AnswerTooLarge,
            Self::ConnectionLost => Cause::ConnectionLost,
            Self::InvalidResponse => Cause::BadAnswer,
        }
    }
}

impl From<OutboundError> for Failure {
    fn from(error: OutboundError) -> Self {
        error.cause().into()
    }
}

impl From<reqwest::Error> for OutboundError {
    fn from(error: reqwest::Error) -> Self {
        if error.is_timeout() {
            return Self::TimedOut;
        }
        if error.is_builder() {
            return Self::ClientSetup;
        }
        let connecting = error.is_connect();
        sources(&error).find_map(|source| classify(source, connecting)).unwrap_or(match connecting {
            true => Self::Unreachable,
            false => Self::InvalidResponse,
        })
    }
}

/// The chain of sources, including the errors that an `io::Error` wraps and hides from that chain.
fn sources<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| {
        let wrapped = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        wrapped.map(|inner| inner as &(dyn Error + 'static)).or_else(|| error.source())
    })
}

fn classify(error: &(dyn Error + 'static), connecting: bool) -> Option<OutboundError> {
    if let Some(tls) = error.downcast_ref::<rustls::Error>() {
        return Some(match tls {
            rustls::Error::InvalidCertificate(_) => OutboundError::CertificateRejected,
            _ => OutboundError::TlsFailed,
        });
    }
    use io::ErrorKind as Kind;
    let kind = error.downcast_ref::<io::Error>()?.kind();
    match kind {
        Kind::ConnectionRefused => Some(OutboundError::ConnectionRefused),
        Kind::TimedOut => Some(OutboundError::TimedOut),
        Kind::HostUnreachable | Kind::NetworkUnreachable | Kind::AddrNotAvailable => {
            Some(OutboundError::Unreachable)
        }
        // While connecting, only the TLS handshake reads: a server that hangs up there does not speak TLS.
        Kind::UnexpectedEof if connecting => Some(OutboundError::TlsFailed),
        Kind::UnexpectedEof | Kind::ConnectionReset | Kind::ConnectionAborted | Kind::BrokenPipe => {
            Some(OutboundError::ConnectionLost)
        }
        _ => None,
    }
}
