//! The client for one provider account, over one checked connection.
//!
//! Owns the requests of connection test, model list and embeddings. It must not decide their order.

use crate::{
    catalog::{self, CatalogEntry},
    cause::{Cause, Failure},
    dialect::{TokenField, join_path},
    model_info::{ModelInfo, normalize},
    outbound::{AllowedHosts, Origin, Outbound, Request, Response, Url},
    upstream,
};
use domain::provider::ProviderKind;
use secrecy::SecretString;
use serde_json::json;
use std::time::Duration;

/// OpenRouter's list is larger than the default limit.
const MAX_LIST_BYTES: usize = 8 << 20;
/// 64 vectors of 4000 numbers as JSON.
const MAX_EMBEDDINGS_BYTES: usize = 16 << 20;
/// Ollama may first have to load a model of many gigabytes.
const OLLAMA_LOAD_TIMEOUT: Duration = Duration::from_secs(120);

/// A provider account, stored or just entered in a form.
#[derive(Debug, Clone)]
pub struct ProviderAccount {
    pub kind: ProviderKind,
    /// The base URL, if it is not the kind's own.
    pub base_url: Option<String>,
    pub key: Option<SecretString>,
    /// The ids of the chosen models. The connection test asks the first one for an answer.
    pub models: Vec<String>,
}

pub(crate) struct AccountClient<'a> {
    origin: Origin,
    base: Url,
    entry: &'static CatalogEntry,
    key: Option<&'a SecretString>,
}

impl<'a> AccountClient<'a> {
    /// Resolves and checks the host. Does not connect yet.
    pub(crate) async fn open(
        outbound: &Outbound,
        allowed: &AllowedHosts,
        account: &'a ProviderAccount,
    ) -> Result<Self, Failure> {
        let base = catalog::base_url(account.kind, account.base_url.as_deref()).map_err(|_| Cause::BadUrl)?;
        let origin = outbound.origin(&base, allowed).await?;
        Ok(Self { origin, base, entry: catalog::entry(account.kind), key: account.key.as_ref() })
    }

    /// Whether an HTTP server answers. Sends no key, and accepts any status.
    pub(crate) async fn reach(&self) -> Result<(), Failure> {
        self.origin.open(Request::get(self.base.clone())).await?;
        Ok(())
    }

    /// Fails unless there is a key where one is needed, and it can be sent in a header.
    pub(crate) fn require_usable_key(&self) -> Result<(), Failure> {
        if self.entry.needs_key && self.key.is_none() {
            return Err(Cause::KeyMissing.into());
        }
        self.entry.dialect.with_credentials(Request::get(self.base.clone()), self.key)?;
        Ok(())
    }

    /// For kinds whose model list is public: requests a page that only a valid key may read.
    pub(crate) async fn check_key(&self) -> Result<(), Failure> {
        let Some(path) = self.entry.key_path else {
            return Ok(());
        };
        let response = self.send(Request::get(join_path(&self.base, path))).await?;
        if response.status.is_success() { Ok(()) } else { Err(upstream::failure(&response, self.key)) }
    }

    /// The models of this account; `None` when the provider has no list, or none for this key.
    pub(crate) async fn list_models(&self) -> Result<Option<Vec<ModelInfo>>, Failure> {
        let request =
            self.entry.dialect.model_list(&self.base, self.entry.models_path).max_bytes(MAX_LIST_BYTES);
        let response = self.send(request).await?;
        let no_list = matches!(response.status.as_u16(), 404 | 405 | 501);
        if no_list || upstream::is_missing_scope(&response) {
            return Ok(None);
        }
        if !response.status.is_success() {
            return Err(upstream::failure(&response, self.key));
        }
        let document = serde_json::from_slice(&response.body).map_err(|_| Cause::BadAnswer)?;
        let models = self.entry.dialect.read_models(&document).ok_or(Cause::BadAnswer)?;
        Ok(Some(normalize(models)))
    }

    /// Asks `model` for an answer of a few tokens.
    pub(crate) async fn request_answer(&self, model: &str) -> Result<(), Failure> {
        let mut response = self.complete(model, TokenField::MaxTokens).await?;
        if upstream::requires_newer_token_field(&response) {
            response = self.complete(model, TokenField::MaxCompletionTokens).await?;
        }
        if !response.status.is_success() {
            return Err(upstream::failure(&response, self.key));
        }
        let document = serde_json::from_slice(&response.body).map_err(|_| Cause::BadAnswer)?;
        if self.entry.dialect.is_completion(&document) { Ok(()) } else { Err(Cause::BadAnswer.into()) }
    }

    /// The response of the embeddings endpoint for `texts`.
    pub(crate) async fn embed(
        &self,
        model: &str,
        texts: &[String],
        timeout: Duration,
    ) -> Result<serde_json::Value, Failure> {
        let document = json!({"model": model, "input": texts, "encoding_format": "float"});
        let request = Request::post_json(join_path(&self.base, "embeddings"), &document);
        let response = self.send(request.timeout(timeout).max_bytes(MAX_EMBEDDINGS_BYTES)).await?;
        if !response.status.is_success() {
            return Err(upstream::failure(&response, self.key));
        }
        serde_json::from_slice(&response.body).map_err(|_| Cause::BadAnswer.into())
    }

    /// Whether `listed` contains `wanted`, in any of the spellings that the dialect treats as equal.
    pub(crate) fn is_listed(&self, listed: &[ModelInfo], wanted: &str) -> bool {
        let canonical = |id| catalog::Dialect::canonical_id(self.entry.dialect, id);
        listed.iter().any(|model| canonical(&model.id) == canonical(wanted))
    }

    async fn complete(&self, model: &str, field: TokenField) -> Result<Response, Failure> {
        let request = self.entry.dialect.completion(&self.base, model, field);
        let request = match self.entry.kind {
            ProviderKind::Ollama => request.timeout(OLLAMA_LOAD_TIMEOUT),
            _ => request,
        };
        self.send(request).await
    }

    async fn send(&self, request: Request) -> Result<Response, Failure> {
        let request = self.entry.dialect.with_credentials(request, self.key)?;
        Ok(self.origin.send(request).await?)
    }
}
