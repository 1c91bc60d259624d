//! Signing in and out with a real OpenID provider.

use super::{PASSWORD, audit_entries, change_settings, mosaic_without_workers, sign_in};
use serde_json::{Value, json};
use tests::{CLIENT_SECRET, IdentityProvider, Mosaic, Person, eventually};

const SETTINGS: &str = "/api/settings/oidc";

fn alice() -> Value {
    json!({ "sub": "a1", "preferred_username": "alice", "name": "Alice A.", "email": "alice@example.org",
            "email_verified": true, "groups": ["staff"] })
}

async fn mosaic_with_provider() -> (Mosaic, Person, IdentityProvider) {
    let mosaic = mosaic_without_workers().await;
    let admin = mosaic.admin().await;
    let provider = IdentityProvider::start(&mosaic).await;
    let stored = admin.put(SETTINGS, &provider.settings()).await;
    assert_eq!(stored.status, 200, "{:?}", stored.body);
    provider.set_person(&alice()).await;
    (mosaic, admin, provider)
}

/// Signs in through the provider with a new browser; returns the browser and its final address.
async fn sign_in_with_provider(mosaic: &Mosaic) -> (Person, String) {
    let person = mosaic.anonymous();
    let (_, ended, _) = person.visit(&format!("{}/api/auth/oidc/start", mosaic.url)).await;
    (person, ended)
}

async fn refused_sign_in(mosaic: &Mosaic) -> String {
    let (person, ended) = sign_in_with_provider(mosaic).await;
    assert_eq!(person.get("/api/auth/me").await.status, 401);
    ended.split_once("/login?error=").unwrap_or_else(|| panic!("{ended}")).1.to_owned()
}

async fn change_provider(admin: &Person, provider: &IdentityProvider, changes: Value) {
    let mut settings = provider.settings();
    settings.as_object_mut().unwrap().remove("clientSecret");
    settings.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    let reply = admin.put(SETTINGS, &settings).await;
    assert_eq!(reply.status, 200, "{:?}", reply.body);
}

#[tokio::test]
async fn the_first_sign_in_creates_an_account_that_later_ones_find() {
    let (mosaic, _, provider) = mosaic_with_provider().await;
    assert_eq!(
        mosaic.anonymous().get("/api/auth/methods").await.body,
        json!({ "breakglass": true, "oidc": true, "oidcLabel": "Single sign-on" })
    );
    let (person, ended) = sign_in_with_provider(&mosaic).await;
    assert_eq!(ended, format!("{}/", mosaic.url));
    let me = person.get("/api/auth/me").await.body;
    assert_eq!(
        (&me["username"], &me["displayName"], &me["role"]),
        (&json!("alice"), &json!("Alice A."), &json!("user"))
    );
    assert_eq!(person.get("/api/auth/sessions").await.body["items"][0]["method"], "oidc");

    // Renamed at the provider, but the same person: `sub` identifies them.
    provider.set_person(&json!({ "sub": "a1", "preferred_username": "alicia" })).await;
    assert_eq!(sign_in_with_provider(&mosaic).await.0.get("/api/auth/me").await.body["id"], me["id"]);
    // Another person with the same name, and one with the admin's name.
    for (claims, name) in [
        (json!({ "sub": "a2", "preferred_username": "Alice" }), "Alice-2"),
        (json!({ "sub": "a3", "preferred_username": "root" }), "root-2"),
        (json!({ "sub": "a4", "email": "bob@example.org" }), "bob"),
        (json!({ "sub": "a5" }), "user"),
    ] {
        provider.set_person(&claims).await;
        let other = sign_in_with_provider(&mosaic).await.0.get("/api/auth/me").await.body;
        assert_eq!((&other["username"], &other["role"]), (&json!(name), &json!("user")));
        assert_ne!(other["id"], me["id"]);
    }
    assert_eq!(audit_entries(&mosaic, "user.create").await.len(), 5);
}

#[tokio::test]
async fn a_sign_in_cannot_take_the_account_of_an_instances_own_agent() {
    let (mosaic, admin, _provider) = mosaic_with_provider().await;
    let made = admin.post("/api/fleet/system-containers", &json!({ "name": "alice" })).await;
    assert_eq!(made.status, 201, "{:?}", made.body);
    let me = sign_in_with_provider(&mosaic).await.0.get("/api/auth/me").await.body;
    assert_eq!(me["username"], "alice-2", "the same name is another account");
    assert_ne!(me["id"], made.body["id"]);
    // Even if an identity is linked to the account.
    sqlx::query("update oidc_identities set user_id = (select user_id from system_containers)")
        .execute(&mosaic.database.pool)
        .await
        .unwrap();
    assert_eq!(refused_sign_in(&mosaic).await, "oidc_disabled");
}

#[tokio::test]
async fn the_settings_decide_who_may_sign_in() {
    let (mosaic, admin, provider) = mosaic_with_provider().await;
    change_provider(&admin, &provider, json!({ "autoProvision": false })).await;
    assert_eq!(refused_sign_in(&mosaic).await, "oidc_no_account");
    change_provider(&admin, &provider, json!({ "allowedDomains": ["example.com"] })).await;
    assert_eq!(refused_sign_in(&mosaic).await, "oidc_not_allowed");
    change_provider(&admin, &provider, json!({ "allowedGroups": ["board"] })).await;
    assert_eq!(refused_sign_in(&mosaic).await, "oidc_not_allowed");
    change_provider(
        &admin,
        &provider,
        json!({ "allowedDomains": ["Example.org"], "allowedGroups": ["board", "staff"] }),
    )
    .await;
    let (person, _) = sign_in_with_provider(&mosaic).await;
    assert_eq!(person.get("/api/auth/me").await.status, 200);
    provider
        .set_person(
            &json!({ "sub": "x", "email": "x@example.org", "email_verified": false, "groups": ["staff"] }),
        )
        .await;
    assert_eq!(refused_sign_in(&mosaic).await, "oidc_not_allowed", "the address is not verified");

    provider.set_person(&alice()).await;
    sqlx::query("update users set disabled_at = now() where username = 'alice'")
        .execute(&mosaic.database.pool)
        .await
        .unwrap();
    assert_eq!(person.get("/api/auth/me").await.status, 401);
    assert_eq!(refused_sign_in(&mosaic).await, "oidc_disabled");
    let (outcome, detail) = audit_entries(&mosaic, "auth.login").await.remove(0);
    assert_eq!((&*outcome, detail), ("denied", json!({ "via": "oidc", "code": "oidc_disabled" })));
}

#[tokio::test]
async fn groups_grant_and_revoke_the_admin_role_but_not_for_the_breakglass_admin() {
    let (mosaic, admin, provider) = mosaic_with_provider().await;
    change_provider(&admin, &provider, json!({ "adminGroups": ["ops"] })).await;
    let role = async |groups: Value| {
        let mut claims = alice();
        claims["groups"] = groups;
        provider.set_person(&claims).await;
        sign_in_with_provider(&mosaic).await.0.get("/api/auth/me").await.body["role"].clone()
    };
    assert_eq!(role(json!(["staff"])).await, "user");
    assert_eq!(role(json!(["staff", "ops"])).await, "admin");
    assert_eq!(role(json!([])).await, "user");
    assert_eq!(audit_entries(&mosaic, "user.role").await.len(), 2);
    // As if the breakglass admin's account had been linked to the provider's person.
    sqlx::query("update oidc_identities set user_id = (select user_id from breakglass_users)")
        .execute(&mosaic.database.pool)
        .await
        .unwrap();
    assert_eq!(role(json!([])).await, "admin");
}

#[tokio::test]
async fn signing_out_redirects_to_the_provider_which_ends_other_sessions() {
    let (mosaic, _, _provider) = mosaic_with_provider().await;
    let (person, _) = sign_in_with_provider(&mosaic).await;
    let (second, _) = sign_in_with_provider(&mosaic).await;
    // The provider's page asks for confirmation, with a form and a token. The provider knows the second browser's
    // session at Mosaic by its `sid` and ends it through the back channel.
    let out = person.post("/api/auth/logout", &json!({})).await;
    assert_eq!(out.status, 200, "{:?}", out.body);
    assert_eq!(person.get("/api/auth/me").await.status, 401);
    let (status, _, _) = person.visit(out.body["redirectTo"].as_str().unwrap()).await;
    assert_eq!(status, 200);
    assert_eq!(second.get("/api/auth/me").await.status, 200, "another browser's session is not affected");

    let (_, _, page) = second.visit(out.body["redirectTo"].as_str().unwrap()).await;
    let xsrf = page.split("name=\"xsrf\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    let confirm = page.split("action=\"").nth(1).unwrap().split('"').next().unwrap();
    second.submit(confirm, &[("xsrf", xsrf), ("logout", "yes")]).await;
    eventually("the back channel ends the session", || async {
        (second.get("/api/auth/me").await.status == 401).then_some(())
    })
    .await;
    // A session from a password has no provider to go to.
    let admin = mosaic.anonymous();
    sign_in(&admin, PASSWORD).await;
    assert_eq!(admin.post("/api/auth/logout", &json!({})).await.status, 204);
}

#[tokio::test]
async fn the_connection_test_names_the_fault_and_never_sends_the_secret_elsewhere() {
    let (mosaic, admin, provider) = mosaic_with_provider().await;
    let test = async |typed: Value| {
        let report = admin.post("/api/settings/oidc/test", &typed).await;
        assert_eq!(report.status, 200, "{:?}", report.body);
        assert_eq!(report.body["redirectUri"], format!("{}/api/auth/oidc/callback", mosaic.url));
        let step = |number: usize| {
            let step = &report.body["steps"][number];
            format!("{} {}", step["status"].as_str().unwrap(), step["code"].as_str().unwrap_or("-"))
        };
        (step(0), step(1))
    };
    let both = |one: &str, two: &str| (one.to_owned(), two.to_owned());
    assert_eq!(test(json!({})).await, both("passed -", "passed -"), "the stored settings");
    assert_eq!(test(json!({ "clientSecret": "wrong" })).await, both("passed -", "failed oidc_client"));
    assert_eq!(
        test(json!({ "clientId": "other" })).await,
        both("passed -", "skipped -"),
        "the secret of another client is not known"
    );
    let slash = format!("{}/", provider.issuer);
    assert_eq!(test(json!({ "issuer": slash })).await, both("failed oidc_issuer", "skipped -"));
    let unreachable = json!({ "issuer": "http://localhost:1", "clientId": "mosaic" });
    assert_eq!(test(unreachable).await, both("failed oidc_unreachable", "skipped -"));
    assert_eq!(test(json!({ "issuer": mosaic.url })).await, both("failed oidc_discovery", "skipped -"));

    let moved = admin.put(SETTINGS, &json!({ "issuer": slash, "clientId": "mosaic" })).await;
    assert_eq!((moved.status, &moved.body["errors"][0]["field"]), (422, &json!("clientSecret")));
    let shown = admin.get(SETTINGS).await.body;
    assert_eq!(
        (&shown["clientSecret"], &shown["issuer"]),
        (&json!({ "set": true }), &json!(provider.issuer))
    );
    let config: String = sqlx::query_scalar("select string_agg(to_jsonb(a)::text, '') from audit_log a")
        .fetch_one(&mosaic.database.pool)
        .await
        .unwrap();
    for place in [shown.to_string(), config, mosaic.logs()] {
        assert!(!place.contains(CLIENT_SECRET), "the client secret is exposed");
    }
}

#[tokio::test]
async fn the_breakglass_password_works_without_the_provider() {
    let (mosaic, admin, mut provider) = mosaic_with_provider().await;
    let (person, _) = sign_in_with_provider(&mosaic).await;
    // The provider is down. Its discovery document is cached for a minute, so the code cannot be redeemed.
    provider.stop();
    let stepwise = Person::without_redirects(&mosaic.url);
    let state = stepwise
        .get("/api/auth/oidc/start")
        .await
        .location()
        .split("state=")
        .nth(1)
        .unwrap()
        .split('&')
        .next()
        .unwrap()
        .to_owned();
    let back = stepwise.get(&format!("/api/auth/oidc/callback?code=x&state={state}")).await;
    assert_eq!((back.status, back.location()), (303, "/login?error=oidc_unreachable"));
    assert_eq!(sign_in(&mosaic.anonymous(), PASSWORD).await.status, 200);
    assert_eq!(
        person.post("/api/auth/logout", &json!({})).await.status,
        200,
        "signing out does not need the provider"
    );

    // The provider is misconfigured.
    let nonsense = json!({ "issuer": "https://unknown.invalid", "clientId": "x", "clientSecret": "x" });
    assert_eq!(admin.put(SETTINGS, &nonsense).await.status, 200);
    assert_eq!(refused_sign_in(&mosaic).await, "oidc_unreachable");
    assert_eq!(sign_in(&mosaic.anonymous(), PASSWORD).await.status, 200);

    // The provider is removed.
    assert_eq!(admin.delete(SETTINGS).await.status, 204);
    assert_eq!(admin.delete(SETTINGS).await.status, 404);
    assert_eq!(refused_sign_in(&mosaic).await, "oidc_not_configured");
    assert_eq!(mosaic.anonymous().get("/api/auth/methods").await.body["oidc"], false);
    assert_eq!(sign_in(&mosaic.anonymous(), PASSWORD).await.status, 200);
}

#[tokio::test]
async fn behind_a_proxy_the_public_address_is_used() {
    let (mosaic, admin, _provider) = mosaic_with_provider().await;
    change_settings(&admin, json!({ "publicUrl": "https://fleet.example.org" })).await;
    let shown = admin.get(SETTINGS).await.body;
    assert_eq!(shown["redirectUri"], "https://fleet.example.org/api/auth/oidc/callback");
    let stepwise = Person::without_redirects(&mosaic.url);
    let start =
        stepwise.request(reqwest::Method::GET, "/api/auth/oidc/start").header("X-Forwarded-Proto", "https");
    let start = start.send().await.unwrap();
    let to = start.headers()["location"].to_str().unwrap();
    assert!(
        to.contains("redirect_uri=https%3A%2F%2Ffleet.example.org%2Fapi%2Fauth%2Foidc%2Fcallback"),
        "{to}"
    );
    let cookie = start.headers()["set-cookie"].to_str().unwrap();
    assert!(
        cookie.starts_with("__Host-mosaic_flow=") && cookie.contains("Secure") && cookie.contains("HttpOnly"),
        "{cookie}"
    );
}

#[tokio::test]
async fn the_onboarding_step_for_the_provider_can_be_skipped() {
    let mosaic = mosaic_without_workers().await;
    let admin = mosaic.admin().await;
    let path = "/api/onboarding/oidc";
    let done = async || admin.get("/api/onboarding").await.body["oidc"].clone();
    assert_eq!(mosaic.anonymous().post(path, &json!({ "skip": true })).await.status, 401);
    let half = admin.post(path, &json!({ "issuer": "https://id.example.org" })).await;
    assert_eq!((half.status, &half.body["errors"][0]["field"]), (422, &json!("clientId")));
    assert_eq!(done().await, false);
    assert_eq!(admin.post(path, &json!({ "skip": true })).await.status, 204);
    assert_eq!(done().await, true);
    // The skipped step can be done later, in another browser.
    let again = mosaic.anonymous();
    sign_in(&again, PASSWORD).await;
    let provider = json!({ "issuer": "https://id.example.org", "clientId": "m", "clientSecret": "s" });
    assert_eq!(again.post(path, &provider).await.status, 204);
    assert_eq!(again.get("/api/auth/methods").await.body["oidc"], true);

    let closed = "insert into system_config (key, value) values ('onboarding', '{\"completed\": true, \"at\": \"2026-01-01T00:00:00Z\"}')";
    sqlx::query(closed).execute(&mosaic.database.pool).await.unwrap();
    for body in [json!({ "skip": true }), provider] {
        let late = admin.post(path, &body).await;
        assert_eq!((late.status, late.code()), (409, "onboarding_completed"));
    }
}
