//! When a schedule is due: cron expressions, in UTC.
//!
//! Computes from the moment that it is given and never reads a clock.

use chrono::{DateTime, Utc};
use domain::Invalid;
use std::str::FromStr;

const MAX_EXPRESSION_CHARS: usize = 100;
/// The days by their numbers in a crontab: 0 and 7 are both Sunday.
const DAY_NAMES: [&str; 8] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"];

/// A checked cron expression: `minute hour day-of-month month day-of-week`, or six fields with seconds first.
#[derive(Debug, Clone, PartialEq)]
pub struct Expression {
    text: String,
    schedule: cron::Schedule,
}

impl Expression {
    /// Parses an expression. The error names the field `cron` and says what is allowed.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let invalid = || {
            let text = "Use five fields: minute, hour, day of the month, month, day of the week, in UTC. \
                        `30 4 * * MON-FRI` is 04:30 on working days, `*/10 * * * *` every ten minutes.";
            Invalid::new("cron", text)
        };
        let fields: Vec<&str> = text.split_whitespace().collect();
        let (seconds, rest) = match fields.len() {
            5 => ("0", fields.as_slice()),
            6 => (fields[0], &fields[1..]),
            _ => return Err(invalid()),
        };
        if text.chars().count() > MAX_EXPRESSION_CHARS {
            return Err(invalid());
        }
        let days = named_days(rest[4]).ok_or_else(invalid)?;
        let full = format!("{seconds} {} {days}", rest[..4].join(" "));
        let schedule = cron::Schedule::from_str(&full).map_err(|_| invalid())?;
        Ok(Self { text: fields.join(" "), schedule })
    }

    /// The text, as it is stored and shown.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The first tick after `moment`; `None` if there is none in the calendar (30 February).
    pub fn next_after(&self, moment: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.schedule.after(&moment).next()
    }
}

/// Replaces the numbers of days by their names: the crate `cron` counts from Sunday = 1, crontabs from Sunday = 0,
/// and names mean the same to both. The number after a slash is a step, not a day.
fn named_days(field: &str) -> Option<String> {
    let day = |text: &str| match text.parse::<usize>() {
        Ok(number) => DAY_NAMES.get(number).map(|day| (*day).to_owned()),
        Err(_) => Some(text.to_owned()),
    };
    let item = |text: &str| -> Option<String> {
        let (days, step) = text.split_once('/').map_or((text, None), |(days, step)| (days, Some(step)));
        let days = days.split('-').map(day).collect::<Option<Vec<_>>>()?.join("-");
        // `0-7` is the whole week.
        let days = if days == "SUN-SUN" { "SUN-SAT".to_owned() } else { days };
        Some(step.map_or_else(|| days.clone(), |step| format!("{days}/{step}")))
    };
    Some(field.split(',').map(item).collect::<Option<Vec<_>>>()?.join(","))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn next(expression: &str, after: &str) -> Option<String> {
        let after: DateTime<Utc> = after.parse().unwrap();
        let next = Expression::parse(expression).unwrap().next_after(after)?;
        Some(next.format("%Y-%m-%d %H:%M:%S").to_string())
    }

    #[test]
    fn the_next_tick_is_computed_from_the_given_moment() {
        // 22 November 2026 is a Sunday.
        let cases = [
            ("* * * * *", "2026-11-22 16:01:00"),
            ("17 * * * *", "2026-11-22 16:17:00"),
            ("30 4 * * *", "2026-11-23 04:30:00"),
            ("*/10 * * * * *", "2026-11-22 16:00:10"),
            ("0 0 29 2 *", "2028-02-29 00:00:00"),
            ("0 9 * * 1", "2026-11-23 09:00:00"),
            ("0 9 * * 0", "2026-11-29 09:00:00"),
            ("0 9 * * 7", "2026-11-29 09:00:00"),
            ("0 9 * * 1-5", "2026-11-23 09:00:00"),
            ("0 9 * * SAT", "2026-11-28 09:00:00"),
            ("0 9 * * 3,6", "2026-11-25 09:00:00"),
        ];
        for (expression, expected) in cases {
            let found = next(expression, "2026-11-22T16:00:00.5Z");
            assert_eq!(found.as_deref(), Some(expected), "{expression}");
        }
    }

    #[test]
    fn the_next_tick_is_never_the_given_moment() {
        assert_eq!(next("* * * * *", "2026-11-22T16:00:00Z").unwrap(), "2026-11-22 16:01:00");
    }

    #[test]
    fn a_day_that_does_not_exist_has_no_next_tick() {
        assert_eq!(next("0 0 30 2 *", "2026-11-22T16:00:00Z"), None);
    }

    #[test]
    fn an_invalid_expression_is_rejected_with_the_name_of_the_field() {
        let endless = format!("{} * * * *", "1,".repeat(200));
        for text in
            ["", "*", "* * * *", "61 * * * *", "* * * * 8", "a b c d e", "@daily", "* * * * * * *", &endless]
        {
            let error = Expression::parse(text).unwrap_err();
            assert_eq!(error.field, "cron", "{text}");
        }
    }
}
