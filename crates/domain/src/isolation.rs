//! The isolation self-test: what it tries from inside an agent's network, and what each outcome means.
//!
//! Pure, except for the port [`IsolationProber`]. A denial counts only with proof that the target would have answered
//! anyone else. Without proof the outcome is "unknown", never "passed".

use crate::{
    containers::{ContainerError, InternalEndpoint, NetworkPolicy},
    ids::InstanceId,
    limits::Limits,
    settings::AllowedHost,
};
use async_trait::async_trait;
use ipnet::Ipv4Net;
use serde::{Deserialize, Serialize};
use std::net::{IpAddr, SocketAddrV4};
use utoipa::ToSchema;

/// The input of a self-test.
#[derive(Debug, Clone)]
pub struct SelfTestPlan {
    /// Whose isolation is tested.
    pub instance: InstanceId,
    /// Names this run. All objects that it creates on the engine have it as a label, and a repeated run removes them first.
    pub run: String,
    /// The agents' image, whose entry process is the probe.
    pub image: String,
    /// The agents' runtime.
    pub runtime: String,
    /// The agents' limits.
    pub limits: Limits,
    /// The range of the agents' networks.
    pub pool: Ipv4Net,
    /// Where agents' ports are published.
    pub publish_on: IpAddr,
    /// The internal listener, which agents may reach.
    pub internal: InternalEndpoint,
    /// Ports of the host that agents must not reach, with a description.
    pub host_ports: Vec<(u16, &'static str)>,
    /// Addresses of other hosts that agents must not reach, with a description.
    pub other_hosts: Vec<(SocketAddrV4, &'static str)>,
    /// The hosts that an admin allowed.
    pub allowed: Vec<AllowedHost>,
    /// Public host names to resolve. One that resolves is enough.
    pub resolvable_names: Vec<String>,
}

/// The outcome of a try, and the expected one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Reach {
    /// The target did not answer.
    Denied,
    /// The target answered.
    Allowed,
    /// The target did not answer, and there is no proof that it would have answered others.
    Unknown,
}

/// One try from one network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = IsolationCheck)]
pub struct Check {
    /// What the target is.
    pub name: String,
    /// From which network: `open network` or `closed network`.
    pub from: String,
    /// The address that was tried.
    pub target: String,
    /// How it was tried, and what happened.
    pub tried: String,
    /// The expected outcome.
    pub expected: Reach,
    /// The outcome.
    pub outcome: Reach,
    /// How it was proven that the target answers others, or why that could not be proven.
    pub proof: String,
    /// Whether the outcome is the expected one.
    pub passed: bool,
}

/// What a probe observed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObservedReach {
    /// Whether the target answered.
    pub answered: bool,
    /// How the attempt ended.
    pub how: String,
}

/// Whether it is proven that the target answers hosts outside the agents' networks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Proof {
    /// It is, with an explanation how.
    Shown(String),
    /// It is not, with the reason.
    Missing(String),
}

impl Check {
    /// Evaluates one try. An answer counts whatever the proof.
    pub fn evaluate(subject: CheckSubject<'_>, observed: Option<&ObservedReach>, proof: &Proof) -> Self {
        let CheckSubject { name, policy, target, expected } = subject;
        let outcome = match (observed, proof) {
            (Some(ObservedReach { answered: true, .. }), _) => Reach::Allowed,
            (Some(_), Proof::Shown(_)) => Reach::Denied,
            _ => Reach::Unknown,
        };
        let (Proof::Shown(proof) | Proof::Missing(proof)) = proof.clone();
        let how = observed.map_or("the probe did not report it", |observed| &observed.how);
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

/// What a check tries, and from where.
#[derive(Debug, Clone, Copy)]
pub struct CheckSubject<'a> {
    /// What the target is.
    pub name: &'a str,
    /// The policy of the network that it is tried from.
    pub policy: NetworkPolicy,
    /// The target's address.
    pub target: &'a str,
    /// The expected outcome.
    pub expected: Reach,
}

/// The result of all checks together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// Whether agents are kept from what they must not reach; `None` when nothing could be proven.
    pub enforced: Option<bool>,
    /// The same in one sentence.
    pub summary: String,
}

/// Summarizes all checks. `guard` says what is wrong with the firewall, if that is known.
pub fn summarize(checks: &[Check], guard: Option<&str>) -> Verdict {
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
        Some(false) => format!("NOT ENFORCED: agents reach {}.", distinct(&open)),
        Some(true) => format!("Enforced: {denied} denials proven."),
        None => "Nothing could be proven: each check says why.".to_owned(),
    };
    if let Some(guard) = guard {
        summary.push_str(&format!(" The guard: {guard}."));
    }
    if !missing.is_empty() {
        summary.push_str(&format!(" Allowed but not reachable: {}.", distinct(&missing)));
    }
    if unknown > 0 && enforced.is_some() {
        summary.push_str(&format!(" {unknown} of {} could not be proven.", checks.len()));
    }
    Verdict { enforced, summary }
}

/// Each name once, in order.
fn distinct(names: &[&str]) -> String {
    let mut distinct: Vec<&str> = Vec::new();
    for name in names {
        if !distinct.contains(name) {
            distinct.push(name);
        }
    }
    distinct.join(", ")
}

/// What the prober found.
#[derive(Debug, Clone)]
pub struct ProbeResults {
    /// All tries.
    pub checks: Vec<Check>,
    /// What is wrong with the firewall; `None` when it is in force, or when this process may not look.
    pub guard: Option<String>,
}

/// The port that tests isolation. Implemented by crate `runtime`.
#[async_trait]
pub trait IsolationProber: Send + Sync {
    /// Starts probes in networks of their own, tries everything from inside, and removes what it created, also after an
    /// error. Needs the engine. If it may not create the rest (listeners on the host, a stand-in for the local network),
    /// those checks end as unknown.
    async fn probe(&self, plan: &SelfTestPlan) -> Result<ProbeResults, ContainerError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(expected: Reach, answered: bool, proof: &Proof) -> Check {
        let subject =
            CheckSubject { name: "a port", policy: NetworkPolicy::Open, target: "10.0.0.1:1", expected };
        Check::evaluate(subject, Some(&ObservedReach { answered, how: "x".into() }), proof)
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
    fn one_hole_is_not_enforced_and_nothing_proven_is_not_a_pass() {
        let (shown, missing) = (Proof::Shown("seen".into()), Proof::Missing("not root".into()));
        let denied = check(Reach::Denied, false, &shown);
        let hole = check(Reach::Denied, true, &shown);
        let unknown = check(Reach::Denied, false, &missing);
        assert_eq!(summarize(std::slice::from_ref(&denied), None).enforced, Some(true));
        let bad = summarize(&[denied, hole], Some("it is missing"));
        assert_eq!(bad.enforced, Some(false));
        assert!(bad.summary.contains("a port") && bad.summary.contains("missing"), "{}", bad.summary);
        assert_eq!(summarize(&[unknown], None).enforced, None);
    }
}
