//! The WebUI: files of `ui/dist`, built into the binary (a debug build reads them from the tree).
//!
//! Owns what is served under which name and for how long it is kept. Whoever is not an API path and looks like a
//! page gets `index.html`, which finds its page by itself; a missing asset stays missing.

use crate::problem::{Problem, Reply};
use rocket::{
    Request, Response, Route, get,
    http::{ContentType, Header, Status, uri::error::PathError},
    outcome::Outcome,
    request::{self, FromRequest},
    response::{self, Responder},
    routes,
};
use rust_embed::{EmbeddedFile, RustEmbed};
use std::{borrow::Cow, ffi::OsStr, io::Cursor, path::PathBuf};

/// Nothing of another origin, no inline script or style, in no frame.
const POLICY: &str = "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; \
                      connect-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'";

#[derive(RustEmbed)]
#[folder = "../ui/dist"]
#[allow_missing = true]
struct Files;

/// What the public server serves besides the API.
pub(crate) fn routes() -> Vec<Route> {
    routes![page]
}

/// What the browser can do with the answer.
struct Wants {
    encodings: String,
    known: Option<String>,
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Wants {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> request::Outcome<Self, ()> {
        let header = |name| request.headers().get_one(name).map(str::to_owned);
        Outcome::Success(Self {
            encodings: header("Accept-Encoding").unwrap_or_default(),
            known: header("If-None-Match"),
        })
    }
}

#[get("/<path..>", rank = 90)]
fn page(path: Result<PathBuf, PathError>, wants: Wants) -> Reply<Served> {
    let nothing = || Problem::new(Status::NotFound, "not_found", "There is nothing at this address.");
    // Hidden files and ways out of the folder are no paths at all.
    let path = path.map_err(|_| nothing())?;
    let first = path.iter().next().and_then(OsStr::to_str).unwrap_or_default();
    if matches!(first, "api" | "v1") {
        return Err(nothing());
    }
    let name = path.to_str().ok_or_else(nothing)?;
    if name.is_empty() {
        return index(&wants);
    }
    if let Some(served) = Served::find(name, &wants) {
        return Ok(served);
    }
    // A page has no extension; a file with one that is not there must not become a page.
    if first == "assets" || path.extension().is_some() { Err(nothing()) } else { index(&wants) }
}

fn index(wants: &Wants) -> Reply<Served> {
    Served::find("index.html", wants).ok_or_else(|| {
        let detail = "This server was built without its pages. Build them (`make ui`) and the server again.";
        Problem::new(Status::NotFound, "no_pages", detail)
    })
}

/// A file on its way.
struct Served {
    kind: ContentType,
    encoding: Option<&'static str>,
    file: EmbeddedFile,
    immutable: bool,
    known: Option<String>,
}

impl Served {
    fn find(name: &str, wants: &Wants) -> Option<Self> {
        let extension = name.rsplit('.').next().unwrap_or_default();
        let kind = ContentType::from_extension(extension).unwrap_or(ContentType::Binary);
        let packed = [("br", "br"), ("gzip", "gz")]
            .into_iter()
            .filter(|(encoding, _)| accepts(&wants.encodings, encoding))
            .find_map(|(encoding, ending)| Some((encoding, Files::get(&format!("{name}.{ending}"))?)));
        let (encoding, file) = match packed {
            Some((encoding, file)) => (Some(encoding), file),
            None => (None, Files::get(name)?),
        };
        let immutable = name.starts_with("assets/");
        Some(Self { kind, encoding, file, immutable, known: wants.known.clone() })
    }

    fn etag(&self) -> String {
        let hash = self.file.metadata.sha256_hash();
        let hex: String = hash.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        format!("\"{hex}\"")
    }
}

/// Whether the header names this encoding without refusing it.
fn accepts(header: &str, encoding: &str) -> bool {
    header.split(',').any(|part| {
        let mut parts = part.split(';').map(str::trim);
        parts.next() == Some(encoding) && !parts.any(|weight| matches!(weight, "q=0" | "q=0.0"))
    })
}

impl<'r> Responder<'r, 'static> for Served {
    fn respond_to(self, _: &'r Request<'_>) -> response::Result<'static> {
        let etag = self.etag();
        let kept = if self.immutable { "public, max-age=31536000, immutable" } else { "no-cache" };
        let mut response = Response::build();
        response
            .header(self.kind)
            .header(Header::new("Cache-Control", kept))
            .header(Header::new("Vary", "Accept-Encoding"))
            .header(Header::new("Content-Security-Policy", POLICY));
        if self.known.as_deref() == Some(etag.as_str()) {
            return response.status(Status::NotModified).header(Header::new("ETag", etag)).ok();
        }
        response.header(Header::new("ETag", etag));
        if let Some(encoding) = self.encoding {
            response.header(Header::new("Content-Encoding", encoding));
        }
        match self.file.data {
            Cow::Borrowed(bytes) => response.sized_body(bytes.len(), Cursor::new(bytes)).ok(),
            Cow::Owned(bytes) => response.sized_body(bytes.len(), Cursor::new(bytes)).ok(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::accepts;

    #[test]
    fn an_encoding_counts_when_it_is_named_and_not_refused() {
        assert!(accepts("gzip, deflate, br;q=0.9", "br"));
        assert!(!accepts("gzip, br;q=0", "br"));
        assert!(!accepts("brotli", "br"));
        assert!(!accepts("", "gzip"));
    }
}
