//! The nouns of Mosaic Fleet: ids, actors, state machines, settings and ports.
//!
//! Owns the vocabulary of all other crates. It must not do I/O: no database, no network, no file, no environment. The
//! ports ([`containers::Containers`], [`isolation::IsolationProber`], [`knowledge::Embedder`], [`clock::Clock`]) are
//! signatures only.

pub mod actor;
pub mod agent;
pub mod clock;
pub mod containers;
pub mod conversation;
pub mod idle_policy;
pub mod ids;
pub mod image;
pub mod invalid;
pub mod isolation;
pub mod knowledge;
pub mod lifecycle;
pub mod limits;
pub mod provider;
pub mod public_url;
pub mod settings;
pub mod slug;
pub mod trace;
pub mod turn;

pub use actor::{Actor, Person, Role, Scope};
pub use clock::{Clock, SystemClock};
pub use ids::*;
pub use invalid::Invalid;
pub use public_url::PublicUrl;
pub use slug::Slug;
pub use trace::TraceParent;
