#![allow(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods)]
//! The committed document is the generated one, and describes the mounted routes.

use super::text;
use crate::routes;
use serde_json::Value;
use std::{collections::BTreeSet, fs, path::Path};

#[test]
fn the_committed_document_is_the_generated_one() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi.json");
    let generated = text();
    if std::env::var_os("UPDATE_OPENAPI").is_some() {
        fs::write(&file, &generated).unwrap();
    }
    let committed = fs::read_to_string(&file).unwrap_or_default();
    assert!(committed == generated, "api/openapi.json is stale: run `make openapi` and commit it");
}

#[test]
fn every_mounted_route_is_described_and_nothing_else() {
    let document: Value = serde_json::from_str(&text()).unwrap();
    let described: BTreeSet<String> = document["paths"]
        .as_object()
        .unwrap()
        .iter()
        .flat_map(|(path, item)| {
            item.as_object().unwrap().keys().map(move |method| format!("{} {path}", method.to_uppercase()))
        })
        .collect();
    let mounted: BTreeSet<String> = routes::public(rocket::build())
        .routes()
        // The pages are not part of the API.
        .filter(|route| route.rank < 90)
        .map(|route| {
            let path = route.uri.origin.path().to_string().replace('<', "{").replace('>', "}");
            format!("{} {path}", route.method)
        })
        .collect();
    assert_eq!(described, mounted);
}

#[test]
fn every_operation_has_a_unique_name_a_summary_and_a_response() {
    let document: Value = serde_json::from_str(&text()).unwrap();
    let mut names = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let name = operation["operationId"].as_str().unwrap();
            assert!(names.insert(name.to_owned()), "{method} {path}: {name} is taken");
            assert!(operation["summary"].is_string(), "{method} {path} has no summary");
            let answers = operation["responses"].as_object().unwrap();
            assert!(answers.keys().any(|status| status.starts_with(['2', '3'])), "{method} {path}");
            assert!(answers.contains_key("default"), "{method} {path}");
        }
    }
    let text = document.to_string();
    for reference in text.split("\"$ref\":\"#/components/schemas/").skip(1) {
        let name = reference.split('"').next().unwrap();
        assert!(document["components"]["schemas"][name].is_object(), "{name} is not described");
    }
}
