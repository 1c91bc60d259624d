//! Lists and their pages.

use crate::problem::{Problem, Reply};
use chrono::{DateTime, Datelike, Utc};
use rocket::http::Status;
use serde::Serialize;
use std::{fmt::Display, str::FromStr};
use utoipa::ToSchema;

const DEFAULT_LIMIT: u32 = 30;
const MAX_LIMIT: u32 = 100;

/// A list without pages.
#[derive(Serialize, ToSchema)]
pub struct Items<T> {
    pub items: Vec<T>,
}

/// The number of items of a page, from `?limit=`.
pub fn limit(requested: Option<u32>) -> u32 {
    requested.unwrap_or(DEFAULT_LIMIT).clamp(1, MAX_LIMIT)
}

/// The position behind an item: its time and its id.
pub fn cursor(at: DateTime<Utc>, id: impl Display) -> String {
    format!("{}_{id}", at.timestamp_micros())
}

/// Where the next page begins: behind the last item of a full page.
pub fn next_cursor<T, C>(items: &[T], limit: u32, position: impl FnOnce(&T) -> C) -> Option<C> {
    items.last().filter(|_| items.len() == limit as usize).map(position)
}

/// Reads `?cursor=`.
pub fn parse_cursor<I: FromStr>(cursor: Option<&str>) -> Reply<Option<(DateTime<Utc>, I)>> {
    let read = |text: &str| {
        let (micros, id) = text.split_once('_')?;
        let at = DateTime::from_timestamp_micros(micros.parse().ok()?)?;
        // Postgres supports fewer years than chrono.
        ((1..=9999).contains(&at.year())).then_some((at, id.parse().ok()?))
    };
    cursor.map(|text| read(text).ok_or_else(bad_cursor)).transpose()
}

/// For a cursor that is not from a previous page.
pub fn bad_cursor() -> Problem {
    Problem::new(Status::BadRequest, "bad_cursor", "Use the nextCursor of the previous page.")
}
