//! Settings: versions detect concurrent changes, invalid values are refused, and changes take effect in every process.

use serde_json::json;
use tests::{Mosaic, eventually};
use tokio::time::Instant;

#[tokio::test]
async fn a_change_takes_effect_in_every_process() {
    let mut mosaic = Mosaic::start().await;
    let admin = mosaic.onboarded().await;
    let replica = admin.at(&mosaic.start_replica().await);
    let version = admin.get("/api/settings").await.headers["etag"].to_str().unwrap().to_owned();
    let began = Instant::now();
    let change = json!({ "publicUrl": "https://fleet.example.org" });
    assert_eq!(admin.patch_with("/api/settings", &change, &[("If-Match", &version)]).await.status, 200);
    // The redirect address for the identity provider comes from the process's snapshot, not from the database.
    eventually("the other process uses the new value", || async {
        let shown = replica.get("/api/settings/oidc").await.body;
        shown["redirectUri"].as_str().unwrap().starts_with("https://fleet.example.org/").then_some(())
    })
    .await;
    eprintln!("a changed setting took effect in another process after {:?}", began.elapsed());
}

#[tokio::test]
async fn concurrent_changes_are_detected_and_invalid_values_are_refused() {
    let mosaic = Mosaic::start().await;
    let admin = mosaic.onboarded().await;
    let version = admin.get("/api/settings").await.headers["etag"].to_str().unwrap().to_owned();
    let patch =
        async |body, version: &str| admin.patch_with("/api/settings", &body, &[("If-Match", version)]).await;
    let without = admin.patch("/api/settings", &json!({ "idleTimeoutMinutes": 10 })).await;
    assert_eq!((without.status, &without.body["code"]), (428, &json!("if_match_required")));
    assert_eq!(patch(json!({ "idleTimeoutMinutes": 10 }), &version).await.status, 200);
    let late = patch(json!({ "idleTimeoutMinutes": 20 }), &version).await;
    assert_eq!((late.status, &late.body["code"]), (412, &json!("stale")));
    let now = admin.get("/api/settings").await;
    assert_eq!(now.body["idleTimeoutMinutes"], 10);
    let version = now.headers["etag"].to_str().unwrap().to_owned();
    for (wrong, field) in [
        (json!({ "containerRuntime": "kata" }), "containerRuntime"),
        (json!({ "startTimeoutSeconds": 5 }), "startTimeoutSeconds"),
        (json!({ "sessionDays": 0 }), "sessionDays"),
        (json!({ "subnetPool": "10.99.0.0/28" }), "subnetPool"),
    ] {
        let refused = patch(wrong.clone(), &version).await;
        assert_eq!((refused.status, &refused.body["errors"][0]["field"]), (422, &json!(field)), "{wrong}");
    }
    for wrong in [
        json!({ "unknown": 1 }),
        json!({ "idleTimeoutMinutes": "soon" }),
        json!({ "publicUrl": "http://x.org" }),
    ] {
        let refused = patch(wrong.clone(), &version).await;
        assert_eq!((refused.status, &refused.body["code"]), (422, &json!("invalid")), "{wrong}");
        assert!(refused.body["detail"].as_str().unwrap().len() > 20);
    }
    let mallory = mosaic.user("mallory").await;
    assert_eq!(mallory.get("/api/settings").await.status, 403);
    let log = admin.get("/api/audit?action=settings.change").await.body;
    let entry = &log["items"][0]["detail"];
    assert_eq!(
        (&entry["before"]["idleTimeoutMinutes"], &entry["after"]["idleTimeoutMinutes"]),
        (&json!(30), &json!(10))
    );
}
