//! `openclaw.json`, as far as the stand-in obeys it. `check` finds what is wrong with a file.

mod check;

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

/// A provider's wire format.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Api {
    /// OpenAI's chat completions.
    Completions,
    /// OpenAI's responses.
    Responses,
    /// Anthropic's messages.
    Messages,
    /// One that the stand-in does not support.
    Other(String),
}

/// A provider as configured, with `${NAME}` substituted.
#[derive(Debug, Clone)]
pub struct Provider {
    /// Its base URL without a trailing slash.
    pub base_url: String,
    pub key: String,
    pub api: Api,
}

/// `provider/model`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelRef {
    pub provider: String,
    /// May itself contain slashes.
    pub model: String,
}

/// The config in force.
#[derive(Debug)]
pub struct Config {
    /// `gateway.auth.token`.
    pub token: Option<String>,
    /// `gateway.http.endpoints.chatCompletions.enabled`.
    pub chat: bool,
    /// The models of each agent: the primary, then the fallbacks.
    pub agents: BTreeMap<String, Vec<ModelRef>>,
    /// The tools of each agent besides those of its profile.
    pub tools: BTreeMap<String, Vec<String>>,
    /// By id.
    pub providers: BTreeMap<String, Provider>,
    /// Whether the console has lines of the level `info`.
    pub logs_info: bool,
    has_mode: bool,
}

impl Config {
    /// Parses a config.
    ///
    /// # Errors
    /// What OpenClaw logs about an invalid config, in its words.
    pub fn parse(text: &str, env: &dyn Fn(&str) -> Option<String>) -> Result<Self, String> {
        let mut root: Value = serde_json::from_str(text)
            .map_err(|error| format!(": JSON5 parse failed: SyntaxError: {error}"))?;
        let issues = check::issues(&root);
        if !issues.is_empty() {
            return Err(issues.join(", "));
        }
        expand(&mut root, env);
        let level = root["logging"]["consoleLevel"].as_str();
        Ok(Self {
            token: text_at(&root, "/gateway/auth/token"),
            chat: root["gateway"]["http"]["endpoints"]["chatCompletions"]["enabled"] == true,
            agents: agents(&root),
            tools: tools(&root),
            providers: providers(&root),
            has_mode: root["gateway"]["mode"].is_string(),
            logs_info: !matches!(level, Some("warn" | "error" | "fatal" | "silent")),
        })
    }
}

/// Loads the file at boot.
///
/// # Errors
/// Why the gateway cannot start with it.
pub fn load_at_boot(path: &Path) -> Result<Config, String> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let invalid = |issues| format!("Invalid config at {}:\n{issues}", path.display());
    let config = Config::parse(&text, &from_env).map_err(invalid)?;
    if !config.has_mode {
        return Err("existing config is missing gateway.mode.".to_owned());
    }
    Ok(config)
}

/// The value of an environment variable, for [`Config::parse`].
pub fn from_env(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

fn text_at(root: &Value, pointer: &str) -> Option<String> {
    Some(root.pointer(pointer)?.as_str()?.to_owned())
}

fn agents(root: &Value) -> BTreeMap<String, Vec<ModelRef>> {
    let default = models(&root["agents"]["defaults"]["model"]);
    let Some(entries) = root["agents"]["entries"].as_object() else {
        return BTreeMap::from([("main".to_owned(), default)]);
    };
    let own = entries.iter().map(|(id, entry)| match &entry["model"] {
        Value::Null => (id.clone(), default.clone()),
        model => (id.clone(), models(model)),
    });
    own.collect()
}

fn tools(root: &Value) -> BTreeMap<String, Vec<String>> {
    let entries = root["agents"]["entries"].as_object().into_iter().flatten();
    let named = |entry: &Value| {
        let also = entry["tools"]["alsoAllow"].as_array().into_iter().flatten();
        also.filter_map(|tool| Some(tool.as_str()?.to_owned())).collect()
    };
    entries.map(|(id, entry)| (id.clone(), named(entry))).collect()
}

/// A model setting: a string, or a primary with fallbacks.
fn models(setting: &Value) -> Vec<ModelRef> {
    let primary = setting.as_str().or_else(|| setting["primary"].as_str());
    let fallbacks = setting["fallbacks"].as_array().into_iter().flatten();
    primary
        .into_iter()
        .chain(fallbacks.filter_map(Value::as_str))
        .filter_map(|name| name.split_once('/'))
        .map(|(provider, model)| ModelRef { provider: provider.to_owned(), model: model.to_owned() })
        .collect()
}

fn providers(root: &Value) -> BTreeMap<String, Provider> {
    let entries = root["models"]["providers"].as_object().into_iter().flatten();
    entries
        .map(|(id, entry)| {
            let text = |name: &str| entry[name].as_str().unwrap_or_default().to_owned();
            let provider = Provider {
                base_url: text("baseUrl").trim_end_matches('/').to_owned(),
                key: text("apiKey"),
                api: match entry["api"].as_str() {
                    Some("openai-completions") | None => Api::Completions,
                    Some("openai-responses") => Api::Responses,
                    Some("anthropic-messages") => Api::Messages,
                    Some(other) => Api::Other(other.to_owned()),
                },
            };
            (id.clone(), provider)
        })
        .collect()
}

/// Substitutes `${NAME}` in every string. `$${NAME}` becomes `${NAME}`, and an unknown name is kept.
fn expand(value: &mut Value, env: &dyn Fn(&str) -> Option<String>) {
    match value {
        Value::String(text) if text.contains("${") => *text = expanded(text, env),
        Value::Array(items) => items.iter_mut().for_each(|item| expand(item, env)),
        Value::Object(map) => map.values_mut().for_each(|item| expand(item, env)),
        _ => {}
    }
}

fn expanded(text: &str, env: &dyn Fn(&str) -> Option<String>) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        let Some((name, behind)) = after.split_once('}') else {
            break;
        };
        match (before.strip_suffix('$'), env(name)) {
            (Some(before), _) => out.extend([before, "${", name, "}"]),
            (None, Some(value)) => out.extend([before, value.as_str()]),
            (None, None) => out.extend([before, "${", name, "}"]),
        }
        rest = behind;
    }
    out + rest
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    fn parse(text: &str) -> Result<Config, String> {
        Config::parse(text, &|name| (name == "KEY").then(|| "secret".to_owned()))
    }

    #[test]
    fn environment_names_are_substituted_and_escapes_kept() {
        let env = |name: &str| (name == "A").then(|| "1".to_owned());
        assert_eq!(expanded("x${A}y", &env), "x1y");
        assert_eq!(expanded("$${A} ${B} ${", &env), "${A} ${B} ${");
    }

    #[test]
    fn an_agent_has_its_own_models_or_the_default() {
        let config = parse(
            r#"{"agents":{"ownership":"explicit","defaults":{"model":{"primary":"p/a","fallbacks":["p/b"]}},
                "entries":{"one":{},"two":{"model":"q/x/y"}}},
                "models":{"providers":{"p":{"baseUrl":"http://h/v1/","apiKey":"${KEY}"}}}}"#,
        );
        let config = config.unwrap();
        assert_eq!(config.agents["one"].len(), 2);
        assert_eq!(config.agents["two"][0].provider, "q");
        assert_eq!(config.agents["two"][0].model, "x/y");
        assert_eq!(config.providers["p"].key, "secret");
        assert_eq!(config.providers["p"].base_url, "http://h/v1");
    }

    #[test]
    fn an_invalid_file_is_refused_in_openclaws_words() {
        let error = parse(r#"{"nonsense":1,"agents":{"entries":{"main":{"foo":3}}}}"#);
        assert_eq!(
            error.unwrap_err(),
            r#"agents.entries.main: Unrecognized key: "foo", : Unrecognized key: "nonsense""#
        );
        assert!(parse("{ not json").unwrap_err().contains("JSON5 parse failed"));
    }
}
