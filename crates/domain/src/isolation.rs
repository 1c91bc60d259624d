//! The isolation self-test: what is tried from inside an agent's network, and what the outcome means.
//!
//! Pure but for the port [`IsolationProber`]. A denial counts only with the proof that the target would have answered: what
//! could not be shown is "unknown", never "passed".

use crate::{
    containers::{ContainerError, Internal, NetworkPolicy},
    ids::InstanceId,
    limits::Limits,
    settings::AllowedHost,
};
use async_trait::async_trait;
use ipnet::Ipv4Net;
use serde::{Deserialize, Serialize};
use std::net::{IpAddr, SocketAddrV4};
use utoipa::ToSchema;

/// Everything the self-test is made from.
#[derive(Debug, Clone)]
pub struct SelfTestPlan {
    /// Whose walls.
    pub instance: InstanceId,
    /// Names this run: what it makes on the engine bears it, and a repetition of the run clears that away first.
    pub run: String,
    /// The agents' image; its entry process is the probe.
    pub image: String,
    /// The agents' runtime.
    pub runtime: String,
    /// The agents' limits.
    pub limits: Limits,
    /// Where the agents' networks are cut from.
    pub pool: Ipv4Net,
    /// Where agents' ports are published.
    pub publish_on: IpAddr,
    /// The internal listener: what agents may reach.
    pub internal: Internal,
    /// Ports of the host that they may not, and what each of them is.
    pub host_ports: Vec<(u16, &'static str)>,
    /// Other machines' addresses that they may not.
    pub elsewhere: Vec<(SocketAddrV4, &'static str)>,
    /// What an admin allowed.
    pub allowed: Vec<AllowedHost>,
    /// Names of which one may resolve here.
    pub names: Vec<String>,
}

/// What came of a try, and what should have come of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Reach {
    /// It did not answer.
    Denied,
    /// It answered.
    Allowed,
    /// It did not answer, and neither was it shown that it would have.
    Unknown,
}

/// One try from one network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = IsolationCheck)]
pub struct Check {
    /// What stands there.
    pub name: String,
    /// From which network: `open network` or `closed network`.
    pub from: String,
    /// Its address, as it was tried.
    pub target: String,
    /// How it was tried, and what was met.
    pub tried: String,
    /// What should come of it.
    pub expected: Reach,
    /// What came of it.
    pub outcome: Reach,
    /// How it was shown that the target would have answered, or why that could not be shown.
    pub proof: String,
    /// Whether it is as it should be.
    pub passed: bool,
}

/// What a probe met.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObservedReach {
    /// Whether the target answered.
    pub answered: bool,
    /// In which way it did or did not.
    pub how: String,
}

/// How it was shown that the target answers whoever is not behind the walls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Proof {
    /// It was; says how.
    Shown(String),
    /// It could not be; says why.
    Missing(String),
}

impl Check {
    /// Judges one try. An answer from what should be out of reach counts whatever the proof says.
    pub fn judge(about: About<'_>, met: Option<&ObservedReach>, proof: &Proof) -> Self {
        let About { name, policy, target, expected } = about;
        let outcome = match (met, proof) {
            (Some(ObservedReach { answered: true, .. }), _) => Reach::Allowed,
            (Some(_), Proof::Shown(_)) => Reach::Denied,
            _ => Reach::Unknown,
        };
        let (Proof::Shown(proof) | Proof::Missing(proof)) = proof.clone();
        let how = met.map_or("the probe said nothing of it", |met| &met.how);
        Self {
            name: name.to_owned(),
            from: match policy {
                NetworkPolicy::Open => "open network".to_owned(),
                NetworkPolicy::Closed => "closed network".to_owned(),
            },
            target: target.to_owned(),
            tried: format!("as root inside a container: {how}"),
            expected,
            outcome,
            proof,
            passed: outcome == expected,
        }
    }
}

/// What a check is about.
#[derive(Debug, Clone, Copy)]
pub struct About<'a> {
    /// What stands there.
    pub name: &'a str,
    /// The policy of the network it is tried from.
    pub policy: NetworkPolicy,
    /// Its address.
    pub target: &'a str,
    /// What should come of it.
    pub expected: Reach,
}

/// What all checks together say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// Whether agents are kept from what they must not reach; `None` when nothing could be shown.
    pub enforced: Option<bool>,
    /// The same in one sentence.
    pub summary: String,
}

/// Sums up; `guard` says what is wrong with the packet filter, if that is known.
pub fn verdict(checks: &[Check], guard: Option<&str>) -> Verdict {
    let forbidden = || checks.iter().filter(|check| check.expected == Reach::Denied);
    let open: Vec<&str> =
        forbidden().filter(|c| c.outcome == Reach::Allowed).map(|c| c.name.as_str()).collect();
    let denied = forbidden().filter(|check| check.outcome == Reach::Denied).count();
    let unknown = checks.iter().filter(|check| check.outcome == Reach::Unknown).count();
    let missing: Vec<&str> = checks
        .iter()
        .filter(|check| (check.expected, check.outcome) == (Reach::Allowed, Reach::Denied))
        .map(|check| check.name.as_str())
        .collect();
    let enforced = if open.is_empty() { (denied > 0).then_some(true) } else { Some(false) };
    let mut summary = match enforced {
        Some(false) => format!("NOT ENFORCED: agents reach {}.", listed(&open)),
        Some(true) => format!("Enforced: {denied} denials shown."),
        None => "Nothing could be shown: see the reasons beside the checks.".to_owned(),
    };
    if let Some(guard) = guard {
        summary.push_str(&format!(" The guard: {guard}."));
    }
    if !missing.is_empty() {
        summary.push_str(&format!(" Out of reach although allowed: {}.", listed(&missing)));
    }
    if unknown > 0 && enforced.is_some() {
        summary.push_str(&format!(" {unknown} of {} could not be shown.", checks.len()));
    }
    Verdict { enforced, summary }
}

/// Each name once, in order.
fn listed(names: &[&str]) -> String {
    let mut once: Vec<&str> = Vec::new();
    for name in names {
        if !once.contains(name) {
            once.push(name);
        }
    }
    once.join(", ")
}

/// What the trial found.
#[derive(Debug, Clone)]
pub struct Findings {
    /// Every try.
    pub checks: Vec<Check>,
    /// What is wrong with the packet filter; `None` when it is in force, or this process may not look.
    pub guard: Option<String>,
}

/// The port through which the walls are tried out. Implementation: crate `runtime`.
#[async_trait]
pub trait IsolationProber: Send + Sync {
    /// Starts probes on networks of their own, tries everything from inside, and takes away what it made, also when it
    /// fails. Needs the engine; what it may not make besides (listeners on the host, a stand-in for the local
    /// network) leaves its checks unknown.
    async fn try_out(&self, trial: &SelfTestPlan) -> Result<Findings, ContainerError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(expected: Reach, answered: bool, proof: &Proof) -> Check {
        let about = About { name: "a port", policy: NetworkPolicy::Open, target: "10.0.0.1:1", expected };
        Check::judge(about, Some(&ObservedReach { answered, how: "x".into() }), proof)
    }

    #[test]
    fn a_denial_without_proof_is_unknown_and_an_answer_always_counts() {
        let (shown, missing) = (Proof::Shown("seen".into()), Proof::Missing("not root".into()));
        assert!(check(Reach::Denied, false, &shown).passed);
        assert_eq!(check(Reach::Denied, false, &missing).outcome, Reach::Unknown);
        assert!(!check(Reach::Denied, false, &missing).passed);
        assert!(!check(Reach::Denied, true, &missing).passed);
        assert!(check(Reach::Allowed, true, &missing).passed);
        assert!(!check(Reach::Allowed, false, &shown).passed);
    }

    #[test]
    fn one_hole_is_not_enforced_and_nothing_shown_is_not_a_pass() {
        let (shown, missing) = (Proof::Shown("seen".into()), Proof::Missing("not root".into()));
        let denied = check(Reach::Denied, false, &shown);
        let hole = check(Reach::Denied, true, &shown);
        let unknown = check(Reach::Denied, false, &missing);
        assert_eq!(verdict(std::slice::from_ref(&denied), None).enforced, Some(true));
        let bad = verdict(&[denied, hole], Some("it is missing"));
        assert_eq!(bad.enforced, Some(false));
        assert!(bad.summary.contains("a port") && bad.summary.contains("missing"), "{}", bad.summary);
        assert_eq!(verdict(&[unknown], None).enforced, None);
    }
}
