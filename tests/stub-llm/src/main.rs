//! `stub-llm --addr 127.0.0.1:9999`: the stand-in provider as a program. It only reads the
//! address; everything else is in the library.
#![allow(clippy::disallowed_methods, reason = "a stand-in runs outside Mosaic and reads its own arguments")]

use std::io::{self, Write};

use tokio::net::TcpListener;

const DEFAULT_ADDR: &str = "127.0.0.1:9999";

#[tokio::main(flavor = "current_thread")]
async fn main() -> io::Result<()> {
    let addr = addr(std::env::args().skip(1))?;
    let handle = stub_llm::serve(TcpListener::bind(&addr).await?)?;
    writeln!(io::stderr(), "stub-llm listens on {}", handle.url())?;
    handle.join().await
}

/// The address after `--addr`, or the default.
fn addr(mut args: impl Iterator<Item = String>) -> io::Result<String> {
    let Some(flag) = args.next() else {
        return Ok(DEFAULT_ADDR.to_owned());
    };
    match (flag.as_str(), args.next()) {
        ("--addr", Some(addr)) => Ok(addr),
        _ => Err(io::Error::other("usage: stub-llm [--addr HOST:PORT]")),
    }
}
