//! The session cookie, and the list of a user's sessions.

use super::{PASSWORD, change_settings, mosaic_without_workers, sign_in};
use reqwest::{Method, header::SET_COOKIE};
use serde_json::{Value, json};
use tests::{Mosaic, Person};

/// The cookie that a sign-in with these headers sets, or the error code.
async fn sign_in_cookie(mosaic: &Mosaic, headers: &[(&str, &str)]) -> Result<String, String> {
    let person = mosaic.anonymous();
    let request = person.request(Method::POST, "/api/auth/login").json(&super::credentials(PASSWORD));
    let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    let response = request.send().await.unwrap();
    if response.status() == 200 {
        return Ok(response.headers()[SET_COOKIE].to_str().unwrap().to_owned());
    }
    let body: Value = response.json().await.unwrap();
    assert!(body["detail"].as_str().unwrap().contains("publicUrl"), "the detail names the setting: {body}");
    Err(body["code"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn the_cookie_depends_on_the_transport_and_plain_http_from_other_hosts_is_refused() {
    let mosaic = mosaic_without_workers().await;
    let admin = mosaic.admin().await;
    let plain = sign_in_cookie(&mosaic, &[]).await.unwrap();
    assert!(plain.starts_with("mosaic_session=mse_") && !plain.contains("Secure"), "{plain}");
    assert!(
        plain.contains("HttpOnly") && plain.contains("SameSite=Lax") && plain.contains("Path=/"),
        "{plain}"
    );
    for open in ["192.0.2.7:8080", "fleet.example.org", "localhost.example.org"] {
        assert_eq!(
            sign_in_cookie(&mosaic, &[("Host", open)]).await.unwrap_err(),
            "insecure_transport",
            "{open}"
        );
    }

    let proxied = [("Host", "fleet.example.org"), ("X-Forwarded-Proto", "https")];
    change_settings(&admin, json!({ "publicUrl": "https://fleet.example.org" })).await;
    for headers in [&proxied[..1], &proxied, &[("X-Forwarded-Proto", "https")]] {
        let secure = sign_in_cookie(&mosaic, headers).await.unwrap();
        assert!(secure.starts_with("__Host-mosaic_session=mse_") && secure.contains("Secure"), "{secure}");
        assert!(secure.contains("Path=/") && !secure.contains("Domain"), "{secure}");
    }
    assert_eq!(
        sign_in_cookie(&mosaic, &[("Host", "192.0.2.7:8080")]).await.unwrap_err(),
        "insecure_transport",
        "another address than the public one"
    );

    // With https only the cookie with the `__Host-` prefix is valid: no other host can set it.
    let secure = sign_in_cookie(&mosaic, &proxied).await.unwrap();
    let token = secure.split(['=', ';']).nth(1).unwrap();
    for (name, status) in [("__Host-mosaic_session", 200), ("mosaic_session", 401)] {
        let request = mosaic
            .anonymous()
            .request(Method::GET, "/api/auth/me")
            .header("Cookie", format!("{name}={token}"));
        let request = proxied.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        assert_eq!(request.send().await.unwrap().status(), status, "{name}");
    }
}

#[tokio::test]
async fn a_write_from_the_public_page_is_accepted_behind_a_proxy_that_changes_the_host() {
    let mosaic = mosaic_without_workers().await;
    let admin = mosaic.admin().await;
    change_settings(&admin, json!({ "publicUrl": "https://fleet.example.org" })).await;
    let sign_in_from = |origin: &'static str| {
        let admin = admin.clone();
        async move {
            admin
                .post_with("/api/auth/login", &super::credentials(PASSWORD), &[("Origin", origin)])
                .await
                .status
        }
    };
    assert_eq!(sign_in_from("https://fleet.example.org").await, 200);
    assert_eq!(sign_in_from("https://evil.example.org").await, 403);
}

#[tokio::test]
async fn users_see_and_end_only_their_own_sessions() {
    let mosaic = mosaic_without_workers().await;
    let admin = mosaic.admin().await;
    let (second, bob) = (mosaic.anonymous(), mosaic.user("bob").await);
    assert_eq!(sign_in(&second, PASSWORD).await.status, 200);
    let seen = admin.get("/api/auth/sessions").await.body["items"].as_array().unwrap().clone();
    assert_eq!(seen.len(), 2);
    assert_eq!(seen.iter().filter(|session| session["current"] == true).count(), 1);
    assert!(seen.iter().all(|session| session["method"] == "password" && session["address"] == "127.0.0.1"));

    let other = seen.iter().find(|session| session["current"] == false).unwrap();
    let other = format!("/api/auth/sessions/{}", other["id"].as_str().unwrap());
    assert_eq!(bob.delete(&other).await.status, 404, "another user's session");
    assert_eq!(second.get("/api/auth/me").await.status, 200);
    assert_eq!(admin.delete(&other).await.status, 204);
    assert_eq!(second.get("/api/auth/me").await.status, 401);
    assert_eq!(admin.delete(&other).await.status, 404, "it has ended already");
    assert_eq!(admin.get("/api/auth/me").await.status, 200);
}

#[tokio::test]
async fn sessions_end_after_the_times_in_the_settings() {
    let mosaic = mosaic_without_workers().await;
    let admin = mosaic.admin().await;
    change_settings(&admin, json!({ "sessionIdleHours": 2, "sessionDays": 3 })).await;
    let person = mosaic.anonymous();
    let signed_in = sign_in(&person, PASSWORD).await;
    let cookie = signed_in.headers[SET_COOKIE].to_str().unwrap();
    assert!(cookie.contains(&format!("Max-Age={}", 3 * 24 * 3600)), "{cookie}");
    let shift = async |sql: &'static str| {
        sqlx::query(sql).execute(&mosaic.database.pool).await.unwrap();
    };
    let status = async |person: &Person| person.get("/api/auth/me").await.status;
    shift("update sessions set last_seen_at = now() - interval '119 minutes'").await;
    assert_eq!(status(&person).await, 200);
    shift("update sessions set last_seen_at = now() - interval '121 minutes'").await;
    assert_eq!(status(&person).await, 401, "idle for too long");
    sign_in(&person, PASSWORD).await;
    let left: f64 = sqlx::query_scalar("select extract(epoch from max(expires_at) - now())::float8 from sessions where last_seen_at > now() - interval '1 minute'")
        .fetch_one(&mosaic.database.pool).await.unwrap();
    assert!((left - 3.0 * 86400.0).abs() < 60.0, "the absolute limit: {left}");
    shift("update sessions set expires_at = now()").await;
    assert_eq!(status(&person).await, 401, "expired");
}
