//! `/api/audit` for admins, and `/api/me/activity` for all users: who did what.

mod file;

use crate::{
    guards::{Admin, Caller, Cookie},
    page,
    problem::Reply,
};
use chrono::{DateTime, Utc};
use domain::{AuditId, Invalid, UserId, invalid};
use file::{AuditFile, AuditListing, FileFormat};
use fleet::audit::{self, AuditEntry, Filter, Outcome};
use rocket::{FromForm, Shutdown, get, serde::json::Json};
use serde::Serialize;
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = AuditEntry)]
pub struct AuditEntryResponse {
    id: AuditId,
    at: DateTime<Utc>,
    /// user, admin (acting as one), system or anonymous.
    actor_kind: String,
    actor_id: Option<UserId>,
    actor_name: Option<String>,
    /// noun.verb
    action: String,
    /// The object: an id or a name.
    subject: String,
    owner_id: Option<UserId>,
    owner_name: Option<String>,
    address: String,
    request_id: String,
    /// ok, denied or failed.
    outcome: String,
    /// Where useful, the values before and after. Of secrets, only that they changed.
    detail: Value,
}

impl From<AuditEntry> for AuditEntryResponse {
    fn from(entry: AuditEntry) -> Self {
        Self {
            id: entry.id,
            at: entry.at,
            actor_kind: entry.actor_kind,
            actor_id: entry.actor_id.map(UserId::from),
            actor_name: entry.actor_name,
            action: entry.action,
            subject: entry.subject,
            owner_id: entry.owner_id.map(UserId::from),
            owner_name: entry.owner_name,
            address: entry.address,
            request_id: entry.request_id,
            outcome: entry.outcome,
            detail: entry.detail,
        }
    }
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AuditPage {
    items: Vec<AuditEntryResponse>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

impl AuditPage {
    fn of(entries: Vec<AuditEntry>, limit: u32) -> Self {
        let next_cursor = page::next_cursor(&entries, limit, |last| page::cursor(last.at, last.id));
        Self { items: entries.into_iter().map(AuditEntryResponse::from).collect(), next_cursor }
    }
}

/// Which entries, in which format.
#[derive(FromForm, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AuditQuery {
    /// By this user.
    actor: Option<String>,
    /// On an object of this user.
    owner: Option<String>,
    /// An action (`user.change`), or all actions of a noun (`user`).
    action: Option<String>,
    /// ok, denied or failed.
    outcome: Option<String>,
    /// Not before (RFC 3339).
    from: Option<String>,
    /// Before (RFC 3339).
    to: Option<String>,
    /// `json` for a page; `csv` or `jsonl` for all entries as a file.
    format: Option<String>,
    /// Size of the page, at most 100.
    limit: Option<u32>,
    /// The nextCursor of the previous page.
    cursor: Option<String>,
}

impl AuditQuery {
    fn filter(&self) -> Result<Filter, Invalid> {
        Ok(Filter {
            actor: self.actor.as_deref().map(|text| user("actor", text)).transpose()?,
            owner: self.owner.as_deref().map(|text| user("owner", text)).transpose()?,
            action: self
                .action
                .as_deref()
                .filter(|text| !text.is_empty())
                .map(|text| invalid::line("action", text, 100))
                .transpose()?,
            outcome: self.outcome.as_deref().map(outcome).transpose()?,
            from: self.from.as_deref().map(|text| invalid::timestamp("from", text)).transpose()?,
            to: self.to.as_deref().map(|text| invalid::timestamp("to", text)).transpose()?,
        })
    }
}

fn user(field: &'static str, text: &str) -> Result<UserId, Invalid> {
    text.parse().map_err(|_| Invalid::new(field, "Use a user's id (usr_…)."))
}

fn outcome(text: &str) -> Result<Outcome, Invalid> {
    Outcome::from_stored(text).ok_or_else(|| Invalid::new("outcome", "Use ok, denied or failed."))
}

/// The audit log, newest first.
#[utoipa::path(
    params(AuditQuery),
    responses((status = 200, description = "A page, or all entries as a file", content(
        (AuditPage = "application/json"), (String = "text/csv"), (String = "application/jsonl")
    )))
)]
#[get("/audit?<query..>")]
pub async fn list(caller: Caller<Admin>, query: AuditQuery, shutdown: Shutdown) -> Reply<AuditListing> {
    let filter = query.filter().map_err(fleet::Error::from)?;
    if let Some(format) = FileFormat::parse(query.format.as_deref()).map_err(fleet::Error::from)? {
        audit::record_export(&caller.cx, format.name()).await?;
        return Ok(AuditListing::File(AuditFile::new(caller.cx, filter, format, shutdown)));
    }
    let limit = page::limit(query.limit);
    let before = page::parse_cursor(query.cursor.as_deref())?;
    let entries = audit::list(&caller.cx, &filter, before, limit).await?;
    Ok(AuditListing::Page(Json(AuditPage::of(entries, limit))))
}

/// What the caller did, and what others did to the caller's data.
#[utoipa::path(responses((status = 200, description = "Done", body = AuditPage)))]
#[get("/me/activity?<limit>&<cursor>")]
pub async fn own(caller: Caller<Cookie>, limit: Option<u32>, cursor: Option<&str>) -> Reply<Json<AuditPage>> {
    let limit = page::limit(limit);
    let entries = audit::own(&caller.cx, page::parse_cursor(cursor)?, limit).await?;
    Ok(Json(AuditPage::of(entries, limit)))
}
