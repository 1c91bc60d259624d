//! What the documents point to is there: paths in code spans, and links.

use crate::root;
use std::{fs, path::Path, process::Command};

/// Endings of files that a code span may name by their path from the root.
const ENDINGS: &[&str] =
    &["rs", "sql", "sh", "md", "mjs", "ts", "tsx", "toml", "yaml", "yml", "cfg", "json", "py"];

#[test]
fn every_path_and_link_in_the_documents_leads_somewhere() {
    let listed = Command::new("git").args(["ls-files", "*.md"]).current_dir(root()).output().unwrap();
    let documents = String::from_utf8(listed.stdout).unwrap();
    assert!(documents.lines().count() > 20, "the documents are found");
    let mut lost = Vec::new();
    for document in documents.lines() {
        let Ok(text) = fs::read_to_string(root().join(document)) else { continue };
        let folder = Path::new(document).parent().unwrap();
        for path in paths(&text) {
            if !root().join(path).exists() && !root().join(folder).join(path).exists() {
                lost.push(format!("{document} names `{path}`"));
            }
        }
        for link in links(&text) {
            if !root().join(folder).join(link).exists() {
                lost.push(format!("{document} links to {link}"));
            }
        }
    }
    assert!(lost.is_empty(), "these are not there (any more):\n{}", lost.join("\n"));
}

/// Code spans that look like a path of this tree.
fn paths(text: &str) -> impl Iterator<Item = &str> {
    let spans = text.split("```").step_by(2).flat_map(|prose| prose.split('`').skip(1).step_by(2));
    spans.filter(|span| {
        let ending = span.rsplit_once('.').map(|(_, ending)| ending);
        span.contains('/')
            && ending.is_some_and(|ending| ENDINGS.contains(&ending))
            && !span.starts_with(['/', '$', '~', '@'])
            && span.chars().all(|c| c.is_ascii_alphanumeric() || "/._-".contains(c))
            // What a run makes, or what stands in a container.
            && !["target/", "node_modules/", "ui/dist/"].iter().any(|made| span.starts_with(made))
    })
}

/// Targets of links within the tree, without the place in the document.
fn links(text: &str) -> impl Iterator<Item = &str> {
    let prose = text.split("```").step_by(2);
    let targets = prose.flat_map(|prose| prose.split("](").skip(1)).filter_map(|rest| rest.split(')').next());
    let targets = targets.map(|target| target.split('#').next().unwrap_or_default());
    targets.filter(|target| !target.is_empty() && !target.contains("://") && !target.starts_with("mailto:"))
}
