//! Configuration from the environment: the only place that reads variables.
//!
//! Owns their names, defaults and error messages. It must not hold settings of the product, which are in the database. A
//! server needs only two variables, `DATABASE_URL` and `MOSAIC_SECRET_KEY`. `mosaic up` provides both if they are unset.

use crate::telemetry::{Format, Log};
use secrecy::{ExposeSecret, SecretString};
use std::{env, ffi::OsString, fs, io, path::PathBuf};
use tracing_subscriber::EnvFilter;

/// The configuration. Blank variables count as unset.
#[derive(Debug)]
pub struct Config {
    /// `DATABASE_URL`, or the content of the file in `DATABASE_URL_FILE`.
    pub database_url: Option<SecretString>,
    /// `MOSAIC_SECRET_KEY` (`new[,old…]`), or the content of the file in `MOSAIC_SECRET_KEY_FILE`.
    pub secret_key: Option<SecretString>,
    /// `MOSAIC_LOG` (a filter, like `debug` or `info,sqlx=debug`) and `MOSAIC_LOG_FORMAT` (`human`, `json`).
    pub log: Log,
    /// The default folder of `mosaic up` for database, key and logs: `/var/lib/mosaic` for root, otherwise
    /// `~/.local/share/mosaic`; `None` without a home folder.
    pub data_dir: Option<PathBuf>,
    /// `MOSAIC_AGENT_IMAGE`: the image of the agents' containers that the set-up built.
    pub agent_image: Option<String>,
    /// `MOSAIC_EMBEDDINGS_DIR`: the folder of the built-in embedding model that the set-up downloaded.
    pub embeddings_dir: Option<PathBuf>,
}

/// A variable that cannot be used. Never shows the value of a secret one.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("{name} is not set. {remedy} Alternatively, {name}_FILE can name a file with the value.")]
    Missing { name: &'static str, remedy: &'static str },
    #[error("set {name} or {name}_FILE, not both")]
    Both { name: &'static str },
    #[error("the file {path} from {name}_FILE cannot be read: {source}")]
    Unreadable {
        /// The variable without `_FILE`.
        name: &'static str,
        path: PathBuf,
        source: io::Error,
    },
    #[error("{name} {why}")]
    Invalid {
        name: &'static str,
        /// The rest of the sentence.
        why: String,
    },
}

impl Config {
    pub fn from_env() -> Result<Self, ConfigError> {
        // The only place in the workspace that may read the environment.
        #[allow(clippy::disallowed_methods)]
        Self::read(&|name| env::var_os(name))
    }

    /// For processes that need an existing database.
    pub fn require_database_url(&self) -> Result<&SecretString, ConfigError> {
        let remedy = "Set it to the Postgres to use: postgres://user:password@host/database.";
        self.database_url.as_ref().ok_or(ConfigError::Missing { name: "DATABASE_URL", remedy })
    }

    /// For processes that share the instance's key with others.
    pub fn require_secret_key(&self) -> Result<&SecretString, ConfigError> {
        let remedy =
            "Make one with `openssl rand -base64 32`, keep it safe, and use the same one for all processes.";
        self.secret_key.as_ref().ok_or(ConfigError::Missing { name: "MOSAIC_SECRET_KEY", remedy })
    }

    fn read(variable: &dyn Fn(&str) -> Option<OsString>) -> Result<Self, ConfigError> {
        let env = Env { variable };
        let database_url = env.secret("DATABASE_URL", "DATABASE_URL_FILE")?;
        if let Some(url) = &database_url {
            check_database_url(url)?;
        }
        Ok(Self {
            database_url,
            secret_key: env.secret("MOSAIC_SECRET_KEY", "MOSAIC_SECRET_KEY_FILE")?,
            log: Log { filter: filter(&env)?, format: format(&env)? },
            data_dir: data_dir(&env)?,
            agent_image: env.text("MOSAIC_AGENT_IMAGE")?,
            embeddings_dir: env.text("MOSAIC_EMBEDDINGS_DIR")?.map(PathBuf::from),
        })
    }
}

struct Env<'a> {
    variable: &'a dyn Fn(&str) -> Option<OsString>,
}

impl Env<'_> {
    fn text(&self, name: &'static str) -> Result<Option<String>, ConfigError> {
        let Some(value) = (self.variable)(name) else { return Ok(None) };
        let not_text = |_| ConfigError::Invalid { name, why: "is not valid UTF-8".into() };
        let value = value.into_string().map_err(not_text)?;
        Ok(Some(value.trim()).filter(|value| !value.is_empty()).map(str::to_owned))
    }

    fn secret(&self, name: &'static str, file: &'static str) -> Result<Option<SecretString>, ConfigError> {
        let direct = self.text(name)?.map(SecretString::from);
        let Some(path) = self.text(file)?.map(PathBuf::from) else { return Ok(direct) };
        if direct.is_some() {
            return Err(ConfigError::Both { name });
        }
        match fs::read_to_string(&path) {
            Ok(content) if content.trim().is_empty() => Err(ConfigError::Invalid {
                name: file,
                why: format!("names an empty file: {}", path.display()),
            }),
            Ok(content) => Ok(Some(SecretString::from(content.trim()))),
            Err(source) => Err(ConfigError::Unreadable { name, path, source }),
        }
    }
}

fn check_database_url(url: &SecretString) -> Result<(), ConfigError> {
    let url = url.expose_secret();
    if url.starts_with("postgres://") || url.starts_with("postgresql://") {
        return Ok(());
    }
    let why = "must begin with postgres:// or postgresql://".into();
    Err(ConfigError::Invalid { name: "DATABASE_URL", why })
}

fn filter(env: &Env) -> Result<Option<String>, ConfigError> {
    let Some(filter) = env.text("MOSAIC_LOG")? else { return Ok(None) };
    match EnvFilter::try_new(&filter) {
        Ok(_) => Ok(Some(filter)),
        Err(error) => {
            let why = format!("is not a filter like `debug` or `info,sqlx=debug`: {error}");
            Err(ConfigError::Invalid { name: "MOSAIC_LOG", why })
        }
    }
}

fn format(env: &Env) -> Result<Format, ConfigError> {
    let Some(format) = env.text("MOSAIC_LOG_FORMAT")? else { return Ok(Format::Auto) };
    match format.as_str() {
        "human" => Ok(Format::Human),
        "json" => Ok(Format::Json),
        other => {
            let why = format!("is `{other}`; use `human` or `json`, or leave it unset for the default");
            Err(ConfigError::Invalid { name: "MOSAIC_LOG_FORMAT", why })
        }
    }
}

fn data_dir(env: &Env) -> Result<Option<PathBuf>, ConfigError> {
    if rustix::process::geteuid().is_root() {
        return Ok(Some(PathBuf::from("/var/lib/mosaic")));
    }
    Ok(env.text("HOME")?.map(|home| PathBuf::from(home).join(".local/share/mosaic")))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
        Config::read(&|name| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| value.into())
        })
    }

    fn refusal(variables: &[(&str, &str)]) -> String {
        read(variables).unwrap_err().to_string()
    }

    #[test]
    fn nothing_is_required_to_start_and_what_is_missing_says_how_to_make_it() {
        let config = read(&[("DATABASE_URL", ""), ("MOSAIC_SECRET_KEY", "  ")]).unwrap();
        assert!(config.database_url.is_none() && config.secret_key.is_none());
        let missing = config.require_database_url().unwrap_err().to_string();
        assert!(
            missing.contains("DATABASE_URL is not set") && missing.contains("DATABASE_URL_FILE"),
            "{missing}"
        );
        let missing = config.require_secret_key().unwrap_err().to_string();
        assert!(missing.contains("openssl rand -base64 32"), "{missing}");
    }

    #[test]
    fn secrets_come_from_the_variable_or_from_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("key");
        fs::write(&file, "from the file\n").unwrap();
        let file = file.to_str().unwrap();

        let config = read(&[("DATABASE_URL", "postgres://db/x"), ("MOSAIC_SECRET_KEY_FILE", file)]).unwrap();
        assert_eq!(config.require_database_url().unwrap().expose_secret(), "postgres://db/x");
        assert_eq!(config.require_secret_key().unwrap().expose_secret(), "from the file");

        let both = refusal(&[("MOSAIC_SECRET_KEY", "canary"), ("MOSAIC_SECRET_KEY_FILE", file)]);
        assert_eq!(both, "set MOSAIC_SECRET_KEY or MOSAIC_SECRET_KEY_FILE, not both");
        let absent = refusal(&[("DATABASE_URL_FILE", "/nowhere/url")]);
        assert!(absent.contains("/nowhere/url") && absent.contains("DATABASE_URL_FILE"), "{absent}");
        fs::write(file, "\n").unwrap();
        assert!(refusal(&[("DATABASE_URL_FILE", file)]).contains("empty file"));
    }

    #[test]
    fn neither_errors_nor_debug_output_show_a_secret() {
        let error = read(&[("DATABASE_URL", "mysql://u:canary@h/d")]).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("canary"));
        let config =
            read(&[("DATABASE_URL", "postgres://u:canary@h/d"), ("MOSAIC_SECRET_KEY", "canary")]).unwrap();
        assert!(!format!("{config:?}").contains("canary"));
    }

    #[test]
    fn a_wrong_log_setting_is_refused_with_what_would_do() {
        assert!(refusal(&[("MOSAIC_LOG", "sqlx=loud")]).contains("info,sqlx=debug"));
        assert!(refusal(&[("MOSAIC_LOG_FORMAT", "xml")]).contains("`human` or `json`"));
        let log = read(&[("MOSAIC_LOG", "debug"), ("MOSAIC_LOG_FORMAT", "json")]).unwrap().log;
        assert_eq!((log.filter.as_deref(), log.format), (Some("debug"), Format::Json));
    }
}
