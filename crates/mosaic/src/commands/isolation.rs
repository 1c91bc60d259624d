//! `mosaic doctor --isolation`: the self-test of agents' isolation, printed as a table.

use crate::{args, parts};
use domain::{
    JobId,
    isolation::{Check, Reach},
};
use fleet::Services;
use std::io::Write;

/// Runs the self-test and prints all checks. Returns the verdict as one of the doctor's own results.
pub async fn run(services: &Services, args: &args::Worker) -> Result<String, String> {
    let docker = parts::docker(args).map_err(|error| error.to_string())?;
    // A unique name for this run on the engine.
    let run = format!("doctor-{}", JobId::new(services.clock.now()));
    let tried = fleet::isolation::probe(services, &docker, &parts::site(args), run).await;
    let (verdict, checks) = tried.map_err(|error| error.to_string())?;
    print(&checks).map_err(|error| error.to_string())?;
    match verdict.enforced {
        Some(true) if checks.iter().all(|check| check.passed || check.outcome == Reach::Unknown) => {
            Ok(verdict.summary)
        }
        _ => Err(verdict.summary),
    }
}

fn print(checks: &[Check]) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    for check in checks {
        let mark = match (check.passed, check.outcome) {
            (true, _) => "pass",
            (false, Reach::Unknown) => "????",
            (false, _) => "FAIL",
        };
        let Check { name, from, target, tried, expected, outcome, proof, .. } = check;
        let (expected, outcome) = (word(*expected), word(*outcome));
        writeln!(out, "{mark}  {from:<14}  {name} ({target}): {outcome}, should be {expected}")?;
        writeln!(out, "      {tried}; proof: {proof}")?;
    }
    Ok(())
}

const fn word(reach: Reach) -> &'static str {
    match reach {
        Reach::Denied => "denied",
        Reach::Allowed => "allowed",
        Reach::Unknown => "unknown",
    }
}
