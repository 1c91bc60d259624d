//! Pages of lists: where one ends and the next begins.

use crate::problem::{Problem, Reply};
use chrono::{DateTime, Datelike, Utc};
use rocket::http::Status;
use std::{fmt::Display, str::FromStr};

/// Entries of a page when the client does not say how many.
const USUAL: u32 = 30;
/// The largest page.
const LARGEST: u32 = 100;

/// How many entries the page has, from `?limit=`.
pub fn limit(asked: Option<u32>) -> u32 {
    asked.unwrap_or(USUAL).clamp(1, LARGEST)
}

/// The position behind an entry: its time and its id.
pub fn cursor(at: DateTime<Utc>, id: impl Display) -> String {
    format!("{}_{id}", at.timestamp_micros())
}

/// Where the next page begins: behind the last item of a full one.
pub fn next<T, C>(items: &[T], limit: u32, position: impl FnOnce(&T) -> C) -> Option<C> {
    items.last().filter(|_| items.len() == limit as usize).map(position)
}

/// Reads `?cursor=`.
pub fn parse<I: FromStr>(cursor: Option<&str>) -> Reply<Option<(DateTime<Utc>, I)>> {
    let read = |text: &str| {
        let (micros, id) = text.split_once('_')?;
        let at = DateTime::from_timestamp_micros(micros.parse().ok()?)?;
        // Postgres knows fewer years than chrono.
        ((1..=9999).contains(&at.year())).then_some((at, id.parse().ok()?))
    };
    cursor.map(|text| read(text).ok_or_else(refused)).transpose()
}

/// What a made-up cursor is answered with.
pub fn refused() -> Problem {
    Problem::new(Status::BadRequest, "bad_cursor", "Use the nextCursor of the page before.")
}
