//! Whether a person at the provider may sign in, and with which role. Pure rules, applied at every sign-in.

use crate::{Error, Result};
use ::oidc::Identity;
use domain::Role;
use store::oidc::Provider;

/// Refuses a person outside the allowed domains or groups. A domain counts only with an address that the provider
/// verified.
pub(super) fn check(provider: &Provider, identity: &Identity) -> Result<()> {
    let domain = identity
        .email
        .as_deref()
        .filter(|_| identity.email_verified)
        .and_then(|email| email.rsplit_once('@'))
        .map(|(_, domain)| domain.to_lowercase());
    let domains = &provider.allowed_domains;
    let domain_fits = domains.is_empty() || domain.is_some_and(|domain| domains.contains(&domain));
    if domain_fits && (provider.allowed_groups.is_empty() || is_in(&provider.allowed_groups, identity)) {
        return Ok(());
    }
    let detail = "Your account at the identity provider may not use this server. Ask an admin to let you in.";
    Err(Error::refused("oidc_not_allowed", detail))
}

/// The role that follows from the groups; `None` when no groups are mapped: then an admin sets roles here.
pub(super) fn role(provider: &Provider, identity: &Identity) -> Option<Role> {
    if provider.admin_groups.is_empty() {
        return None;
    }
    Some(if is_in(&provider.admin_groups, identity) { Role::Admin } else { Role::User })
}

fn is_in(groups: &[String], identity: &Identity) -> bool {
    identity.groups.iter().any(|group| groups.contains(group))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn provider() -> Provider {
        Provider {
            id: Default::default(),
            issuer: "https://id.test".into(),
            client_id: "mosaic".into(),
            client_secret: None,
            label: "Test".into(),
            scopes: vec![],
            auto_provision: true,
            allowed_domains: vec![],
            allowed_groups: vec![],
            groups_claim: "groups".into(),
            admin_groups: vec![],
        }
    }

    fn person(email: &str, verified: &str, groups: &[&str]) -> Identity {
        Identity {
            subject: "1".into(),
            session: None,
            email: Some(email.into()),
            email_verified: verified == "verified",
            name: None,
            username: None,
            groups: groups.iter().map(|group| (*group).into()).collect(),
        }
    }

    #[test]
    fn domains_count_with_a_verified_address_only() {
        let provider = Provider { allowed_domains: vec!["example.org".into()], ..provider() };
        assert!(check(&provider, &person("a@Example.ORG", "verified", &[])).is_ok());
        for (email, verified) in [
            ("a@example.org", "not"),
            ("a@evil.example.org", "verified"),
            ("a@example.org@evil.test", "verified"),
            ("example.org", "verified"),
        ] {
            assert!(check(&provider, &person(email, verified, &[])).is_err(), "{email} {verified}");
        }
    }

    #[test]
    fn domain_and_group_must_both_fit() {
        let provider = Provider {
            allowed_domains: vec!["example.org".into()],
            allowed_groups: vec!["staff".into()],
            ..provider()
        };
        assert!(check(&provider, &person("a@example.org", "verified", &["x", "staff"])).is_ok());
        assert!(check(&provider, &person("a@example.org", "verified", &["staffers"])).is_err());
        assert!(check(&provider, &person("a@b.test", "verified", &["staff"])).is_err());
    }

    #[test]
    fn groups_give_and_take_the_role_only_where_they_are_mapped() {
        assert_eq!(role(&provider(), &person("a@b", "verified", &["ops"])), None);
        let mapped = Provider { admin_groups: vec!["ops".into()], ..provider() };
        assert_eq!(role(&mapped, &person("a@b", "verified", &["ops"])), Some(Role::Admin));
        assert_eq!(role(&mapped, &person("a@b", "verified", &[])), Some(Role::User));
    }
}
