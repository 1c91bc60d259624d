//! A provider that lies, a browser that was tricked, and logout tokens of somebody else's making: each is refused,
//! under a name of its own.

use super::{audited, mosaic};
use serde_json::{Value, json};
use tests::{CLIENT, Forger, Mosaic, Person, now};

async fn ready() -> (Mosaic, Forger) {
    let mosaic = mosaic().await;
    let admin = mosaic.admin().await;
    let forger = Forger::start().await;
    let settings = json!({ "issuer": forger.issuer, "clientId": CLIENT, "clientSecret": "x" });
    let stored = admin.put("/api/settings/oidc", &settings).await;
    assert_eq!(stored.status, 200, "{:?}", stored.body);
    (mosaic, forger)
}

/// A browser on its way to the provider.
struct Away {
    browser: Person,
    state: String,
    nonce: String,
}

async fn away(mosaic: &Mosaic) -> Away {
    let browser = Person::stepwise(&mosaic.url);
    let reply = browser.get("/api/auth/oidc/start").await;
    let url: reqwest::Url = reply.location().parse().unwrap();
    let value = |wanted: &str| url.query_pairs().find(|(name, _)| name == wanted).unwrap().1.into_owned();
    assert_eq!((&*value("code_challenge_method"), &*value("response_type")), ("S256", "code"));
    Away { browser, state: value("state"), nonce: value("nonce") }
}

/// Comes back; answers with the code of the refusal, or `in`.
async fn back(browser: &Person, state: &str, more: &str) -> String {
    let reply = browser.get(&format!("/api/auth/oidc/callback?state={state}{more}")).await;
    assert_eq!(reply.status, 303);
    match reply.location() {
        "/" => "in".to_owned(),
        to => to.strip_prefix("/login?error=").unwrap_or_else(|| panic!("{to}")).to_owned(),
    }
}

#[tokio::test]
async fn a_forged_id_token_is_refused_by_what_is_wrong_with_it() {
    let (mosaic, forger) = ready().await;
    type Forge = Box<dyn Fn(&Forger, Value) -> String>;
    fn with(name: &'static str, value: Value) -> impl Fn(&Forger, Value) -> String {
        move |forger, mut claims| {
            claims[name] = value.clone();
            forger.sign(&claims)
        }
    }
    let cases: Vec<(&str, Forge)> = vec![
        ("in", Box::new(|forger, claims| forger.sign(&claims))),
        ("oidc_nonce", Box::new(with("nonce", json!("another")))),
        ("oidc_nonce", Box::new(with("nonce", Value::Null))),
        ("oidc_audience", Box::new(with("aud", json!("another")))),
        ("oidc_audience", Box::new(with("aud", json!([CLIENT, "another"])))),
        ("oidc_issuer", Box::new(with("iss", json!("https://another.example")))),
        ("oidc_token_expired", Box::new(with("exp", json!(now() - 10)))),
        ("oidc_signature", Box::new(|forger, claims| forger.sign_wrongly(&claims))),
        ("oidc_signature", Box::new(|forger, claims| forger.unsigned(&claims))),
        (
            "oidc_signature",
            Box::new(|forger, claims| {
                // The body of one token under the signature of another.
                let (honest, mut other) = (forger.sign(&claims), claims.clone());
                other["sub"] = json!("root");
                let other = forger.sign(&other);
                let part = |token: &str, number: usize| token.split('.').nth(number).unwrap().to_owned();
                format!("{}.{}.{}", part(&honest, 0), part(&other, 1), part(&honest, 2))
            }),
        ),
    ];
    for (expected, forge) in cases {
        let Away { browser, state, nonce } = away(&mosaic).await;
        forger.hand_out(forge(&forger, forger.claims(&nonce)));
        assert_eq!(back(&browser, &state, "&code=x").await, expected);
        let signed_in = browser.get("/api/auth/me").await.status;
        assert_eq!(signed_in, if expected == "in" { 200 } else { 401 });
        if expected != "in" {
            let (outcome, detail) = audited(&mosaic, "auth.login").await.remove(0);
            assert_eq!((&*outcome, detail["code"].as_str()), ("denied", Some(expected)));
        }
    }
}

#[tokio::test]
async fn a_sign_in_belongs_to_the_browser_that_began_it_and_counts_once() {
    let (mosaic, forger) = ready().await;
    let one = away(&mosaic).await;
    let two = away(&mosaic).await;
    forger.hand_out(forger.sign(&forger.claims(&one.nonce)));
    // Mallory sends his own answer to somebody: without a sign-in under way, and with one.
    assert_eq!(back(&Person::stepwise(&mosaic.url), &one.state, "&code=x").await, "oidc_flow");
    assert_eq!(back(&two.browser, &one.state, "&code=x").await, "oidc_state");
    assert_eq!(back(&one.browser, "", "&code=x").await, "oidc_state");
    assert_eq!(back(&one.browser, &one.state, "&code=x&iss=https://another.example").await, "oidc_issuer");
    assert_eq!(back(&one.browser, &one.state, "&code=x").await, "oidc_flow", "that answer ended it");

    let three = away(&mosaic).await;
    forger.hand_out(forger.sign(&forger.claims(&three.nonce)));
    assert_eq!(back(&three.browser, &three.state, "&code=x").await, "in");
    assert_eq!(back(&three.browser, &three.state, "&code=x").await, "oidc_flow");

    let four = away(&mosaic).await;
    sqlx::query("update oidc_flows set expires_at = now()").execute(&mosaic.database.pool).await.unwrap();
    assert_eq!(back(&four.browser, &four.state, "&code=x").await, "oidc_flow", "too late");
    let five = away(&mosaic).await;
    assert_eq!(back(&five.browser, &five.state, "&error=access_denied").await, "oidc_denied");
    let six = away(&mosaic).await;
    assert_eq!(
        back(&six.browser, &six.state, "&error=server_error&error_description=<b>").await,
        "oidc_provider"
    );
    let seven = away(&mosaic).await;
    assert_eq!(back(&seven.browser, &seven.state, "").await, "oidc_provider");
}

#[tokio::test]
async fn a_logout_token_must_be_the_providers_and_counts_once() {
    let (mosaic, forger) = ready().await;
    let signed_in = async |claims: Value| {
        let Away { browser, state, nonce } = away(&mosaic).await;
        let mut token = forger.claims(&nonce);
        token.as_object_mut().unwrap().extend(claims.as_object().unwrap().clone());
        forger.hand_out(forger.sign(&token));
        assert_eq!(back(&browser, &state, "&code=x").await, "in");
        browser
    };
    let (one, two) = (signed_in(json!({ "sid": "s1" })).await, signed_in(json!({ "sid": "s2" })).await);
    let other = signed_in(json!({ "sub": "trent", "sid": "s3" })).await;
    let url = format!("{}/api/auth/oidc/backchannel-logout", mosaic.url);
    let post = async |token: String| {
        let (status, body) = mosaic.anon().submit(&url, &[("logout_token", &token)]).await;
        let body: Value = serde_json::from_str(&body).unwrap_or_default();
        (status, body["code"].as_str().unwrap_or("-").to_owned())
    };
    let status = async |person: &Person| person.get("/api/auth/me").await.status;

    let with = |name: &str, value: Value| {
        let mut claims = forger.logout_claims();
        claims[name] = value;
        forger.sign(&claims)
    };
    let without_person = {
        let mut claims = forger.logout_claims();
        claims.as_object_mut().unwrap().remove("sub");
        forger.sign(&claims)
    };
    for (token, code) in [
        (forger.sign_wrongly(&forger.logout_claims()), "oidc_signature"),
        (forger.unsigned(&forger.logout_claims()), "oidc_signature"),
        (with("iss", json!("https://another.example")), "oidc_issuer"),
        (with("aud", json!("another")), "oidc_audience"),
        (with("iat", json!(now() - 900)), "oidc_token_expired"),
        (with("iat", json!(now() + 900)), "oidc_token_expired"),
        (with("exp", json!(now() - 1)), "oidc_token_expired"),
        (with("events", json!({})), "oidc_token"),
        (with("nonce", json!("n")), "oidc_token"),
        (with("jti", json!("")), "oidc_token"),
        (without_person, "oidc_token"),
        (forger.sign(&forger.claims("n")), "oidc_token"),
        ("nonsense".to_owned(), "oidc_token"),
    ] {
        assert_eq!(post(token).await, (400, code.to_owned()));
    }
    assert_eq!((status(&one).await, status(&two).await, status(&other).await), (200, 200, 200));

    let token = with("sid", json!("s1"));
    assert_eq!(post(token.clone()).await.0, 200);
    assert_eq!((status(&one).await, status(&two).await), (401, 200), "one session");
    assert_eq!(post(token).await, (400, "oidc_replayed".to_owned()));
    assert_eq!(post(forger.sign(&forger.logout_claims())).await.0, 200);
    assert_eq!((status(&two).await, status(&other).await), (401, 200), "all of that person, and nobody else");
}
