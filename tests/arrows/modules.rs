//! No import cycles between the modules of one crate.
//!
//! The modules of one level (the children of one module) must form a directed acyclic graph, in which a module stands
//! for all that is below it. A parent and its children may name each other. Re-exports are followed to where the name
//! is defined, so that a cycle cannot hide behind a `pub use`.

use crate::{walk, workspace};
use petgraph::{algo::tarjan_scc, graphmap::DiGraphMap};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};
use syn::{Attribute, Item, ItemMod, ItemUse, Macro, UseTree, Visibility, visit::Visit};

/// The path of a module from the crate's root; the root itself is empty.
type ModulePath = Vec<String>;

/// How often a re-export may lead to another one.
const MAX_REEXPORTS: usize = 9;

#[test]
fn no_crate_has_a_cycle_between_its_modules() {
    let mut found = Vec::new();
    for package in workspace().packages {
        let sources = package.manifest_path.parent().unwrap().join("src");
        let cycles = cycles(&sources_of(sources.as_std_path()));
        found.extend(cycles.into_iter().map(|cycle| format!("{}: {cycle}", package.name)));
    }
    assert!(
        found.is_empty(),
        "these modules use each other in a circle. Move what they share into a module below both:\n{}",
        found.join("\n")
    );
}

#[test]
fn a_cycle_is_found_directly_through_children_through_reexports_and_in_macros() {
    let crate_of = |files: &[(&str, &str)]| -> BTreeMap<ModulePath, String> {
        let path = |name: &str| name.split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect();
        files.iter().map(|(name, text)| (path(name), (*text).to_owned())).collect()
    };
    let direct = [("", "mod a; mod b;"), ("a", "use crate::b::B;"), ("b", "fn f() { crate::a::g() }")];
    assert_eq!(cycles(&crate_of(&direct)), ["crate: a (crate::b::B) -> b (crate::a::g) -> a"]);
    let children = [
        ("", "mod a; mod b;"),
        ("a", "mod x;"),
        ("a/x", "use super::super::b;"),
        ("b", "mod y;"),
        ("b/y", "use crate::a;"),
    ];
    assert_eq!(cycles(&crate_of(&children)).len(), 1);
    let reexport = [("", "mod a; mod b; pub use b::B;"), ("a", "use crate::B;"), ("b", "use crate::a::A;")];
    assert_eq!(cycles(&crate_of(&reexport)).len(), 1);
    let in_macro = [("", "mod a; mod b;"), ("a", "use super::b::B;"), ("b", "fn f() { vec![super::a::X] }")];
    assert_eq!(cycles(&crate_of(&in_macro)).len(), 1);
    let below = [
        ("", "mod a; mod b; #[cfg(test)] mod tests;"),
        ("a", "mod x; pub use x::X; #[cfg(test)] mod tests { use crate::b::B; }"),
        ("a/x", "use super::Y;"),
        ("b", "use crate::a::X;"),
        ("tests", "use crate::{a, b};"),
    ];
    assert_eq!(cycles(&crate_of(&below)), Vec::<String>::new(), "a parent and its children, and tests, may");
}

/// The sources of a crate by the path of their module.
fn sources_of(folder: &Path) -> BTreeMap<ModulePath, String> {
    let mut sources = BTreeMap::new();
    if folder.is_dir() {
        walk(folder, &mut |path| {
            let mut module: ModulePath = path
                .strip_prefix(folder)
                .unwrap()
                .with_extension("")
                .iter()
                .map(|part| part.to_str().unwrap().to_owned())
                .collect();
            match module.last().map(String::as_str) {
                Some("mod") => drop(module.pop()),
                Some("lib" | "main") if module.len() == 1 => module.clear(),
                _ => {}
            }
            // A program beside the library is a crate of its own, and small.
            if module.first().is_none_or(|first| first != "bin") {
                sources.insert(module, fs::read_to_string(path).unwrap());
            }
        });
    }
    sources
}

/// One sentence for each cycle.
fn cycles(sources: &BTreeMap<ModulePath, String>) -> Vec<String> {
    let mut names: BTreeMap<ModulePath, Names> = sources
        .iter()
        .map(|(module, text)| {
            let file = syn::parse_file(text).unwrap_or_else(|error| panic!("{module:?}: {error}"));
            let mut names = Names::default();
            names.visit_file(&file);
            (module.clone(), names)
        })
        .collect();
    let tests: Vec<ModulePath> = names
        .iter()
        .flat_map(|(module, names)| names.tests.iter().map(|test| child(module, test)).collect::<Vec<_>>())
        .collect();
    names.retain(|module, _| !tests.iter().any(|test| module.starts_with(test)));
    let modules = Modules { names };

    let mut levels: BTreeMap<ModulePath, BTreeMap<(String, String), String>> = BTreeMap::new();
    for (module, names) in &modules.names {
        for path in names.used.iter().chain(names.inline.iter()) {
            let Some(target) = modules.absolute(module, path).map(|path| modules.definition(&path)) else {
                continue;
            };
            let shared = module.iter().zip(&target).take_while(|(one, other)| one == other).count();
            if let (Some(from), Some(to)) = (module.get(shared), target.get(shared)) {
                let level = levels.entry(module[..shared].to_vec()).or_default();
                level.entry((from.clone(), to.clone())).or_insert_with(|| path.join("::"));
            }
        }
    }
    levels.iter().flat_map(|(level, arrows)| cycles_of(level, arrows)).collect()
}

fn cycles_of(level: &[String], arrows: &BTreeMap<(String, String), String>) -> Vec<String> {
    let graph: DiGraphMap<&str, ()> =
        arrows.keys().map(|(from, to)| (from.as_str(), to.as_str(), ())).collect();
    let level = if level.is_empty() { "crate".to_owned() } else { level.join("::") };
    let knots = tarjan_scc(&graph).into_iter().filter(|knot| knot.len() > 1);
    knots.map(|knot| format!("{level}: {}", one_way_round(&knot, &graph, arrows))).collect()
}

/// A way from one module of a knot back to itself, with a name that ties each to the next.
fn one_way_round(
    knot: &[&str],
    graph: &DiGraphMap<&str, ()>,
    arrows: &BTreeMap<(String, String), String>,
) -> String {
    let knot: BTreeSet<&str> = knot.iter().copied().collect();
    let first = *knot.first().unwrap();
    let mut way = vec![first];
    loop {
        let last = *way.last().unwrap();
        let mut next: Vec<&str> = graph.neighbors(last).filter(|next| knot.contains(next)).collect();
        next.sort_unstable();
        let seen_before = next.iter().find_map(|next| way.iter().position(|module| module == next));
        match (next.iter().find(|next| !way.contains(next)), seen_before) {
            (_, Some(start)) => {
                let circle = &way[start..];
                let step = |(at, module): (usize, &&str)| {
                    let to = circle[(at + 1) % circle.len()];
                    format!("{module} ({}) -> ", arrows[&((*module).to_owned(), to.to_owned())])
                };
                return circle.iter().enumerate().map(step).collect::<String>() + circle[0];
            }
            (Some(new), None) => way.push(new),
            (None, None) => unreachable!("every module of a knot leads to another one of it"),
        }
    }
}

struct Modules {
    names: BTreeMap<ModulePath, Names>,
}

impl Modules {
    /// The path from the crate's root; `None` for what comes from outside the crate.
    fn absolute(&self, module: &[String], path: &[String]) -> Option<ModulePath> {
        let (base, rest) = match path.first()?.as_str() {
            "crate" => (vec![], &path[1..]),
            "self" => (module.to_vec(), &path[1..]),
            "super" => {
                let up = path.iter().take_while(|part| *part == "super").count();
                (module[..module.len().checked_sub(up)?].to_vec(), &path[up..])
            }
            first if self.names.contains_key(&child(module, first)) => (module.to_vec(), path),
            _ => return None,
        };
        Some(base.into_iter().chain(rest.iter().cloned()).collect())
    }

    /// The module in which the name is defined that `path` leads to.
    fn definition(&self, path: &[String]) -> ModulePath {
        let mut path = path.to_vec();
        for _ in 0..MAX_REEXPORTS {
            let known = (0..=path.len()).rev().find(|length| self.names.contains_key(&path[..*length]));
            let length = known.unwrap_or_default();
            let Some(name) = path.get(length) else { return path };
            let module = &path[..length];
            let elsewhere = self.names.get(module).and_then(|names| names.reexported.get(name));
            let Some(elsewhere) = elsewhere.and_then(|target| self.absolute(module, target)) else {
                return module.to_vec();
            };
            path = elsewhere.into_iter().chain(path[length + 1..].iter().cloned()).collect();
        }
        path
    }
}

/// What a module names.
#[derive(Default)]
struct Names {
    /// Paths of its `use` items.
    used: Vec<Vec<String>>,
    /// Paths that stand elsewhere.
    inline: Vec<Vec<String>>,
    /// What its `pub use` items hand on: the new name, and the path.
    reexported: BTreeMap<String, Vec<String>>,
    /// Its children that are compiled for tests only.
    tests: Vec<String>,
}

impl<'ast> Visit<'ast> for Names {
    fn visit_item(&mut self, item: &'ast Item) {
        let attributes = match item {
            Item::Fn(item) => &item.attrs,
            Item::Impl(item) => &item.attrs,
            Item::Use(item) => &item.attrs,
            Item::Mod(item) => &item.attrs,
            Item::Const(item) => &item.attrs,
            _ => return syn::visit::visit_item(self, item),
        };
        if !is_for_tests(attributes) {
            syn::visit::visit_item(self, item);
        } else if let Item::Mod(ItemMod { ident, .. }) = item {
            self.tests.push(ident.to_string());
        }
    }

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        let mut leaves = Vec::new();
        flatten(&item.tree, &mut vec![], &mut leaves);
        for (name, path) in leaves {
            if !matches!(item.vis, Visibility::Inherited) {
                self.reexported.insert(name, path.clone());
            }
            self.used.push(path);
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        if path.segments.len() > 1 {
            self.inline.push(path.segments.iter().map(|segment| segment.ident.to_string()).collect());
        }
        syn::visit::visit_path(self, path);
    }

    /// A macro's arguments are tokens only: whatever looks like a path is taken for one.
    fn visit_macro(&mut self, called: &'ast Macro) {
        let text = called.tokens.to_string().replace(" :: ", "::");
        let paths = text.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':'));
        let paths = paths.map(|path| path.split("::").map(str::to_owned).collect::<Vec<_>>());
        self.inline.extend(paths.filter(|path| path.len() > 1 && path.iter().all(|part| !part.is_empty())));
        syn::visit::visit_macro(self, called);
    }
}

fn flatten(tree: &UseTree, before: &mut Vec<String>, leaves: &mut Vec<(String, Vec<String>)>) {
    let mut leaf = |name: String, last: &str| {
        let mut path = before.clone();
        // `a::{self}` names `a`.
        if last != "self" {
            path.push(last.to_owned());
        }
        let name = if name == "self" { path.last().cloned().unwrap_or_default() } else { name };
        leaves.push((name, path));
    };
    match tree {
        UseTree::Path(path) => {
            before.push(path.ident.to_string());
            flatten(&path.tree, before, leaves);
            before.pop();
        }
        UseTree::Name(name) => leaf(name.ident.to_string(), &name.ident.to_string()),
        UseTree::Rename(rename) => leaf(rename.rename.to_string(), &rename.ident.to_string()),
        UseTree::Glob(_) => leaves.push(("*".to_owned(), before.clone())),
        UseTree::Group(group) => group.items.iter().for_each(|tree| flatten(tree, before, leaves)),
    }
}

fn is_for_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg")
            && attribute.parse_args::<syn::Ident>().is_ok_and(|condition| condition == "test")
    })
}

fn child(module: &[String], name: &str) -> ModulePath {
    module.iter().cloned().chain([name.to_owned()]).collect()
}
