//! The embedding model inside Mosaic: MiniLM in 8-bit integers, run by ONNX Runtime.
//!
//! Owns the implementation of the port ([`Builtin`]): loads the model when it is first needed, runs batches, and frees the
//! memory when the model is idle. It must not download anything (`deploy/setup/embeddings.sh` does). No other crate links
//! ONNX Runtime.
#![allow(missing_docs)] // Where the name is the documentation.

mod builtin;
mod model;

pub use builtin::Builtin;
