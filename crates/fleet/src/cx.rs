//! The context of one use-case: who, from where, with what.

use crate::{Error, Result, Services};
use domain::{Actor, AuditId, Person, TraceParent, UserId};
use serde_json::Value;
use std::sync::Arc;
use store::{Tx, audit};

/// Where a request came from, for the audit log.
#[derive(Debug, Clone, Default)]
pub struct Origin {
    /// Id of the request, as logged and returned.
    pub request_id: String,
    /// Network address of the client.
    pub address: String,
    /// The trace that the request belongs to; jobs that it enqueues belong to it too.
    pub trace: Option<TraceParent>,
    /// The client's `Idempotency-Key`: the same key again is the same request.
    pub idempotency_key: Option<String>,
}

/// What every use-case receives.
#[derive(Clone)]
pub struct Cx {
    pub actor: Actor,
    pub origin: Origin,
    pub services: Arc<Services>,
}

impl Cx {
    /// The acting person. Fails for the system.
    pub fn person(&self) -> Result<Person> {
        self.actor.person().ok_or(Error::NotSignedIn)
    }

    pub fn user(&self) -> Result<UserId> {
        Ok(self.person()?.id)
    }

    /// The same context with an admin's view.
    pub fn as_admin(&self) -> Result<Self> {
        let actor = self.actor.as_admin().ok_or(Error::Forbidden("Only an admin may do this."))?;
        Ok(Self { actor, ..self.clone() })
    }

    /// Opens a transaction as the actor.
    pub async fn begin(&self) -> Result<Tx> {
        Ok(self.services.store.begin(&self.actor).await?.traced(self.origin.trace.clone()))
    }

    /// Opens a transaction that sees everything, as part of this request; `reason` says why that is needed.
    pub async fn system(&self, reason: &'static str) -> Result<Tx> {
        Ok(self.services.store.system(reason).await?.traced(self.origin.trace.clone()))
    }

    /// Records what was done, in the transaction that did it.
    pub async fn audit(
        &self,
        tx: &mut Tx,
        action: &'static str,
        subject: &str,
        owner: Option<UserId>,
        detail: Value,
    ) -> Result<()> {
        self.audit_outcome(tx, action, subject, owner, audit::Outcome::Ok, detail).await
    }

    /// Records how an attempt ended.
    pub async fn audit_outcome(
        &self,
        tx: &mut Tx,
        action: &'static str,
        subject: &str,
        owner: Option<UserId>,
        outcome: audit::Outcome,
        detail: Value,
    ) -> Result<()> {
        // What a delegate does concerns the account that they act for.
        let owner = match self.actor {
            Actor::Delegate { account, .. } => owner.or(Some(account)),
            Actor::User(_) | Actor::Admin(_) | Actor::System(_) => owner,
        };
        let entry = audit::NewEntry {
            id: AuditId::new(self.services.clock.now()),
            action,
            subject,
            owner,
            address: &self.origin.address,
            request_id: &self.origin.request_id,
            outcome,
            detail,
        };
        Ok(audit::append(tx, &self.actor, &entry).await?)
    }
}

/// This request's place in a trace: in the one that the client sent (`traceparent`), or in a new one.
pub fn trace_of(traceparent: Option<&str>) -> TraceParent {
    // An id of zeros is no id.
    let span = rand::random::<u64>().max(1);
    match traceparent.and_then(TraceParent::parse) {
        Some(before) => before.child(span),
        None => TraceParent::new(rand::random::<u128>().max(1), span),
    }
}

/// A fresh request id: short enough to read aloud, long enough to be unique in the logs.
pub fn request_id() -> String {
    let random: [u8; 8] = rand::random();
    let hex: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("req_{hex}")
}
