//! The onboarding: from an empty database to a working instance, and only once.

use serde_json::json;
use tests::{Mosaic, eventually};

#[tokio::test]
async fn the_first_admin_needs_the_setup_token_and_there_is_only_one() {
    let mosaic = Mosaic::start().await;
    let anon = mosaic.anonymous();
    let state = anon.get("/api/onboarding").await;
    assert_eq!(
        state.body,
        json!({ "completed": false, "breakglass": false, "oidc": false, "provider": false, "agent": false })
    );

    let credentials = json!({ "username": "root", "password": "correct horse battery staple" });
    let without = anon.post("/api/onboarding/breakglass", &credentials).await;
    assert_eq!((without.status, without.body["code"].as_str()), (403, Some("setup_token")));
    let token = mosaic.setup_token();
    let wrong = format!("{}x", &token[..token.len() - 1]);
    let wrong =
        anon.post_with("/api/onboarding/breakglass", &credentials, &[("X-Setup-Token", &wrong)]).await;
    assert_eq!(wrong.status, 403);

    let weak = json!({ "username": "root", "password": "password1234" });
    let weak = anon.post_with("/api/onboarding/breakglass", &weak, &[("X-Setup-Token", &token)]).await;
    assert_eq!((weak.status, weak.body["errors"][0]["field"].as_str()), (422, Some("password")));

    // Of ten concurrent attempts one succeeds.
    let attempts = (0..10).map(|_| {
        let (anon, credentials, token) = (mosaic.anonymous(), credentials.clone(), token.clone());
        tokio::spawn(async move {
            anon.post_with("/api/onboarding/breakglass", &credentials, &[("X-Setup-Token", &token)])
                .await
                .status
        })
    });
    let mut statuses = Vec::new();
    for attempt in attempts {
        statuses.push(attempt.await.unwrap());
    }
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409, 409, 409, 409, 409, 409, 409, 409, 409]);
}

#[tokio::test]
async fn the_steps_lead_to_a_working_instance_and_cannot_be_repeated() {
    let mosaic = Mosaic::start().await;
    let admin = mosaic.admin().await;
    assert_eq!(admin.get("/api/auth/me").await.body["role"], "admin");
    assert_eq!(mosaic.anonymous().post("/api/onboarding/provider", &mosaic.provider()).await.status, 401);
    let early = admin.post("/api/onboarding/complete", &json!({})).await;
    assert_eq!((early.status, early.body["code"].as_str()), (409, Some("onboarding_incomplete")));

    let saved = admin.post("/api/onboarding/provider", &mosaic.provider()).await;
    assert_eq!(saved.status, 202, "{:?}", saved.body);
    let job = format!("/api/jobs/{}", saved.body["jobId"].as_str().unwrap());
    let job = eventually("the provider test ends", || async {
        let job = admin.get(&job).await.body;
        (job["state"] == "done").then_some(job)
    })
    .await;
    let phases: Vec<&str> =
        job["phases"].as_array().unwrap().iter().map(|p| p["name"].as_str().unwrap()).collect();
    assert_eq!(phases, ["reach", "key", "model", "answer"]);
    let provider = format!("/api/providers/{}", saved.body["providerId"].as_str().unwrap());
    let provider = admin.get(&provider).await.body;
    assert_eq!(provider["lastTest"]["ok"], true, "{provider}");
    assert_eq!(provider["apiKey"], json!({ "set": true, "endsIn": "cdef" }));

    let id = provider["id"].as_str().unwrap();
    let models = admin.get(&format!("/api/providers/{id}/models")).await.body;
    assert_eq!(models["listed"], true, "{models}");
    assert!(models["items"].as_array().unwrap().iter().any(|model| model["id"] == "stub-echo"), "{models}");

    let unknown = admin.post("/api/onboarding/agent", &json!({ "name": "Ada", "model": "nobody/x" })).await;
    assert_eq!((unknown.status, unknown.body["errors"][0]["field"].as_str()), (422, Some("model")));
    let agent = admin.post("/api/onboarding/agent", &json!({ "name": "Ada", "model": "stub/stub-1" })).await;
    assert_eq!(agent.status, 201, "{:?}", agent.body);
    assert_eq!(admin.post("/api/onboarding/complete", &json!({})).await.status, 204);

    for (path, body) in [
        ("/api/onboarding/provider", mosaic.provider()),
        ("/api/onboarding/agent", json!({ "name": "Eve", "model": "stub/stub-1" })),
        ("/api/onboarding/complete", json!({})),
    ] {
        let late = admin.post(path, &body).await;
        assert_eq!((late.status, late.body["code"].as_str()), (409, Some("onboarding_completed")), "{path}");
    }
    let credentials = json!({ "username": "mallory", "password": "correct horse battery staple" });
    let token = mosaic.setup_token();
    let again = mosaic
        .anonymous()
        .post_with("/api/onboarding/breakglass", &credentials, &[("X-Setup-Token", &token)])
        .await;
    assert_eq!(again.status, 409);
}

#[tokio::test]
async fn a_user_signs_in_and_out() {
    let mosaic = Mosaic::start().await;
    mosaic.admin().await;
    let person = mosaic.anonymous();
    let wrong = person.post("/api/auth/login", &json!({ "username": "root", "password": "wrong" })).await;
    assert_eq!((wrong.status, wrong.body["code"].as_str()), (401, Some("bad_credentials")));
    let unknown_name =
        person.post("/api/auth/login", &json!({ "username": "nobody", "password": "wrong" })).await;
    assert_eq!(unknown_name.body["detail"], wrong.body["detail"]);

    let right = json!({ "username": "ROOT", "password": "correct horse battery staple" });
    assert_eq!(person.post("/api/auth/login", &right).await.status, 200);
    assert_eq!(person.get("/api/auth/me").await.body["username"], "root");
    let foreign = person.post_with("/api/auth/logout", &json!({}), &[("Sec-Fetch-Site", "cross-site")]).await;
    assert_eq!((foreign.status, foreign.body["code"].as_str()), (403, Some("cross_site")));
    assert_eq!(person.post("/api/auth/logout", &json!({})).await.status, 204);
    assert_eq!(person.get("/api/auth/me").await.status, 401);
}
