//! Forged ID tokens, tricked browsers and forged logout tokens: each is refused with its own error code.

use super::{audit_entries, mosaic_without_workers};
use serde_json::{Value, json};
use tests::{CLIENT_ID, ForgingProvider, Mosaic, Person, unix_seconds};

async fn mosaic_with_forging_provider() -> (Mosaic, ForgingProvider) {
    let mosaic = mosaic_without_workers().await;
    let admin = mosaic.admin().await;
    let provider = ForgingProvider::start().await;
    let settings = json!({ "issuer": provider.issuer, "clientId": CLIENT_ID, "clientSecret": "x" });
    let stored = admin.put("/api/settings/oidc", &settings).await;
    assert_eq!(stored.status, 200, "{:?}", stored.body);
    (mosaic, provider)
}

/// A sign-in that has been sent to the provider.
struct PendingSignIn {
    browser: Person,
    state: String,
    nonce: String,
}

async fn begin_sign_in(mosaic: &Mosaic) -> PendingSignIn {
    let browser = Person::without_redirects(&mosaic.url);
    let reply = browser.get("/api/auth/oidc/start").await;
    let url: reqwest::Url = reply.location().parse().unwrap();
    let value = |wanted: &str| url.query_pairs().find(|(name, _)| name == wanted).unwrap().1.into_owned();
    assert_eq!((&*value("code_challenge_method"), &*value("response_type")), ("S256", "code"));
    PendingSignIn { browser, state: value("state"), nonce: value("nonce") }
}

/// Returns from the provider; returns the error code, or `signed_in`.
async fn finish_sign_in(browser: &Person, state: &str, more: &str) -> String {
    let reply = browser.get(&format!("/api/auth/oidc/callback?state={state}{more}")).await;
    assert_eq!(reply.status, 303);
    match reply.location() {
        "/" => "signed_in".to_owned(),
        to => to.strip_prefix("/login?error=").unwrap_or_else(|| panic!("{to}")).to_owned(),
    }
}

#[tokio::test]
async fn a_forged_id_token_is_refused_with_the_reason() {
    let (mosaic, provider) = mosaic_with_forging_provider().await;
    type Forge = Box<dyn Fn(&ForgingProvider, Value) -> String>;
    fn with(name: &'static str, value: Value) -> impl Fn(&ForgingProvider, Value) -> String {
        move |provider, mut claims| {
            claims[name] = value.clone();
            provider.sign(&claims)
        }
    }
    let cases: Vec<(&str, Forge)> = vec![
        ("signed_in", Box::new(|provider, claims| provider.sign(&claims))),
        ("oidc_nonce", Box::new(with("nonce", json!("another")))),
        ("oidc_nonce", Box::new(with("nonce", Value::Null))),
        ("oidc_audience", Box::new(with("aud", json!("another")))),
        ("oidc_audience", Box::new(with("aud", json!([CLIENT_ID, "another"])))),
        ("oidc_issuer", Box::new(with("iss", json!("https://another.example")))),
        ("oidc_token_expired", Box::new(with("exp", json!(unix_seconds() - 10)))),
        ("oidc_signature", Box::new(|provider, claims| provider.sign_with_unknown_key(&claims))),
        ("oidc_signature", Box::new(|provider, claims| provider.unsigned(&claims))),
        (
            "oidc_signature",
            Box::new(|provider, claims| {
                // The body of one token with the signature of another.
                let (honest, mut other) = (provider.sign(&claims), claims.clone());
                other["sub"] = json!("root");
                let other = provider.sign(&other);
                let part = |token: &str, number: usize| token.split('.').nth(number).unwrap().to_owned();
                format!("{}.{}.{}", part(&honest, 0), part(&other, 1), part(&honest, 2))
            }),
        ),
    ];
    for (expected, forge) in cases {
        let PendingSignIn { browser, state, nonce } = begin_sign_in(&mosaic).await;
        provider.set_token(forge(&provider, provider.claims(&nonce)));
        assert_eq!(finish_sign_in(&browser, &state, "&code=x").await, expected);
        let signed_in = browser.get("/api/auth/me").await.status;
        assert_eq!(signed_in, if expected == "signed_in" { 200 } else { 401 });
        if expected != "signed_in" {
            let (outcome, detail) = audit_entries(&mosaic, "auth.login").await.remove(0);
            assert_eq!((&*outcome, detail["code"].as_str()), ("denied", Some(expected)));
        }
    }
}

#[tokio::test]
async fn a_sign_in_is_bound_to_its_browser_and_can_be_used_once() {
    let (mosaic, provider) = mosaic_with_forging_provider().await;
    let one = begin_sign_in(&mosaic).await;
    let two = begin_sign_in(&mosaic).await;
    provider.set_token(provider.sign(&provider.claims(&one.nonce)));
    // An attacker sends the response for their own sign-in to another browser: without a pending sign-in, and with one.
    assert_eq!(
        finish_sign_in(&Person::without_redirects(&mosaic.url), &one.state, "&code=x").await,
        "oidc_flow"
    );
    assert_eq!(finish_sign_in(&two.browser, &one.state, "&code=x").await, "oidc_state");
    assert_eq!(finish_sign_in(&one.browser, "", "&code=x").await, "oidc_state");
    assert_eq!(
        finish_sign_in(&one.browser, &one.state, "&code=x&iss=https://another.example").await,
        "oidc_issuer"
    );
    assert_eq!(
        finish_sign_in(&one.browser, &one.state, "&code=x").await,
        "oidc_flow",
        "the refused response ended the sign-in"
    );

    let three = begin_sign_in(&mosaic).await;
    provider.set_token(provider.sign(&provider.claims(&three.nonce)));
    assert_eq!(finish_sign_in(&three.browser, &three.state, "&code=x").await, "signed_in");
    assert_eq!(finish_sign_in(&three.browser, &three.state, "&code=x").await, "oidc_flow");

    let four = begin_sign_in(&mosaic).await;
    sqlx::query("update oidc_flows set expires_at = now()").execute(&mosaic.database.pool).await.unwrap();
    assert_eq!(finish_sign_in(&four.browser, &four.state, "&code=x").await, "oidc_flow", "too late");
    let five = begin_sign_in(&mosaic).await;
    assert_eq!(finish_sign_in(&five.browser, &five.state, "&error=access_denied").await, "oidc_denied");
    let six = begin_sign_in(&mosaic).await;
    assert_eq!(
        finish_sign_in(&six.browser, &six.state, "&error=server_error&error_description=<b>").await,
        "oidc_provider"
    );
    let seven = begin_sign_in(&mosaic).await;
    assert_eq!(finish_sign_in(&seven.browser, &seven.state, "").await, "oidc_provider");
}

#[tokio::test]
async fn a_logout_token_must_be_valid_and_can_be_used_once() {
    let (mosaic, provider) = mosaic_with_forging_provider().await;
    let signed_in = async |claims: Value| {
        let PendingSignIn { browser, state, nonce } = begin_sign_in(&mosaic).await;
        let mut token = provider.claims(&nonce);
        token.as_object_mut().unwrap().extend(claims.as_object().unwrap().clone());
        provider.set_token(provider.sign(&token));
        assert_eq!(finish_sign_in(&browser, &state, "&code=x").await, "signed_in");
        browser
    };
    let (one, two) = (signed_in(json!({ "sid": "s1" })).await, signed_in(json!({ "sid": "s2" })).await);
    let other = signed_in(json!({ "sub": "trent", "sid": "s3" })).await;
    let url = format!("{}/api/auth/oidc/backchannel-logout", mosaic.url);
    let post = async |token: String| {
        let (status, body) = mosaic.anonymous().submit(&url, &[("logout_token", &token)]).await;
        let body: Value = serde_json::from_str(&body).unwrap_or_default();
        (status, body["code"].as_str().unwrap_or("-").to_owned())
    };
    let status = async |person: &Person| person.get("/api/auth/me").await.status;

    let with = |name: &str, value: Value| {
        let mut claims = provider.logout_claims();
        claims[name] = value;
        provider.sign(&claims)
    };
    let without_subject = {
        let mut claims = provider.logout_claims();
        claims.as_object_mut().unwrap().remove("sub");
        provider.sign(&claims)
    };
    for (token, code) in [
        (provider.sign_with_unknown_key(&provider.logout_claims()), "oidc_signature"),
        (provider.unsigned(&provider.logout_claims()), "oidc_signature"),
        (with("iss", json!("https://another.example")), "oidc_issuer"),
        (with("aud", json!("another")), "oidc_audience"),
        (with("iat", json!(unix_seconds() - 900)), "oidc_token_expired"),
        (with("iat", json!(unix_seconds() + 900)), "oidc_token_expired"),
        (with("exp", json!(unix_seconds() - 1)), "oidc_token_expired"),
        (with("events", json!({})), "oidc_token"),
        (with("nonce", json!("n")), "oidc_token"),
        (with("jti", json!("")), "oidc_token"),
        (without_subject, "oidc_token"),
        (provider.sign(&provider.claims("n")), "oidc_token"),
        ("nonsense".to_owned(), "oidc_token"),
    ] {
        assert_eq!(post(token).await, (400, code.to_owned()));
    }
    assert_eq!((status(&one).await, status(&two).await, status(&other).await), (200, 200, 200));

    let token = with("sid", json!("s1"));
    assert_eq!(post(token.clone()).await.0, 200);
    assert_eq!((status(&one).await, status(&two).await), (401, 200), "one session");
    assert_eq!(post(token).await, (400, "oidc_replayed".to_owned()));
    assert_eq!(post(provider.sign(&provider.logout_claims())).await.0, 200);
    assert_eq!(
        (status(&two).await, status(&other).await),
        (401, 200),
        "all sessions of that person, and no others"
    );
}
