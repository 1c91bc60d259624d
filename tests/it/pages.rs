//! The server serves the pages itself, with a strict content security policy, and never in place of an API response.

use reqwest::{Client, Response, header::ACCEPT_ENCODING};
use tests::Mosaic;

async fn get(mosaic: &Mosaic, path: &str, encodings: &str) -> Response {
    let client = Client::builder().no_proxy().build().unwrap();
    client.get(format!("{}{path}", mosaic.url)).header(ACCEPT_ENCODING, encodings).send().await.unwrap()
}

fn header<'a>(response: &'a Response, name: &str) -> &'a str {
    response.headers().get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
}

#[tokio::test]
async fn pages_assets_and_api_routes_are_separate() {
    let mosaic = Mosaic::start().await;
    for path in ["/", "/setup", "/chat/cht_1", "/jobs?state=dead"] {
        let page = get(&mosaic, path, "identity").await;
        assert_eq!(
            (page.status().as_u16(), header(&page, "content-type")),
            (200, "text/html; charset=utf-8"),
            "{path}"
        );
        let policy = header(&page, "content-security-policy").to_owned();
        assert!(policy.contains("default-src 'self'") && !policy.contains("unsafe"), "{policy}");
        assert_eq!(header(&page, "cache-control"), "no-cache");
        assert!(page.text().await.unwrap().contains("<div id="), "{path}");
    }
    for path in [
        "/assets/nothing.js",
        "/nothing.png",
        "/api/nothing",
        "/v1/nothing",
        "/../Cargo.toml",
        "/.vite/manifest.json",
    ] {
        let missing = get(&mosaic, path, "identity").await;
        let html = header(&missing, "content-type").starts_with("text/html");
        assert!(missing.status() == 404 && !html, "{path}: {}", missing.status());
    }
    let api = get(&mosaic, "/api/nothing", "identity").await;
    assert_eq!(header(&api, "content-type"), "application/problem+json");
}

#[tokio::test]
async fn assets_are_compressed_and_cached() {
    let mosaic = Mosaic::start().await;
    let page = get(&mosaic, "/", "identity").await;
    let etag = header(&page, "etag").to_owned();
    let text = page.text().await.unwrap();
    let asset = text.split('"').find(|part| part.starts_with("/assets/") && part.ends_with(".js")).unwrap();
    let plain = get(&mosaic, asset, "identity").await.bytes().await.unwrap().len();
    for (asked, encoding) in [("gzip, br", "br"), ("gzip", "gzip")] {
        let compressed = get(&mosaic, asset, asked).await;
        assert_eq!(header(&compressed, "content-encoding"), encoding);
        assert_eq!(header(&compressed, "vary"), "Accept-Encoding");
        assert!(header(&compressed, "cache-control").contains("immutable"));
        assert!(compressed.bytes().await.unwrap().len() * 2 < plain, "{encoding}");
    }
    let client = Client::builder().no_proxy().build().unwrap();
    let known = client.get(&mosaic.url).header("If-None-Match", etag).send().await.unwrap();
    assert_eq!(known.status(), 304);
}
