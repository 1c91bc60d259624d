//! The measurements as Markdown, and whether they meet the targets.

use crate::{
    breakdown::Breakdown,
    load::{Load, LoadResult},
    route::Route,
};
use std::fs;

/// Prints the measurements as they arrive, and the targets at the end.
pub struct Report {
    breakdown: Breakdown,
    targets: Vec<String>,
}

const PERCENTILES: [usize; 3] = [50, 95, 99];

impl Report {
    /// Prints the machine and its load.
    pub fn begin() -> Self {
        let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let model = cpu.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or("unknown");
        let cores = cpu.lines().filter(|line| line.starts_with("processor")).count();
        println!(
            "{cores} × {}; load average before: {}\n",
            model.trim_start_matches(['\t', ':', ' ']),
            load_average()
        );
        Self { breakdown: Breakdown::default(), targets: Vec::new() }
    }

    /// The memory of an open stream.
    pub fn memory(&mut self, route: Route, bytes: u64) {
        let kib = bytes as f64 / 1024.0;
        println!("Each of 1,000 idle open streams, {}: {kib:.1} KiB\n", route.name());
        self.target(&format!("memory per open stream, {}", route.name()), "< 64 KiB", kib, 64.0, "KiB");
    }

    /// The parts of a request.
    pub fn breakdown(&mut self, breakdown: Breakdown) {
        println!("| one after the other, ms | p50 | p95 | p99 |\n|---|---|---|---|");
        row("an HTTP request without work", &breakdown.http, None);
        row("authentication (added to that)", &breakdown.authenticated, Some(&breakdown.http));
        row("one commit, fsync on (SQL alone)", &breakdown.commit, None);
        row("a message accepted and stored (`202`)", &breakdown.accepted, None);
        println!();
        self.breakdown = breakdown;
    }

    /// The results of a load.
    pub fn load(&mut self, load: &Load, results: &[LoadResult]) {
        let streams = load.streams;
        println!(
            "| {streams} at once, ms | first p50 | p95 | p99 | chunk p50 | p95 | p99 | CPU ms per stream | failed |"
        );
        println!("|---|---|---|---|---|---|---|---|---|");
        let direct = &results[0];
        for result in results {
            let base = (result.route != Route::Direct).then_some(direct);
            let name = format!("{}{}", result.route.name(), if base.is_some() { " (added)" } else { "" });
            let first = cells(&result.first_byte_micros, base.map(|base| &base.first_byte_micros[..]));
            let chunks = cells(&result.chunk_micros, base.map(|base| &base.chunk_micros[..]));
            let cpu = result.cpu_millis.map_or("–".to_owned(), |cpu| format!("{cpu:.2}"));
            println!("| {name} | {first} | {chunks} | {cpu} | {} |", result.failed.0);
        }
        println!();
        for result in results {
            if let (failed, Some(why)) = &result.failed {
                println!("{failed} of {}: {}\n", result.route.name(), why.lines().next().unwrap_or_default());
            }
        }
        self.compare_with_targets(load, results);
    }

    fn compare_with_targets(&mut self, load: &Load, results: &[LoadResult]) {
        let [direct, pass_through, turn, litellm] = results else { return };
        let at = format!("at {}", load.streams);
        let added = |result: &LoadResult, of| {
            quantile(&result.first_byte_micros, of) - quantile(&direct.first_byte_micros, of)
        };
        if load.streams == 1 {
            let authentication =
                quantile(&self.breakdown.authenticated, 99) - quantile(&self.breakdown.http, 99);
            let itself = added(pass_through, 99) - authentication;
            self.target(
                "pass-through itself (without authentication), first byte p99, at 1",
                "< 1 ms",
                itself,
                1.0,
                "ms",
            );
        }
        if load.streams <= 200 {
            let limit = if load.streams == 1 { 5.0 } else { 20.0 };
            for result in [pass_through, turn] {
                let what = format!("{}, whole, first byte p99, {at}", result.route.name());
                self.target(&what, &format!("< {limit} ms"), added(result, 99), limit, "ms");
            }
        }
        for result in [pass_through, turn] {
            let chunk = quantile(&result.chunk_micros, 50) - quantile(&direct.chunk_micros, 50);
            self.target(
                &format!("{}, per chunk p50, {at}", result.route.name()),
                "≤ 0.2 ms",
                chunk,
                0.2,
                "ms",
            );
        }
        // LiteLLM stores nothing, so it is compared with the endpoint that stores nothing. Never divided by less than a µs.
        let times = added(litellm, 50) / added(pass_through, 50).max(0.001);
        let met = if times >= 10.0 { "met" } else { "**not met**" };
        self.targets.push(format!(
            "| added to the first byte p50, LiteLLM ÷ /v1, {at} | ≥ 10 | {times:.1} | {met} |"
        ));
    }

    fn target(&mut self, what: &str, target: &str, measured: f64, limit: f64, unit: &str) {
        let met = if measured <= limit { "met" } else { "**not met**" };
        self.targets.push(format!("| {what} | {target} | {measured:.2} {unit} | {met} |"));
    }

    /// Prints the targets.
    pub fn finish(self) {
        println!("| aim | target | measured | |\n|---|---|---|---|");
        self.targets.iter().for_each(|target| println!("{target}"));
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

/// The percentiles in ms, minus those of `base`.
fn cells(sorted: &[u64], base: Option<&[u64]>) -> String {
    let cell = |of| quantile(sorted, of) - base.map_or(0.0, |base| quantile(base, of));
    PERCENTILES.map(|of| format!("{:.2}", cell(of))).join(" | ")
}

/// In milliseconds; NaN if there are no values.
fn quantile(sorted: &[u64], of: usize) -> f64 {
    let at = (sorted.len() * of).div_ceil(100).saturating_sub(1);
    sorted.get(at).map_or(f64::NAN, |micros| *micros as f64 / 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantile_is_one_of_the_values() {
        let sorted: Vec<u64> = (1..=200).map(|n| n * 1000).collect();
        assert_eq!(PERCENTILES.map(|of| quantile(&sorted, of)), [100.0, 190.0, 198.0]);
        assert_eq!(cells(&sorted, Some(&sorted)), "0.00 | 0.00 | 0.00");
        assert!(quantile(&[], 50).is_nan());
    }
}
