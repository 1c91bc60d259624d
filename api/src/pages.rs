//! The WebUI: the files of `ui/dist`, which are embedded in the binary (a debug build reads them from the source tree).
//!
//! Owns which files are served, and for how long they may be cached. A path that looks like a page gets `index.html`, which
//! finds the page by itself. A missing asset is 404.

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

/// Nothing from other origins, no inline scripts or styles, and no frames.
const CONTENT_SECURITY_POLICY: &str = "default-src 'self'; script-src 'self'; style-src 'self'; \
                                       img-src 'self' data:; font-src 'self'; connect-src 'self'; \
                                       object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'";

#[derive(RustEmbed)]
#[folder = "../ui/dist"]
#[allow_missing = true]
struct Files;

pub(crate) fn routes() -> Vec<Route> {
    routes![page]
}

/// The headers that decide about encoding and caching.
struct FileRequest {
    encodings: String,
    /// The version in the browser's cache.
    cached_etag: Option<String>,
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for FileRequest {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> request::Outcome<Self, ()> {
        let header = |name| request.headers().get_one(name).map(str::to_owned);
        Outcome::Success(Self {
            encodings: header("Accept-Encoding").unwrap_or_default(),
            cached_etag: header("If-None-Match"),
        })
    }
}

#[get("/<path..>", rank = 90)]
fn page(path: Result<PathBuf, PathError>, request: FileRequest) -> Reply<StaticFile> {
    let not_found = || Problem::new(Status::NotFound, "not_found", "There is nothing at this address.");
    // Rocket refuses hidden files and paths out of the folder.
    let path = path.map_err(|_| not_found())?;
    let first = path.iter().next().and_then(OsStr::to_str).unwrap_or_default();
    if matches!(first, "api" | "v1") {
        return Err(not_found());
    }
    let name = path.to_str().ok_or_else(not_found)?;
    if name.is_empty() {
        return index(&request);
    }
    if let Some(file) = StaticFile::find(name, &request) {
        return Ok(file);
    }
    // A page has no extension. A missing file with an extension must not become a page.
    if first == "assets" || path.extension().is_some() { Err(not_found()) } else { index(&request) }
}

fn index(request: &FileRequest) -> Reply<StaticFile> {
    StaticFile::find("index.html", request).ok_or_else(|| {
        let detail = "This server was built without its pages. Build the pages (`make ui`), and then the server again.";
        Problem::new(Status::NotFound, "no_pages", detail)
    })
}

struct StaticFile {
    content_type: ContentType,
    encoding: Option<&'static str>,
    file: EmbeddedFile,
    immutable: bool,
    cached_etag: Option<String>,
}

impl StaticFile {
    fn find(name: &str, request: &FileRequest) -> Option<Self> {
        let extension = name.rsplit('.').next().unwrap_or_default();
        let content_type = ContentType::from_extension(extension).unwrap_or(ContentType::Binary);
        let compressed = [("br", "br"), ("gzip", "gz")]
            .into_iter()
            .filter(|(encoding, _)| accepts(&request.encodings, encoding))
            .find_map(|(encoding, ending)| Some((encoding, Files::get(&format!("{name}.{ending}"))?)));
        let (encoding, file) = match compressed {
            Some((encoding, file)) => (Some(encoding), file),
            None => (None, Files::get(name)?),
        };
        let immutable = name.starts_with("assets/");
        Some(Self { content_type, encoding, file, immutable, cached_etag: request.cached_etag.clone() })
    }

    fn etag(&self) -> String {
        let hash = self.file.metadata.sha256_hash();
        let hex: String = hash.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        format!("\"{hex}\"")
    }
}

/// Whether `Accept-Encoding` contains this encoding and does not refuse it.
fn accepts(header: &str, encoding: &str) -> bool {
    header.split(',').any(|part| {
        let mut parts = part.split(';').map(str::trim);
        parts.next() == Some(encoding) && !parts.any(|weight| matches!(weight, "q=0" | "q=0.0"))
    })
}

impl<'r> Responder<'r, 'static> for StaticFile {
    fn respond_to(self, _: &'r Request<'_>) -> response::Result<'static> {
        let etag = self.etag();
        let cache_control = if self.immutable { "public, max-age=31536000, immutable" } else { "no-cache" };
        let mut response = Response::build();
        response
            .header(self.content_type)
            .header(Header::new("Cache-Control", cache_control))
            .header(Header::new("Vary", "Accept-Encoding"))
            .header(Header::new("Content-Security-Policy", CONTENT_SECURITY_POLICY));
        if self.cached_etag.as_deref() == Some(etag.as_str()) {
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
    fn an_encoding_is_accepted_when_it_is_listed_and_not_refused() {
        assert!(accepts("gzip, deflate, br;q=0.9", "br"));
        assert!(!accepts("gzip, br;q=0", "br"));
        assert!(!accepts("brotli", "br"));
        assert!(!accepts("", "gzip"));
    }
}
