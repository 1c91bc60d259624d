//! The entries of the catalogue: one constant for each kind. It must not contain logic.

use super::{CatalogEntry, Dialect};
use domain::provider::ProviderKind;

pub(super) const ANTHROPIC: CatalogEntry = CatalogEntry {
    kind: ProviderKind::Anthropic,
    label: "Anthropic",
    base_url: Some("https://api.anthropic.com"),
    example_url: "https://api.anthropic.com",
    dialect: Dialect::AnthropicMessages,
    needs_key: true,
    needs_base_url: false,
    key_prefix: Some("sk-ant-"),
    models_path: "v1/models",
    key_path: None,
    about: "Claude models. Keys: console.anthropic.com, Settings, API keys.",
};

/// The common part of all kinds with OpenAI's chat completions.
const COMPLETIONS: CatalogEntry = CatalogEntry {
    kind: ProviderKind::OpenaiCompatible,
    label: "OpenAI-compatible",
    base_url: None,
    example_url: "https://llm.example.com/v1",
    dialect: Dialect::OpenAiCompletions,
    needs_key: true,
    needs_base_url: false,
    key_prefix: None,
    models_path: "models",
    key_path: None,
    about: "",
};

pub(super) const OPENAI: CatalogEntry = CatalogEntry {
    kind: ProviderKind::Openai,
    label: "OpenAI",
    base_url: Some("https://api.openai.com/v1"),
    example_url: "https://api.openai.com/v1",
    dialect: Dialect::OpenAiResponses,
    key_prefix: Some("sk-"),
    about: "GPT models. Keys: platform.openai.com, API keys.",
    ..COMPLETIONS
};

pub(super) const GOOGLE: CatalogEntry = CatalogEntry {
    kind: ProviderKind::Google,
    label: "Google Gemini",
    base_url: Some("https://generativelanguage.googleapis.com/v1beta"),
    example_url: "https://generativelanguage.googleapis.com/v1beta",
    dialect: Dialect::GoogleGenerativeAi,
    needs_key: true,
    needs_base_url: false,
    key_prefix: Some("AIza"),
    models_path: "models",
    key_path: None,
    about: "Gemini models. Keys: aistudio.google.com, Get API key.",
};

pub(super) const OPENROUTER: CatalogEntry = CatalogEntry {
    kind: ProviderKind::Openrouter,
    label: "OpenRouter",
    base_url: Some("https://openrouter.ai/api/v1"),
    example_url: "https://openrouter.ai/api/v1",
    key_prefix: Some("sk-or-"),
    key_path: Some("key"),
    about: "Many providers behind one account. Keys: openrouter.ai, Settings, Keys.",
    ..COMPLETIONS
};

pub(super) const OLLAMA: CatalogEntry = CatalogEntry {
    kind: ProviderKind::Ollama,
    label: "Ollama",
    base_url: None,
    example_url: "http://ollama.lan:11434",
    dialect: Dialect::Ollama,
    needs_key: false,
    needs_base_url: true,
    key_prefix: None,
    models_path: "api/tags",
    key_path: None,
    about: "Models on your own machine. An admin must allow its host and port. No key is needed.",
};

pub(super) const ZAI: CatalogEntry = CatalogEntry {
    kind: ProviderKind::Zai,
    label: "Z.ai",
    base_url: Some("https://api.z.ai/api/paas/v4"),
    example_url: "https://api.z.ai/api/paas/v4",
    about: "GLM models. Keys: z.ai, Manage API keys.",
    ..COMPLETIONS
};

pub(super) const GROQ: CatalogEntry = CatalogEntry {
    kind: ProviderKind::Groq,
    label: "Groq",
    base_url: Some("https://api.groq.com/openai/v1"),
    example_url: "https://api.groq.com/openai/v1",
    key_prefix: Some("gsk_"),
    about: "Open models with fast answers. Keys: console.groq.com, API keys.",
    ..COMPLETIONS
};

pub(super) const MISTRAL: CatalogEntry = CatalogEntry {
    kind: ProviderKind::Mistral,
    label: "Mistral",
    base_url: Some("https://api.mistral.ai/v1"),
    example_url: "https://api.mistral.ai/v1",
    about: "Mistral models. Keys: console.mistral.ai, API keys.",
    ..COMPLETIONS
};

pub(super) const DEEPSEEK: CatalogEntry = CatalogEntry {
    kind: ProviderKind::Deepseek,
    label: "DeepSeek",
    base_url: Some("https://api.deepseek.com/v1"),
    example_url: "https://api.deepseek.com/v1",
    key_prefix: Some("sk-"),
    about: "DeepSeek models. Keys: platform.deepseek.com, API keys.",
    ..COMPLETIONS
};

pub(super) const XAI: CatalogEntry = CatalogEntry {
    kind: ProviderKind::Xai,
    label: "xAI",
    base_url: Some("https://api.x.ai/v1"),
    example_url: "https://api.x.ai/v1",
    key_prefix: Some("xai-"),
    about: "Grok models. Keys: console.x.ai, API keys.",
    ..COMPLETIONS
};

pub(super) const TOGETHER: CatalogEntry = CatalogEntry {
    kind: ProviderKind::Together,
    label: "Together AI",
    base_url: Some("https://api.together.xyz/v1"),
    example_url: "https://api.together.xyz/v1",
    about: "Open models. Keys: api.together.ai, Settings, API keys.",
    ..COMPLETIONS
};

pub(super) const OPENAI_COMPATIBLE: CatalogEntry = CatalogEntry {
    needs_key: false,
    needs_base_url: true,
    about: "Any server with OpenAI's chat completions: vLLM, LM Studio, LiteLLM and others.",
    ..COMPLETIONS
};

pub(super) const ANTHROPIC_COMPATIBLE: CatalogEntry = CatalogEntry {
    kind: ProviderKind::AnthropicCompatible,
    label: "Anthropic-compatible",
    base_url: None,
    example_url: "https://llm.example.com/anthropic",
    needs_key: false,
    needs_base_url: true,
    key_prefix: None,
    about: "Any server with Anthropic's messages API.",
    ..ANTHROPIC
};
