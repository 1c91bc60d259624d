//! The whole log as a file: read in pieces, held never as a whole.

use super::{Page, Shown};
use domain::{Invalid, UserId};
use fleet::{
    Cx,
    audit::{self, Filter, Position, Recorded},
};
use futures_util::{Stream, StreamExt, stream};
use rocket::{
    Request, Response, Shutdown,
    http::{ContentType, Header},
    response::{self, Responder, stream::TextStream},
    serde::json::Json,
};
use std::pin::Pin;

/// Entries that are read at once.
const AT_ONCE: u32 = 500;

/// A page, or everything as a file.
pub enum Answer {
    Page(Json<Page>),
    File(File),
}

impl<'r> Responder<'r, 'r> for Answer {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'r> {
        match self {
            Self::Page(page) => page.respond_to(request),
            Self::File(File { lines, format }) => {
                let named = format!("attachment; filename=\"mosaic-audit.{}\"", format.name());
                Response::build_from(TextStream::from(lines).respond_to(request)?)
                    .header(format.content_type())
                    .header(Header::new("Content-Disposition", named))
                    .ok()
            }
        }
    }
}

/// The file on its way.
pub struct File {
    lines: Pin<Box<dyn Stream<Item = String> + Send>>,
    format: Format,
}

impl File {
    /// All entries that `filter` lets through, until the process ends.
    pub(super) fn new(cx: Cx, filter: Filter, format: Format, shutdown: Shutdown) -> Self {
        Self { lines: Box::pin(lines(cx, filter, format).take_until(shutdown)), format }
    }
}

/// The forms of the file.
#[derive(Clone, Copy)]
pub enum Format {
    Csv,
    Jsonl,
}

impl Format {
    /// Reads `?format=`; `None` = a page.
    pub(super) fn parse(text: Option<&str>) -> Result<Option<Self>, Invalid> {
        match text {
            None | Some("json") => Ok(None),
            Some("csv") => Ok(Some(Self::Csv)),
            Some("jsonl") => Ok(Some(Self::Jsonl)),
            Some(_) => Err(Invalid::new("format", "Use json, csv or jsonl.")),
        }
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Jsonl => "jsonl",
        }
    }

    fn content_type(self) -> ContentType {
        match self {
            Self::Csv => ContentType::CSV,
            Self::Jsonl => ContentType::new("application", "jsonl"),
        }
    }

    fn head(self) -> String {
        match self {
            Self::Csv => csv_line(COLUMNS),
            Self::Jsonl => String::new(),
        }
    }

    fn line(self, entry: Recorded) -> String {
        let entry = Shown::from(entry);
        match self {
            Self::Csv => entry.csv(),
            Self::Jsonl => serde_json::to_string(&entry).unwrap_or_default() + "\n",
        }
    }
}

fn lines(cx: Cx, filter: Filter, format: Format) -> impl Stream<Item = String> + Send {
    // The first piece is the head; a read that fails ends the file, which its missing last lines show.
    let begin = Some((None::<Position>, format.head()));
    stream::unfold(begin, move |state| {
        let (cx, filter) = (cx.clone(), filter.clone());
        async move {
            let (before, mut text) = state?;
            let entries = audit::list(&cx, &filter, before, AT_ONCE).await.ok()?;
            let full = entries.len() == AT_ONCE as usize;
            let next = entries.last().filter(|_| full).map(|last| (last.at, last.id));
            text.extend(entries.into_iter().map(|entry| format.line(entry)));
            Some((text, next.map(|next| (Some(next), String::new()))))
        }
    })
}

const COLUMNS: [&str; 13] = [
    "at",
    "action",
    "outcome",
    "actorKind",
    "actorName",
    "actorId",
    "subject",
    "ownerName",
    "ownerId",
    "address",
    "requestId",
    "id",
    "detail",
];

impl Shown {
    fn csv(self) -> String {
        let id = |id: Option<UserId>| id.map(|id| id.to_string()).unwrap_or_default();
        csv_line([
            &self.at.to_rfc3339(),
            &self.action,
            &self.outcome,
            &self.actor_kind,
            &self.actor_name.unwrap_or_default(),
            &id(self.actor_id),
            &self.subject,
            &self.owner_name.unwrap_or_default(),
            &id(self.owner_id),
            &self.address,
            &self.request_id,
            &self.id.to_string(),
            &self.detail.to_string(),
        ])
    }
}

fn csv_line<T: AsRef<str>>(fields: impl IntoIterator<Item = T>) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let fields = fields.into_iter().map(|field| harmless(field.as_ref()));
    // Writing into memory does not fail.
    let _ = writer.write_record(fields);
    writer.into_inner().ok().and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default()
}

/// A spreadsheet takes a text that begins like a formula for one.
fn harmless(field: &str) -> String {
    if field.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{field}") } else { field.to_owned() }
}
