//! Who calls: request guards, so that a handler's signature says who may reach it.

mod caller;
mod csrf;
mod inside;
mod param;
mod proxies;
mod transport;

pub use caller::{Admin, Caller, Chat, Client, Cookie, Jobs, Knowledge, Oneself};
pub use inside::Inside;
pub use param::{
    AgentHeader, Authorization, ChatHeader, Host, Id, LastEventId, McpVersion, SetupToken, Version,
};
pub(crate) use proxies::Proxies;
pub use transport::Way;
