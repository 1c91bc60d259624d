//! The audit log as a file, which is read in batches and never held as a whole.

use super::{AuditEntryResponse, AuditPage};
use domain::{Invalid, UserId};
use fleet::{
    Cx,
    audit::{self, AuditEntry, Filter, Position},
};
use futures_util::{Stream, StreamExt, stream};
use rocket::{
    Request, Response, Shutdown,
    http::{ContentType, Header},
    response::{self, Responder, stream::TextStream},
    serde::json::Json,
};
use std::pin::Pin;

const BATCH_SIZE: u32 = 500;

/// A page, or all entries as a file.
pub enum AuditListing {
    Page(Json<AuditPage>),
    File(AuditFile),
}

impl<'r> Responder<'r, 'r> for AuditListing {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'r> {
        match self {
            Self::Page(page) => page.respond_to(request),
            Self::File(AuditFile { lines, format }) => {
                let disposition = format!("attachment; filename=\"mosaic-audit.{}\"", format.name());
                Response::build_from(TextStream::from(lines).respond_to(request)?)
                    .header(format.content_type())
                    .header(Header::new("Content-Disposition", disposition))
                    .ok()
            }
        }
    }
}

pub struct AuditFile {
    lines: Pin<Box<dyn Stream<Item = String> + Send>>,
    format: FileFormat,
}

impl AuditFile {
    /// All entries that match `filter`. Ends early when the process does.
    pub(super) fn new(cx: Cx, filter: Filter, format: FileFormat, shutdown: Shutdown) -> Self {
        Self { lines: Box::pin(lines(cx, filter, format).take_until(shutdown)), format }
    }
}

#[derive(Clone, Copy)]
pub enum FileFormat {
    Csv,
    Jsonl,
}

impl FileFormat {
    /// Reads `?format=`; `None` means a page.
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

    fn line(self, entry: AuditEntry) -> String {
        let entry = AuditEntryResponse::from(entry);
        match self {
            Self::Csv => entry.csv(),
            Self::Jsonl => serde_json::to_string(&entry).unwrap_or_default() + "\n",
        }
    }
}

fn lines(cx: Cx, filter: Filter, format: FileFormat) -> impl Stream<Item = String> + Send {
    // The first item is the header line. A failed read ends the file early.
    let begin = Some((None::<Position>, format.head()));
    stream::unfold(begin, move |state| {
        let (cx, filter) = (cx.clone(), filter.clone());
        async move {
            let (before, mut text) = state?;
            let entries = audit::list(&cx, &filter, before, BATCH_SIZE).await.ok()?;
            let full = entries.len() == BATCH_SIZE as usize;
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

impl AuditEntryResponse {
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
    let fields = fields.into_iter().map(|field| escape_formula(field.as_ref()));
    // Writing into memory does not fail.
    let _ = writer.write_record(fields);
    writer.into_inner().ok().and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default()
}

/// Prevents a spreadsheet from evaluating a text as a formula.
fn escape_formula(field: &str) -> String {
    if field.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{field}") } else { field.to_owned() }
}
