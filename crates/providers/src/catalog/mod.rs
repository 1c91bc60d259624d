//! The kinds of provider as rows of data.
//!
//! Owns what differs between kinds: names, addresses, dialects, keys. It must not make requests. A
//! new kind is a new row here and a new name in [`domain::provider::ProviderKind`].

mod rows;

use crate::outbound::Url;
use domain::{Invalid, provider::ProviderKind};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The wire format a provider speaks. The names are the ones OpenClaw uses for `api`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Dialect {
    /// `POST /chat/completions`, the one most servers copy.
    #[serde(rename = "openai-completions")]
    OpenAiCompletions,
    /// `POST /responses`, OpenAI's own newer one.
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
    /// The stable name, which is also OpenClaw's.
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
#[schema(as = CatalogEntry)]
pub struct Entry {
    /// The kind.
    pub kind: ProviderKind,
    /// The name a person knows.
    pub label: &'static str,
    /// Where it lives; `None` when only the user knows.
    pub base_url: Option<&'static str>,
    /// What a base URL of this kind looks like, for the form.
    pub example_url: &'static str,
    /// What it speaks.
    pub dialect: Dialect,
    /// Whether an account without a key is useless. Where not, a key may still be given.
    pub needs_key: bool,
    /// Whether the user must enter the base URL.
    pub needs_base_url: bool,
    /// How keys of this kind begin: a hint, never a check.
    pub key_prefix: Option<&'static str>,
    /// The path below the base URL that lists models.
    pub models_path: &'static str,
    /// A path below the base URL that only a valid key may read, where the model list is public.
    #[serde(skip)]
    pub(crate) key_path: Option<&'static str>,
    /// One sentence: what it is and where its keys are made.
    pub about: &'static str,
}

/// The row of `kind`.
pub const fn entry(kind: ProviderKind) -> &'static Entry {
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

/// All rows, in the order a person is offered them.
pub fn entries() -> impl Iterator<Item = &'static Entry> {
    ProviderKind::ALL.into_iter().map(entry)
}

/// The base URL to use and to store: what the user entered, or the kind's own. Brings what people
/// paste to one form: no trailing slash, and not the endpoint that the dialect appends itself.
///
/// # Errors
/// [`Invalid`] on `baseUrl` when there is none, or it is not an http(s) URL without user name, query
/// and fragment.
pub fn base_url(kind: ProviderKind, entered: Option<&str>) -> Result<Url, Invalid> {
    let row = entry(kind);
    let entered = entered.map(str::trim).filter(|text| !text.is_empty());
    let Some(text) = entered.or(row.base_url) else {
        return Err(refused(format!("Enter the base URL, for example {}.", row.example_url)));
    };
    let mut url = Url::parse(text)
        .map_err(|_| refused(format!("Enter a full URL, for example {}.", row.example_url)))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(refused("Use a URL that begins with https:// or http://.".into()));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(refused("Leave user name and password out of the URL; use the key.".into()));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(refused("Leave out the part from ? or # on.".into()));
    }
    let path = canonical_path(row.dialect, url.path()).to_owned();
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
    fn every_kind_has_its_own_row() {
        assert_eq!(entries().count(), ProviderKind::ALL.len());
        for kind in ProviderKind::ALL {
            let row = entry(kind);
            assert_eq!(row.kind, kind);
            assert_eq!(row.needs_base_url, row.base_url.is_none(), "{kind}");
            assert!(row.about.ends_with('.'), "{kind}");
            assert_eq!(serde_json::to_value(row.dialect).unwrap(), row.dialect.as_str());
        }
    }

    #[test]
    fn own_urls_and_examples_are_in_the_stored_form_already() {
        for row in entries() {
            for text in row.base_url.into_iter().chain([row.example_url]) {
                let stored = base_url(row.kind, Some(text)).unwrap();
                assert_eq!(stored.as_str().trim_end_matches('/'), text);
            }
        }
    }

    #[test]
    fn what_people_paste_comes_to_one_form() {
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
    fn what_cannot_be_a_base_url_is_refused_with_a_sentence() {
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
