//! Who calls: request guards, so that a handler's signature says who may reach it.

mod caller;
mod csrf;
mod inside;
mod param;
mod transport;

pub use caller::{Admin, Caller, Chat, Client, Cookie, Jobs, Knowledge};
pub use inside::Inside;
pub use param::{Authorization, ChatHeader, Id, IdempotencyKey, LastEventId, SetupToken, Version};
pub use transport::Way;
