//! The identity provider as an admin entered it, checked before anything else happens with it.

use crate::Result;
use ::providers::outbound::Url;
use domain::{Invalid, invalid};
use secrecy::{ExposeSecret, SecretString};

/// The claim that most providers list groups in.
pub(super) const DEFAULT_GROUPS_CLAIM: &str = "groups";
const MAX_LIST_ENTRIES: usize = 100;

/// A provider as entered.
#[derive(Debug, Clone)]
pub struct Draft {
    /// Issuer exactly as the provider spells it.
    pub issuer: String,
    /// Mosaic's id there.
    pub client_id: String,
    /// The secret; `None` = the stored one stays, empty = there is none.
    pub client_secret: Option<SecretString>,
    /// Label of the sign-in button.
    pub label: Option<String>,
    /// Scopes besides `openid`.
    pub scopes: Option<Vec<String>>,
    /// Whether unknown people get an account; `None` = yes.
    pub auto_provision: Option<bool>,
    /// Domains of verified e-mail addresses that may sign in.
    pub allowed_domains: Vec<String>,
    /// Groups of which a person needs one.
    pub allowed_groups: Vec<String>,
    /// The claim that lists groups.
    pub groups_claim: Option<String>,
    /// Groups whose members are admins.
    pub admin_groups: Vec<String>,
}

impl Draft {
    /// A provider with defaults for everything else.
    pub fn new(issuer: String, client_id: String, client_secret: Option<SecretString>) -> Self {
        Self {
            issuer,
            client_id,
            client_secret,
            label: None,
            scopes: None,
            auto_provision: None,
            allowed_domains: Vec::new(),
            allowed_groups: Vec::new(),
            groups_claim: None,
            admin_groups: Vec::new(),
        }
    }

    pub(super) fn check(self) -> Result<Self> {
        let scopes = self.scopes.unwrap_or_else(|| vec!["profile".into(), "email".into()]);
        if scopes.iter().any(|scope| scope.contains(char::is_whitespace)) {
            return Err(Invalid::new("scopes", "List scopes one by one, without spaces.").into());
        }
        let domains = lines("allowedDomains", self.allowed_domains)?;
        if domains.iter().any(|domain| domain.contains(['@', '/', ' '])) {
            return Err(Invalid::new("allowedDomains", "List bare domains: example.org.").into());
        }
        Ok(Self {
            issuer: issuer(&self.issuer)?,
            client_id: invalid::line("clientId", &self.client_id, 300)?,
            client_secret: self.client_secret.map(secret).transpose()?,
            label: Some(invalid::line("label", self.label.as_deref().unwrap_or("Single sign-on"), 60)?),
            scopes: Some(lines("scopes", scopes)?),
            auto_provision: self.auto_provision,
            allowed_domains: domains.into_iter().map(|domain| domain.to_lowercase()).collect(),
            allowed_groups: lines("allowedGroups", self.allowed_groups)?,
            groups_claim: Some(invalid::line(
                "groupsClaim",
                self.groups_claim.as_deref().unwrap_or(DEFAULT_GROUPS_CLAIM),
                100,
            )?),
            admin_groups: lines("adminGroups", self.admin_groups)?,
        })
    }
}

/// Kept exactly as entered: it is compared with the provider's own spelling.
fn issuer(text: &str) -> Result<String> {
    let issuer = invalid::line("issuer", text, 500)?;
    let wrong =
        || Invalid::new("issuer", "Enter the issuer as an address: https://login.example.org/realms/main.");
    let url = Url::parse(&issuer).map_err(|_| wrong())?;
    let plain = url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none();
    if !plain || !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
        return Err(wrong().into());
    }
    Ok(issuer)
}

fn secret(secret: SecretString) -> Result<SecretString> {
    let text = secret.expose_secret().trim();
    if text.len() > 1000 || text.chars().any(char::is_control) {
        return Err(Invalid::new("clientSecret", "Paste the client secret as one line.").into());
    }
    Ok(SecretString::from(text))
}

fn lines(field: &'static str, list: Vec<String>) -> Result<Vec<String>> {
    if list.len() > MAX_LIST_ENTRIES {
        return Err(Invalid::new(field, format!("List at most {MAX_LIST_ENTRIES}.")).into());
    }
    Ok(list.iter().map(|entry| invalid::line(field, entry, 200)).collect::<std::result::Result<_, _>>()?)
}
