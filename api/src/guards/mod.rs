//! Request guards: a handler's signature says who may call it.

mod caller;
mod client;
mod csrf;
mod gateway_token;
mod internal_only;
mod param;
mod proxies;
mod services;
mod setup_token;
mod transport;

pub use caller::{Admin, Caller, Chat, Cookie, Jobs, Knowledge, SelfOnly};
pub use client::Client;
pub use gateway_token::GatewayToken;
pub use internal_only::InternalOnly;
pub use param::{AgentHeader, ChatHeader, Host, Id, LastEventId, McpVersion, Version};
pub(crate) use proxies::Proxies;
pub use setup_token::SetupToken;
pub use transport::ClientTransport;
