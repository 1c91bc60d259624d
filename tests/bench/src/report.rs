//! The figures as Markdown, and whether they are what was aimed at.

use crate::{
    ask::Way,
    load::{Load, Outcome},
    parts::Parts,
};
use std::fs;

/// Says the figures as they come, the aims at the end.
pub struct Report {
    parts: Parts,
    aims: Vec<String>,
}

/// 50, 95 and 99 of a hundred.
const SHOWN: [usize; 3] = [50, 95, 99];

impl Report {
    /// Says where and when.
    pub fn begin() -> Self {
        let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let model = cpu.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or("unknown");
        let cores = cpu.lines().filter(|line| line.starts_with("processor")).count();
        println!(
            "{cores} × {}; load average before: {}\n",
            model.trim_start_matches(['\t', ':', ' ']),
            load_average()
        );
        Self { parts: Parts::default(), aims: Vec::new() }
    }

    /// What an open stream weighs.
    pub fn memory(&mut self, way: Way, bytes: u64) {
        let kib = bytes as f64 / 1024.0;
        println!("Each of 1,000 idle open streams, {}: {kib:.1} KiB\n", way.name());
        self.aim(&format!("memory per open stream, {}", way.name()), "< 64 KiB", kib, 64.0, "KiB");
    }

    /// What a request is made of.
    pub fn parts(&mut self, parts: Parts) {
        println!("| one after the other, ms | p50 | p95 | p99 |\n|---|---|---|---|");
        row("an HTTP request that asks for nothing", &parts.http, None);
        row("authentication (added to that)", &parts.authenticated, Some(&parts.http));
        row("one commit, fsync on (SQL alone)", &parts.commit, None);
        row("a message accepted and stored (`202`)", &parts.accepted, None);
        println!();
        self.parts = parts;
    }

    /// What was seen under a load.
    pub fn load(&mut self, load: &Load, outcomes: &[Outcome]) {
        let streams = load.streams;
        println!(
            "| {streams} at once, ms | first p50 | p95 | p99 | chunk p50 | p95 | p99 | CPU ms per stream | failed |"
        );
        println!("|---|---|---|---|---|---|---|---|---|");
        let direct = &outcomes[0];
        for outcome in outcomes {
            let base = (outcome.way != Way::Direct).then_some(direct);
            let name = format!("{}{}", outcome.way.name(), if base.is_some() { " (added)" } else { "" });
            let first = cells(&outcome.first, base.map(|base| &base.first[..]));
            let chunks = cells(&outcome.chunks, base.map(|base| &base.chunks[..]));
            let cpu = outcome.cpu.map_or("–".to_owned(), |cpu| format!("{cpu:.2}"));
            println!("| {name} | {first} | {chunks} | {cpu} | {} |", outcome.failed.0);
        }
        println!();
        for outcome in outcomes {
            if let (failed, Some(why)) = &outcome.failed {
                println!("{failed} of {}: {}\n", outcome.way.name(), why.lines().next().unwrap_or_default());
            }
        }
        self.judge(load, outcomes);
    }

    fn judge(&mut self, load: &Load, outcomes: &[Outcome]) {
        let [direct, passed, turn, litellm] = outcomes else { return };
        let at = format!("at {}", load.streams);
        let added = |outcome: &Outcome, of| quantile(&outcome.first, of) - quantile(&direct.first, of);
        if load.streams == 1 {
            let authentication = quantile(&self.parts.authenticated, 99) - quantile(&self.parts.http, 99);
            let itself = added(passed, 99) - authentication;
            self.aim(
                "pass-through itself (without authentication), first byte p99, at 1",
                "< 1 ms",
                itself,
                1.0,
                "ms",
            );
        }
        if load.streams <= 200 {
            let limit = if load.streams == 1 { 5.0 } else { 20.0 };
            for outcome in [passed, turn] {
                let what = format!("{}, whole, first byte p99, {at}", outcome.way.name());
                self.aim(&what, &format!("< {limit} ms"), added(outcome, 99), limit, "ms");
            }
        }
        for outcome in [passed, turn] {
            let chunk = quantile(&outcome.chunks, 50) - quantile(&direct.chunks, 50);
            self.aim(&format!("{}, per chunk p50, {at}", outcome.way.name()), "≤ 0.2 ms", chunk, 0.2, "ms");
        }
        // LiteLLM stores nothing, so the door without storing is its equal. Never divided by less than a µs.
        let times = added(litellm, 50) / added(passed, 50).max(0.001);
        let met = if times >= 10.0 { "met" } else { "**not met**" };
        self.aims.push(format!(
            "| added to the first byte p50, LiteLLM ÷ /v1, {at} | ≥ 10 | {times:.1} | {met} |"
        ));
    }

    fn aim(&mut self, what: &str, wanted: &str, seen: f64, limit: f64, unit: &str) {
        let met = if seen <= limit { "met" } else { "**not met**" };
        self.aims.push(format!("| {what} | {wanted} | {seen:.2} {unit} | {met} |"));
    }

    /// Says what was aimed at.
    pub fn end(self) {
        println!("| aim | wanted | seen | |\n|---|---|---|---|");
        self.aims.iter().for_each(|aim| println!("{aim}"));
        println!("\nload average after: {}", load_average());
    }
}

fn load_average() -> String {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split_whitespace().take(3).collect::<Vec<_>>().join(" ")
}

fn row(name: &str, sorted: &[u64], base: Option<&[u64]>) {
    println!("| {name} | {} |", cells(sorted, base));
}

/// The shown quantiles in ms, what `base` shows taken off.
fn cells(sorted: &[u64], base: Option<&[u64]>) -> String {
    let cell = |of| quantile(sorted, of) - base.map_or(0.0, |base| quantile(base, of));
    SHOWN.map(|of| format!("{:.2}", cell(of))).join(" | ")
}

/// In milliseconds; not a number where nothing was seen.
fn quantile(sorted: &[u64], of: usize) -> f64 {
    let at = (sorted.len() * of).div_ceil(100).saturating_sub(1);
    sorted.get(at).map_or(f64::NAN, |micros| *micros as f64 / 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantile_is_a_value_that_was_seen() {
        let sorted: Vec<u64> = (1..=200).map(|n| n * 1000).collect();
        assert_eq!(SHOWN.map(|of| quantile(&sorted, of)), [100.0, 190.0, 198.0]);
        assert_eq!(cells(&sorted, Some(&sorted)), "0.00 | 0.00 | 0.00");
        assert!(quantile(&[], 50).is_nan());
    }
}
