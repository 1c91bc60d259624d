//! `/api/audit` for admins, `/api/me/activity` for everybody: who did what.

mod file;

use crate::{
    guards::{Admin, Caller, Cookie},
    page,
    problem::Reply,
};
use chrono::{DateTime, Utc};
use domain::{AuditId, Invalid, UserId, invalid};
use file::{Answer, File, Format};
use fleet::audit::{self, Filter, Outcome, Recorded};
use rocket::{FromForm, Shutdown, get, serde::json::Json};
use serde::Serialize;
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = AuditEntry)]
pub struct Shown {
    id: AuditId,
    at: DateTime<Utc>,
    /// user, admin (somebody acting as one), system or anonymous.
    actor_kind: String,
    actor_id: Option<UserId>,
    actor_name: Option<String>,
    /// noun.verb
    action: String,
    /// On what: an id or a name.
    subject: String,
    owner_id: Option<UserId>,
    owner_name: Option<String>,
    address: String,
    request_id: String,
    /// ok, denied or failed.
    outcome: String,
    /// Before and after where that says something; of secrets only that they changed.
    detail: Value,
}

impl From<Recorded> for Shown {
    fn from(entry: Recorded) -> Self {
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
#[schema(as = AuditPage)]
pub struct Page {
    items: Vec<Shown>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

impl Page {
    fn of(entries: Vec<Recorded>, limit: u32) -> Self {
        let next_cursor = page::next(&entries, limit, |last| page::cursor(last.at, last.id));
        Self { items: entries.into_iter().map(Shown::from).collect(), next_cursor }
    }
}

/// Which entries, and in which form.
#[derive(FromForm, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Asked {
    /// Done by this user.
    actor: Option<String>,
    /// On a thing of this user.
    owner: Option<String>,
    /// An action (`user.change`) or all of a noun (`user`).
    action: Option<String>,
    /// ok, denied or failed.
    outcome: Option<String>,
    /// Not before (RFC 3339).
    from: Option<String>,
    /// Before (RFC 3339).
    to: Option<String>,
    /// `json` for a page; `csv` or `jsonl` for all of it as a file.
    format: Option<String>,
    /// Entries of the page, at most 100.
    limit: Option<u32>,
    /// The nextCursor of the page before.
    cursor: Option<String>,
}

impl Asked {
    /// Checks it; a refusal names the field.
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
            from: self.from.as_deref().map(|text| invalid::moment("from", text)).transpose()?,
            to: self.to.as_deref().map(|text| invalid::moment("to", text)).transpose()?,
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
    params(Asked),
    responses((status = 200, description = "A page, or the whole log as a file", content(
        (Page = "application/json"), (String = "text/csv"), (String = "application/jsonl")
    )))
)]
#[get("/audit?<asked..>")]
pub async fn list(caller: Caller<Admin>, asked: Asked, shutdown: Shutdown) -> Reply<Answer> {
    let filter = asked.filter().map_err(fleet::Error::from)?;
    if let Some(format) = Format::parse(asked.format.as_deref()).map_err(fleet::Error::from)? {
        audit::note_export(&caller.cx, format.name()).await?;
        return Ok(Answer::File(File::new(caller.cx, filter, format, shutdown)));
    }
    let limit = page::limit(asked.limit);
    let before = page::parse(asked.cursor.as_deref())?;
    let entries = audit::list(&caller.cx, &filter, before, limit).await?;
    Ok(Answer::Page(Json(Page::of(entries, limit))))
}

/// What you did, and what others did to your things.
#[utoipa::path(responses((status = 200, description = "Done", body = Page)))]
#[get("/me/activity?<limit>&<cursor>")]
pub async fn own(caller: Caller<Cookie>, limit: Option<u32>, cursor: Option<&str>) -> Reply<Json<Page>> {
    let limit = page::limit(limit);
    let entries = audit::own(&caller.cx, page::parse(cursor)?, limit).await?;
    Ok(Json(Page::of(entries, limit)))
}
