//! Why an outbound call did not bring an answer.
//!
//! Owns the reading of the HTTP stack's errors. It must not carry URLs, addresses or headers: a
//! fault may be logged and shown.

use crate::cause::{Cause, Failure};
use std::{error::Error, io};

/// A call without an answer. An answer with an error status is not a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// Not http(s), no host, or a user name in it.
    #[error("the URL is not one that Mosaic calls")]
    Url,
    /// A private, reserved or literal address that no admin allowed.
    #[error("the address is not allowed")]
    Address,
    /// Plain http to a public host.
    #[error("plain http is not allowed to this host")]
    Cleartext,
    /// A call to another origin than the one that was checked.
    #[error("the call is for another origin than the one that was checked")]
    OtherOrigin,
    /// A header value that HTTP cannot carry.
    #[error("a header value is malformed")]
    Header,
    /// The name has no address.
    #[error("the host name was not found")]
    Dns,
    /// Nothing listens there.
    #[error("the connection was refused")]
    Refused,
    /// No route, or the network swallowed it.
    #[error("the host is unreachable")]
    Unreachable,
    /// The other side does not speak TLS, or not with us.
    #[error("no TLS session could be made")]
    Tls,
    /// The certificate is not valid for this host here.
    #[error("the certificate was not accepted")]
    Certificate,
    /// A time cap was reached.
    #[error("the time limit was reached")]
    TimedOut,
    /// The body is larger than the call accepts.
    #[error("the answer is larger than the limit")]
    TooLarge,
    /// The connection ended in the middle.
    #[error("the connection was lost")]
    Lost,
    /// What came is not HTTP.
    #[error("the answer is not valid HTTP")]
    Protocol,
    /// The HTTP client could not be made.
    #[error("the HTTP client could not be made")]
    Client,
}

impl Fault {
    /// The cause to show a person.
    pub const fn cause(self) -> Cause {
        match self {
            Self::Url | Self::OtherOrigin => Cause::BadUrl,
            Self::Address => Cause::AddressNotAllowed,
            Self::Cleartext => Cause::CleartextNotAllowed,
            Self::Header => Cause::KeyMalformed,
            Self::Dns => Cause::DnsFailed,
            Self::Refused => Cause::ConnectionRefused,
            Self::Unreachable => Cause::Unreachable,
            Self::Tls => Cause::TlsFailed,
            Self::Certificate | Self::Client => Cause::CertificateRejected,
            Self::TimedOut => Cause::TimedOut,
            Self::TooLarge => Cause::AnswerTooLarge,
            Self::Lost => Cause::ConnectionLost,
            Self::Protocol => Cause::BadAnswer,
        }
    }
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        fault.cause().into()
    }
}

impl From<reqwest::Error> for Fault {
    fn from(error: reqwest::Error) -> Self {
        if error.is_timeout() {
            return Self::TimedOut;
        }
        if error.is_builder() {
            return Self::Client;
        }
        let connecting = error.is_connect();
        causes(&error).find_map(|cause| of_cause(cause, connecting)).unwrap_or(match connecting {
            true => Self::Unreachable,
            false => Self::Protocol,
        })
    }
}

/// The chain of sources. `io::Error` hides the error it wraps from that chain, so it is opened.
fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| {
        let wrapped = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        wrapped.map(|inner| inner as &(dyn Error + 'static)).or_else(|| error.source())
    })
}

fn of_cause(error: &(dyn Error + 'static), connecting: bool) -> Option<Fault> {
    if let Some(tls) = error.downcast_ref::<rustls::Error>() {
        return Some(match tls {
            rustls::Error::InvalidCertificate(_) => Fault::Certificate,
            _ => Fault::Tls,
        });
    }
    use io::ErrorKind as Kind;
    let kind = error.downcast_ref::<io::Error>()?.kind();
    match kind {
        Kind::ConnectionRefused => Some(Fault::Refused),
        Kind::TimedOut => Some(Fault::TimedOut),
        Kind::HostUnreachable | Kind::NetworkUnreachable | Kind::AddrNotAvailable => Some(Fault::Unreachable),
        // While connecting, only the TLS handshake reads: a peer that hangs up there speaks no TLS.
        Kind::UnexpectedEof if connecting => Some(Fault::Tls),
        Kind::UnexpectedEof | Kind::ConnectionReset | Kind::ConnectionAborted | Kind::BrokenPipe => {
            Some(Fault::Lost)
        }
        _ => None,
    }
}
