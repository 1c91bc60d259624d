//! Who may use what: between crates, and between the modules of one crate.
//!
//! A binary of its own, because it reads sources and manifests only: it needs neither a database nor a container, and
//! tells within seconds.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::disallowed_methods)]

mod crates;
mod documents;
mod modules;

use cargo_metadata::{Metadata, MetadataCommand};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// Each crate's manifest as cargo reads it, without its dependencies: works offline.
fn workspace() -> Metadata {
    MetadataCommand::new().manifest_path(root().join("Cargo.toml")).no_deps().exec().expect("cargo metadata")
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// Calls `visit` with every Rust source below `folder`.
fn walk(folder: &Path, visit: &mut dyn FnMut(&Path)) {
    let mut entries: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            walk(&path, visit);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            visit(&path);
        }
    }
}
