//! The arrows between the crates, who may link what from outside, and where secrets are opened and SQL stands.
//!
//! The tables stand here; docs/ARCHITECTURE.md shows the first one and is compared with it. Each crate is a firewall:
//! what a crate does not link, it cannot do.

use crate::{root, walk, workspace};
use cargo_metadata::{DependencyKind, Package};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};

/// Which crate of the workspace links which: exactly these.
const ARROWS: &[(&str, &[&str])] = &[
    (
        "mosaic",
        &[
            "api",
            "boot",
            "domain",
            "embeddings",
            "fleet",
            "jobs",
            "migrations",
            "providers",
            "runtime",
            "store",
            "telemetry",
            "secrets",
            "workers",
        ],
    ),
    ("api", &["domain", "fleet", "telemetry"]),
    ("workers", &["boot", "domain", "fleet", "jobs", "telemetry"]),
    ("fleet", &["domain", "jobs", "oidc", "openclaw", "providers", "store", "telemetry", "secrets"]),
    ("jobs", &["domain", "store", "telemetry"]),
    ("secrets", &["domain"]),
    ("store", &["domain", "telemetry"]),
    ("telemetry", &["domain"]),
    ("runtime", &["domain"]),
    ("openclaw", &["domain"]),
    ("providers", &["domain"]),
    ("embeddings", &["domain"]),
    ("oidc", &["providers"]),
    ("domain", &[]),
    ("boot", &["telemetry"]),
    ("migrations", &[]),
    ("mosaic-entrypoint", &[]),
    ("stub-agent", &[]),
    ("stub-llm", &[]),
    ("tests", &["stub-llm"]),
    // It makes a hundred users with tokens at once, which the product has no way to do yet, and measures the queue
    // with workers and handlers of its own.
    ("bench", &["domain", "embeddings", "jobs", "migrations", "store", "secrets", "workers"]),
];

/// What a crate's own tests may link besides.
const TEST_ARROWS: &[(&str, &[&str])] = &[
    ("workers", &["migrations", "store"]),
    ("stub-agent", &["stub-llm"]),
    ("tests", &["domain", "store", "telemetry", "secrets"]),
];

/// Who may link what from outside. A `*` at the end stands for every name that begins so.
const OUTSIDE: &[(&str, &[&str])] = &[
    ("bollard*", &["runtime"]),
    ("rocket*", &["api"]),
    ("apalis*", &["bench", "jobs", "workers"]),
    ("cron", &["jobs"]),
    ("sqlx*", &["bench", "jobs", "migrations", "mosaic", "store", "tests"]),
    ("pgvector", &["bench", "store"]),
    ("openidconnect", &["oidc"]),
    ("ort*", &["embeddings"]),
    ("tokenizers", &["embeddings"]),
    ("reqwest*", &["bench", "openclaw", "providers", "tests"]),
    ("rustls*", &["providers"]),
    ("ureq", &["mosaic-entrypoint"]),
    ("axum*", &["stub-agent", "stub-llm"]),
    ("hyper*", &["stub-agent"]),
    ("aes-gcm", &["secrets"]),
    ("argon2", &["secrets"]),
    ("hkdf", &["secrets"]),
    ("clap", &["mosaic"]),
    ("anyhow", &["mosaic"]),
    ("tracing-subscriber", &["boot"]),
    ("metrics*", &["boot", "telemetry"]),
    ("opentelemetry*", &["boot", "telemetry", "tests"]),
    ("tracing-opentelemetry", &["boot", "telemetry"]),
];

/// What a crate's own tests may link besides.
const OUTSIDE_IN_TESTS: &[(&str, &[&str])] =
    &[("sqlx*", &["workers"]), ("reqwest*", &["stub-agent", "stub-llm"])];

/// Where a sealed secret is opened, and how often.
const OPENED: &[(&str, usize)] = &[
    ("crates/fleet/src/agent_config/render.rs", 1),
    ("crates/fleet/src/gateways.rs", 1),
    ("crates/fleet/src/knowledge/endpoint.rs", 1),
    ("crates/fleet/src/oidc/discovery.rs", 1),
    ("crates/fleet/src/providers/saved.rs", 1),
];

/// Where statements may stand: a folder, or a file.
const SQL: &[&str] = &[
    "crates/store/src/",
    "jobs/src/",
    "migrations/src/",
    "crates/mosaic/src/parts.rs",
    "crates/mosaic/src/commands/doctor/database.rs",
    "tests/src/",
    "tests/bench/src/",
];

#[test]
fn the_arrows_between_the_crates_are_those_of_the_table() {
    let workspace = workspace();
    let members: BTreeSet<&str> = workspace.packages.iter().map(|package| package.name.as_str()).collect();
    let rows: BTreeSet<&str> = ARROWS.iter().map(|(from, _)| *from).collect();
    assert_eq!(
        rows, members,
        "every crate of the workspace needs a row in ARROWS (tests/arrows/crates.rs) and in docs/ARCHITECTURE.md"
    );
    for package in &workspace.packages {
        let from = package.name.as_str();
        let linked: BTreeSet<&str> = normal(package).filter(|to| members.contains(to)).collect();
        let allowed: BTreeSet<&str> = row(ARROWS, from).iter().copied().collect();
        let new: Vec<_> = linked.difference(&allowed).collect();
        assert!(
            new.is_empty(),
            "{from} links {new:?}, which no arrow allows. Move the code to the crate that may, or hand it in by \
             a trait of domain. If the arrow is right: add it to ARROWS and docs/ARCHITECTURE.md, and say why in docs/adr/."
        );
        let stale: Vec<_> = allowed.difference(&linked).collect();
        assert!(
            stale.is_empty(),
            "{from} does not link {stale:?}: take the arrow out of ARROWS and docs/ARCHITECTURE.md"
        );
        let in_tests: Vec<_> = in_tests(package)
            .filter(|to| members.contains(to) && !linked.contains(to) && !row(TEST_ARROWS, from).contains(to))
            .collect();
        assert!(
            in_tests.is_empty(),
            "the tests of {from} link {in_tests:?}: test through the crate's own surface, or add it to TEST_ARROWS"
        );
    }
}

#[test]
fn the_document_shows_the_same_arrows() {
    let document = fs::read_to_string(root().join("docs/ARCHITECTURE.md")).unwrap();
    let shown: BTreeMap<String, BTreeSet<String>> = document
        .lines()
        .filter_map(|line| line.split_once(" ──► "))
        .flat_map(|(from, to)| {
            let to: BTreeSet<String> = names(to).filter(|to| to != "nothing").collect();
            names(from).map(move |from| (from, to.clone())).collect::<Vec<_>>()
        })
        .collect();
    let table: BTreeMap<String, BTreeSet<String>> = ARROWS
        .iter()
        .map(|(from, to)| ((*from).to_owned(), to.iter().map(|to| (*to).to_owned()).collect()))
        .collect();
    assert_eq!(
        shown, table,
        "the arrows in docs/ARCHITECTURE.md (left) and in tests/arrows/crates.rs (right) differ"
    );
}

#[test]
fn what_comes_from_outside_is_linked_only_where_it_belongs() {
    let workspace = workspace();
    for package in &workspace.packages {
        let from = package.name.as_str();
        let normal = normal(package).map(|name| (name, false));
        for (name, only_tests) in normal.chain(in_tests(package).map(|name| (name, true))) {
            let rules = OUTSIDE.iter().filter(|(rule, _)| matches(rule, name));
            for (rule, allowed) in rules {
                let besides = if only_tests { row(OUTSIDE_IN_TESTS, rule) } else { &[] };
                assert!(
                    allowed.contains(&from) || besides.contains(&from),
                    "{from} links {name}, which only {allowed:?} may. Go through one of these crates; if it must be, \
                     change OUTSIDE (tests/arrows/crates.rs) and deny.toml together, and say why in docs/adr/."
                );
            }
        }
    }
}

#[test]
fn secrets_are_opened_at_the_pinned_places_only() {
    let mut found: BTreeMap<String, usize> = BTreeMap::new();
    for (path, text) in sources() {
        let calls = text.matches("secrets::open(").count();
        if calls > 0 {
            found.insert(path.clone(), calls);
        }
        let imported = text.split(';').filter_map(|statement| statement.split_once("use secrets::")).any(
            |(_, names)| names.split(|c: char| !c.is_alphanumeric() && c != '_').any(|name| name == "open"),
        );
        assert!(
            !imported,
            "{path} imports secrets::open: write `secrets::open(…)` in full, so that every call is found"
        );
    }
    let pinned: BTreeMap<String, usize> =
        OPENED.iter().map(|(path, calls)| ((*path).to_owned(), *calls)).collect();
    assert_eq!(
        found, pinned,
        "calls of secrets::open (left) and the pinned list (right) differ. A new one opens a secret only as the last step \
         before its use, says why in a comment, and is added to OPENED (tests/arrows/crates.rs) and docs/security.md."
    );
}

#[test]
fn statements_stand_where_they_belong() {
    let words =
        ["sqlx::query(", "sqlx::query_", "sqlx::raw_sql", "QueryBuilder", ".fetch_one(", ".fetch_all("];
    for (path, text) in sources() {
        if SQL.iter().any(|allowed| path.starts_with(allowed)) {
            continue;
        }
        let found: Vec<_> = words.iter().filter(|word| text.contains(**word)).collect();
        assert!(
            found.is_empty(),
            "{path} has SQL ({found:?}): put the statement into crates/store (one file per aggregate)"
        );
    }
}

/// What the crate itself links; also what its build script does.
fn normal(package: &Package) -> impl Iterator<Item = &str> {
    let linked =
        package.dependencies.iter().filter(|dependency| dependency.kind != DependencyKind::Development);
    linked.map(|dependency| dependency.name.as_str())
}

fn in_tests(package: &Package) -> impl Iterator<Item = &str> {
    let linked =
        package.dependencies.iter().filter(|dependency| dependency.kind == DependencyKind::Development);
    linked.map(|dependency| dependency.name.as_str())
}

fn row<'a>(table: &[(&str, &'a [&'a str])], key: &str) -> &'a [&'a str] {
    table.iter().find(|(from, _)| *from == key).map_or(&[], |(_, to)| to)
}

fn matches(rule: &str, name: &str) -> bool {
    rule.strip_suffix('*').map_or(rule == name, |prefix| name.starts_with(prefix))
}

fn names(list: &str) -> impl Iterator<Item = String> {
    list.split(',').map(|name| name.trim().to_owned())
}

/// Every source file of every crate (tests beside the sources left out), by its path from the root.
fn sources() -> Vec<(String, String)> {
    let root = root();
    let mut found = Vec::new();
    for package in workspace().packages {
        let folder = package.manifest_path.parent().unwrap().join("src");
        walk(folder.as_std_path(), &mut |path| {
            let name = path.strip_prefix(&root).unwrap().to_str().unwrap().to_owned();
            found.push((name, fs::read_to_string(path).unwrap()));
        });
    }
    assert!(found.len() > 100, "the sources are found");
    found
}
