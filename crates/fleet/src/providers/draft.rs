//! A provider as a user entered it, checked before anything else happens with it.

use crate::{Cx, Error, Result, api_key_input, settings};
use ::providers::{ProviderAccount, catalog};
use domain::{
    Invalid, invalid,
    provider::{Model, ProviderKind},
    settings::AllowedHost,
};
use secrecy::SecretString;
use secrets::{Aad, DataKey};
use store::providers::SealedKey;

const MAX_MODELS_PER_PROVIDER: usize = 200;

/// A provider as entered.
#[derive(Debug, Clone)]
pub struct Draft {
    pub kind: String,
    /// Display name; defaults to the kind's label.
    pub name: Option<String>,
    pub base_url: Option<String>,
    pub api_key: Option<SecretString>,
    pub models: Vec<String>,
    /// Admins only: the provider may be on a private host.
    pub allow_private_host: bool,
}

/// A provider whose parts are valid.
#[derive(Debug, Clone)]
pub(super) struct Checked {
    pub(super) kind: ProviderKind,
    pub(super) name: String,
    pub(super) base_url: Option<String>,
    pub(super) api_key: Option<SecretString>,
    pub(super) models: Vec<Model>,
}

/// Whether a key has to be entered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum KeyRule {
    /// A kind that needs a key needs it in this input.
    Required,
    /// A stored key is enough.
    MayBeStored,
}

impl Draft {
    pub(super) fn check(self, rule: KeyRule) -> Result<Checked> {
        let kind: ProviderKind = self.kind.parse()?;
        let entry = catalog::entry(kind);
        let base_url = self.base_url.filter(|url| !url.trim().is_empty()).map(|url| url.trim().to_owned());
        let origin = catalog::base_url(kind, base_url.as_deref())?;
        let api_key =
            self.api_key.as_ref().map(|key| api_key_input::trimmed("apiKey", key)).transpose()?.flatten();
        if entry.needs_key && api_key.is_none() && rule == KeyRule::Required {
            return Err(Invalid::new("apiKey", "Enter the key of this account.").into());
        }
        let name = invalid::line("name", self.name.as_deref().unwrap_or(entry.label), 80)?;
        let models =
            self.models.iter().map(|id| Model::parse(id)).collect::<std::result::Result<Vec<_>, _>>()?;
        if models.len() > MAX_MODELS_PER_PROVIDER {
            return Err(
                Invalid::new("models", format!("List at most {MAX_MODELS_PER_PROVIDER} models.")).into()
            );
        }
        Ok(Checked { kind, name, base_url: base_url.map(|_| origin.to_string()), api_key, models })
    }
}

impl Checked {
    /// For the connection test, with the key to use.
    pub(super) fn target(&self, key: Option<SecretString>) -> ProviderAccount {
        ProviderAccount {
            kind: self.kind,
            base_url: self.base_url.clone(),
            key,
            models: self.models.iter().map(|model| model.id.clone()).collect(),
        }
    }

    /// Seals the entered key for its row.
    pub(super) fn seal(&self, key: &DataKey, aad: &Aad) -> Result<Option<SealedKey>> {
        let Some(secret) = &self.api_key else { return Ok(None) };
        let bytes = secrets::seal(key, aad, secret)?.to_bytes();
        Ok(Some(SealedKey { bytes, ends_in: api_key_input::ends_in(secret) }))
    }
}

/// Adds the draft's host to the allowed private hosts, for an admin.
pub(super) async fn allow_host(cx: &Cx, kind: ProviderKind, base_url: Option<&str>) -> Result<()> {
    let url = catalog::base_url(kind, base_url)?;
    let (Some(host), Some(port)) = (url.host_str(), url.port_or_known_default()) else {
        return Err(
            Invalid::new("baseUrl", "Enter a full address, for example https://llm.example.org/v1.").into()
        );
    };
    if cx.actor.as_admin().is_none() {
        return Err(Error::Forbidden(
            "Only an admin may allow a private host. Ask one to allow it in the settings.",
        ));
    }
    settings::allow_host(cx, AllowedHost { host: host.to_owned(), port }).await
}
