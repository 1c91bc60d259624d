//! The kinds of provider as a table.
//!
//! Owns what differs between kinds: names, addresses, dialects, keys. It must not make requests. A new kind is a new row
//! here and a new variant of [`domain::provider::ProviderKind`].

mod rows;

use crate::outbound::Url;
use domain::{Invalid, provider::ProviderKind};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A provider's wire format. The names are those of OpenClaw's field `api`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Dialect {
    /// `POST /chat/completions`, which most servers support.
    #[serde(rename = "openai-completions")]
    OpenAiCompletions,
    /// `POST /responses`, OpenAI's newer one.
    #[serde(rename = "openai-responses")]
    OpenAiResponses,
    /// `POST /v1/messages`.
    AnthropicMessages,
    /// `POST /models/{id}:generateContent`.
    GoogleGenerativeAi,
    /// `POST /api/chat`.
    Ollama,
}

impl Dialect {
    /// The stable name, also in OpenClaw.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OpenAiCompletions => "openai-completions",
            Self::OpenAiResponses => "openai-responses",
            Self::AnthropicMessages => "anthropic-messages",
            Self::GoogleGenerativeAi => "google-generative-ai",
            Self::Ollama => "ollama",
        }
    }
}

/// One kind of provider.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CatalogEntry {
    pub kind: ProviderKind,
    /// The name that users know.
    pub label: &'static str,
    /// Null when only the user knows it.
    pub base_url: Option<&'static str>,
    /// An example of a base URL, for the form.
    pub example_url: &'static str,
    pub dialect: Dialect,
    /// Whether an account needs a key. Otherwise a key is optional.
    pub needs_key: bool,
    /// Whether the user must enter the base URL.
    pub needs_base_url: bool,
    /// How keys of this kind begin: a hint, never a check.
    pub key_prefix: Option<&'static str>,
    /// The path of the model list below the base URL.
    pub models_path: &'static str,
    /// If the model list is public: a path below the base URL that only a valid key may read.
    #[serde(skip)]
    pub(crate) key_path: Option<&'static str>,
    /// What it is and where to create keys, in one sentence.
    pub about: &'static str,
}

/// The entry of `kind`.
pub const fn entry(kind: ProviderKind) -> &'static CatalogEntry {
    match kind {
        ProviderKind::Anthropic => &rows::ANTHROPIC,
        ProviderKind::Openai => &rows::OPENAI,
        ProviderKind::Google => &rows::GOOGLE,
        ProviderKind::Openrouter => &rows::OPENROUTER,
        ProviderKind::Ollama => &rows::OLLAMA,
        ProviderKind::Zai => &rows::ZAI,
        ProviderKind::Groq => &rows::GROQ,
        ProviderKind::Mistral => &rows::MISTRAL,
        ProviderKind::Deepseek => &rows::DEEPSEEK,
        ProviderKind::Xai => &rows::XAI,
        ProviderKind::Together => &rows::TOGETHER,
        ProviderKind::OpenaiCompatible => &rows::OPENAI_COMPATIBLE,
        ProviderKind::AnthropicCompatible => &rows::ANTHROPIC_COMPATIBLE,
    }
}

/// All entries, in the order in which users see them.
pub fn entries() -> impl Iterator<Item = &'static CatalogEntry> {
    ProviderKind::ALL.into_iter().map(entry)
}

/// The base URL to use and to store: the one that the user entered, or the kind's own. Normalizes it: removes a trailing
/// slash, and an endpoint that the dialect appends itself.
///
/// # Errors
/// [`Invalid`] on `baseUrl` when there is none, or when it is not an http or https URL without user name, query and
/// fragment.
pub fn base_url(kind: ProviderKind, entered: Option<&str>) -> Result<Url, Invalid> {
    let entry = entry(kind);
    let entered = entered.map(str::trim).filter(|text| !text.is_empty());
    let Some(text) = entered.or(entry.base_url) else {
        return Err(refused(format!("Enter the base URL, for example {}.", entry.example_url)));
    };
    let mut url = Url::parse(text)
        .map_err(|_| refused(format!("Enter a full URL, for example {}.", entry.example_url)))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(refused("Use a URL that begins with https:// or http://.".into()));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(refused("Do not put a user name or password into the URL. Use the key.".into()));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(refused("Remove the part that begins with ? or #.".into()));
    }
    let path = canonical_path(entry.dialect, url.path()).to_owned();
    url.set_path(&path);
    Ok(url)
}

fn refused(message: String) -> Invalid {
    Invalid::new("baseUrl", message)
}

fn canonical_path(dialect: Dialect, path: &str) -> &str {
    let endpoints: &[&str] = match dialect {
        Dialect::OpenAiCompletions | Dialect::OpenAiResponses => {
            &["/chat/completions", "/responses", "/models"]
        }
        Dialect::AnthropicMessages => &["/v1/messages", "/v1/models", "/v1"],
        Dialect::GoogleGenerativeAi => &["/models"],
        Dialect::Ollama => &["/api/chat", "/api/tags", "/api", "/v1"],
    };
    let path = path.trim_end_matches('/');
    let endpoint = endpoints.iter().find_map(|endpoint| path.strip_suffix(endpoint));
    endpoint.unwrap_or(path).trim_end_matches('/')
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    #[test]
    fn every_kind_has_its_own_entry() {
        assert_eq!(entries().count(), ProviderKind::ALL.len());
        for kind in ProviderKind::ALL {
            let entry = entry(kind);
            assert_eq!(entry.kind, kind);
            assert_eq!(entry.needs_base_url, entry.base_url.is_none(), "{kind}");
            assert!(entry.about.ends_with('.'), "{kind}");
            assert_eq!(serde_json::to_value(entry.dialect).unwrap(), entry.dialect.as_str());
        }
    }

    #[test]
    fn own_urls_and_examples_are_normalized() {
        for entry in entries() {
            for text in entry.base_url.into_iter().chain([entry.example_url]) {
                let stored = base_url(entry.kind, Some(text)).unwrap();
                assert_eq!(stored.as_str().trim_end_matches('/'), text);
            }
        }
    }

    #[test]
    fn pasted_urls_are_normalized() {
        use ProviderKind::{AnthropicCompatible, Ollama, OpenaiCompatible};
        for (kind, pasted, stored) in [
            (OpenaiCompatible, " https://h/v1/ ", "https://h/v1"),
            (OpenaiCompatible, "https://h/v1/chat/completions", "https://h/v1"),
            (OpenaiCompatible, "https://h/v1/models/", "https://h/v1"),
            (OpenaiCompatible, "https://H", "https://h/"),
            (AnthropicCompatible, "https://h/anthropic/v1", "https://h/anthropic"),
            (AnthropicCompatible, "https://h/v1/messages", "https://h/"),
            (Ollama, "http://h:11434/v1", "http://h:11434/"),
            (Ollama, "http://h:11434/api/chat", "http://h:11434/"),
        ] {
            assert_eq!(base_url(kind, Some(pasted)).unwrap().as_str(), stored, "{pasted}");
        }
        assert_eq!(base_url(ProviderKind::Groq, None).unwrap().path(), "/openai/v1");
        assert_eq!(base_url(ProviderKind::Groq, Some(" ")).unwrap().path(), "/openai/v1");
    }

    #[test]
    fn invalid_base_urls_are_refused_with_a_sentence() {
        for text in [
            "",
            "api.example.com/v1",
            "ftp://h/",
            "file:///etc/passwd",
            "https://user:pw@h/",
            "https://h/v1?key=1",
            "https://h/#x",
            "https://",
        ] {
            let error = base_url(ProviderKind::OpenaiCompatible, Some(text)).unwrap_err();
            assert_eq!(error.field, "baseUrl", "{text}");
            assert!(error.message.ends_with('.'), "{text}: {}", error.message);
        }
    }
}
