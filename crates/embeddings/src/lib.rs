//! The embedding model inside Mosaic: MiniLM in 8-bit integers, run by ONNX Runtime.
//!
//! Owns the port's implementation ([`Builtin`]): loading when it is first needed, batches, and letting the memory go when
//! nobody needs it. It must not fetch anything (`deploy/setup/embeddings.sh` does), and nothing else links the runtime.

mod builtin;
mod model;

pub use builtin::Builtin;
