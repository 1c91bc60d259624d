//! One account, spoken to over one checked connection.
//!
//! Owns the requests that test and list are made of. It must not decide in which order they come.

use crate::{
    catalog::{self, Entry},
    cause::{Cause, Failure},
    dialect::{TokenField, below},
    models::{ModelInfo, tidy},
    outbound::{AllowedHosts, Answer, Call, Origin, Outbound, Url},
    upstream,
};
use domain::provider::ProviderKind;
use secrecy::SecretString;
use serde_json::json;
use std::time::Duration;

/// OpenRouter's list alone is larger than the client's default cap.
const LARGEST_LIST: usize = 8 << 20;
/// Sixty-four vectors of four thousand numbers, written out.
const LARGEST_BATCH: usize = 16 << 20;
/// A machine of one's own may have to load a model of many gigabytes first.
const OLLAMA_LOADS: Duration = Duration::from_secs(120);

/// An account to test: what is stored, or what was typed and not yet stored.
#[derive(Debug, Clone)]
pub struct Target {
    /// The kind.
    pub kind: ProviderKind,
    /// The base URL, where it is not the kind's own.
    pub base_url: Option<String>,
    /// The key, where there is one.
    pub key: Option<SecretString>,
    /// The ids of the models to find; the first one is asked for an answer.
    pub models: Vec<String>,
}

/// An account on a connection.
pub(crate) struct Session<'a> {
    origin: Origin,
    base: Url,
    row: &'static Entry,
    key: Option<&'a SecretString>,
}

impl<'a> Session<'a> {
    /// Resolves and checks the host; connects to nothing yet.
    pub(crate) async fn open(
        outbound: &Outbound,
        allowed: &AllowedHosts,
        target: &'a Target,
    ) -> Result<Self, Failure> {
        let base = catalog::base_url(target.kind, target.base_url.as_deref()).map_err(|_| Cause::BadUrl)?;
        let origin = outbound.origin(&base, allowed).await?;
        Ok(Self { origin, base, row: catalog::entry(target.kind), key: target.key.as_ref() })
    }

    /// Whether anything that speaks HTTP is there. Sends no key, and takes any status for a yes.
    pub(crate) async fn reach(&self) -> Result<(), Failure> {
        self.origin.open(Call::get(self.base.clone())).await?;
        Ok(())
    }

    /// Whether the key is there where one is needed, and can be sent at all.
    pub(crate) fn has_usable_key(&self) -> Result<(), Failure> {
        if self.row.needs_key && self.key.is_none() {
            return Err(Cause::KeyMissing.into());
        }
        self.row.dialect.dress(Call::get(self.base.clone()), self.key)?;
        Ok(())
    }

    /// Asks the page that only a valid key may read, for kinds whose model list is public.
    pub(crate) async fn check_key_page(&self) -> Result<(), Failure> {
        let Some(path) = self.row.key_path else {
            return Ok(());
        };
        let answer = self.send(Call::get(below(&self.base, path))).await?;
        if answer.status.is_success() { Ok(()) } else { Err(upstream::failure(&answer, self.key)) }
    }

    /// The models of this account; `None` when the provider has no list, or none for this key.
    pub(crate) async fn list(&self) -> Result<Option<Vec<ModelInfo>>, Failure> {
        let call = self.row.dialect.list(&self.base, self.row.models_path).at_most(LARGEST_LIST);
        let answer = self.send(call).await?;
        let none_here = matches!(answer.status.as_u16(), 404 | 405 | 501);
        if none_here || upstream::is_missing_scope(&answer) {
            return Ok(None);
        }
        if !answer.status.is_success() {
            return Err(upstream::failure(&answer, self.key));
        }
        let document = serde_json::from_slice(&answer.body).map_err(|_| Cause::BadAnswer)?;
        let models = self.row.dialect.read_models(&document).ok_or(Cause::BadAnswer)?;
        Ok(Some(tidy(models)))
    }

    /// Asks `model` for an answer of a few tokens.
    pub(crate) async fn ask(&self, model: &str) -> Result<(), Failure> {
        let mut answer = self.complete(model, TokenField::MaxTokens).await?;
        if upstream::wants_the_newer_token_field(&answer) {
            answer = self.complete(model, TokenField::MaxCompletionTokens).await?;
        }
        if !answer.status.is_success() {
            return Err(upstream::failure(&answer, self.key));
        }
        let document = serde_json::from_slice(&answer.body).map_err(|_| Cause::BadAnswer)?;
        if self.row.dialect.is_completion(&document) { Ok(()) } else { Err(Cause::BadAnswer.into()) }
    }

    /// What the endpoint answers to a request for vectors of `texts`.
    pub(crate) async fn embed(
        &self,
        model: &str,
        texts: &[String],
        within: Duration,
    ) -> Result<serde_json::Value, Failure> {
        let document = json!({"model": model, "input": texts, "encoding_format": "float"});
        let call = Call::post_json(below(&self.base, "embeddings"), &document);
        let answer = self.send(call.within(within).at_most(LARGEST_BATCH)).await?;
        if !answer.status.is_success() {
            return Err(upstream::failure(&answer, self.key));
        }
        serde_json::from_slice(&answer.body).map_err(|_| Cause::BadAnswer.into())
    }

    /// Whether `listed` has `wanted`, in whatever spelling the dialect takes for the same.
    pub(crate) fn offers(&self, listed: &[ModelInfo], wanted: &str) -> bool {
        let canonical = |id| catalog::Dialect::canonical_id(self.row.dialect, id);
        listed.iter().any(|model| canonical(&model.id) == canonical(wanted))
    }

    async fn complete(&self, model: &str, field: TokenField) -> Result<Answer, Failure> {
        let call = self.row.dialect.completion(&self.base, model, field);
        let call = match self.row.kind {
            ProviderKind::Ollama => call.within(OLLAMA_LOADS),
            _ => call,
        };
        self.send(call).await
    }

    async fn send(&self, call: Call) -> Result<Answer, Failure> {
        let call = self.row.dialect.dress(call, self.key)?;
        Ok(self.origin.send(call).await?)
    }
}
