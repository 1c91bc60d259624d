//! Migrations only expand the schema: while one is applied, the previous release's processes keep running and must
//! work.
//!
//! A migration that removes something they use belongs in the release after the last one that used it. It has a line
//! `-- contract: <what no longer uses it, and since when>`.

use std::{fs, path::Path};

/// Changes that break an older process, and what to do instead.
const BREAKING_CHANGES: [(&str, &str); 5] = [
    ("drop table", "leave the table until no release uses it"),
    ("drop column", "leave the column until no release uses it"),
    ("rename ", "add the new name beside the old one"),
    (" type ", "add a column of the new type beside the old one"),
    ("set not null", "an older release may not set it"),
];

#[test]
fn no_migration_breaks_the_previous_release() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../migrations/sql");
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.len() > 20, "the migrations are found");
    let found: Vec<String> = files
        .iter()
        .flat_map(|file| {
            breaking_changes(&fs::read_to_string(file).unwrap()).into_iter().map(move |why| (file, why))
        })
        .map(|(file, why)| format!("{}: {why}", file.display()))
        .collect();
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn breaking_changes_are_found() {
    for sql in [
        "drop table x;",
        "alter table x\n  drop column y;",
        "ALTER TABLE x RENAME COLUMN y TO z;",
        "alter table x alter column y type bigint;",
        "alter table x alter column y set not null;",
        "alter table x add column y text not null;",
        "alter table x add column a int, add column y text not null check (y <> ''), add column b int default 1;",
    ] {
        assert_eq!(breaking_changes(sql).len(), 1, "{sql}");
        assert!(
            breaking_changes(&format!("-- contract: 0.2 was the last to read it\n{sql}")).is_empty(),
            "{sql}"
        );
    }
    for sql in [
        "-- drop table x;\ncreate table x (y text not null, type text);",
        "alter table x add column y text, add column z int not null default 0;",
        "comment on table x is 'rename ';",
        "alter table x drop constraint y_check, add constraint y_check check (y > 0);",
        "create type t as enum ('a');",
    ] {
        assert_eq!(breaking_changes(sql), [] as [String; 0], "{sql}");
    }
}

/// The breaking changes in a migration.
fn breaking_changes(sql: &str) -> Vec<String> {
    if sql.lines().any(|line| line.trim_start().starts_with("-- contract: ")) {
        return Vec::new();
    }
    let code: Vec<&str> = sql.lines().map(|line| line.split("--").next().unwrap_or_default()).collect();
    let code = code.join(" ").to_lowercase();
    let statements =
        code.split(';').map(|statement| statement.split_whitespace().collect::<Vec<_>>().join(" "));
    statements.filter_map(|statement| breaking_change(&statement)).collect()
}

fn breaking_change(statement: &str) -> Option<String> {
    if !statement.starts_with("alter table") && !statement.starts_with("drop table") {
        return None;
    }
    let forbidden = BREAKING_CHANGES.iter().find(|(words, _)| statement.contains(words));
    if let Some((words, instead)) = forbidden {
        return Some(format!("`{}`: {instead}", words.trim()));
    }
    let added = statement.split("add column ").skip(1);
    let needed = added.filter(|column| column.contains("not null") && !column.contains("default ")).count();
    (needed > 0).then(|| {
        "a new column that must not be null needs a default: an older release does not set it".to_owned()
    })
}
