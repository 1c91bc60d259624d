//! Migrations expand: while one is applied, the processes of the release before still run and must go on working.
//!
//! What takes away from them what they use stands in a release of its own, one after the last that used it, behind a
//! line `-- contract: <what no longer uses it, and since when>`.

use std::{fs, path::Path};

/// What an older process would stumble over, and how to do it instead.
const CONTRACTS: [(&str, &str); 5] = [
    ("drop table", "leave the table until no release uses it"),
    ("drop column", "leave the column until no release uses it"),
    ("rename ", "add the new name beside the old one"),
    (" type ", "add a column of the new type beside the old one"),
    ("set not null", "an older release may still leave it out"),
];

#[test]
fn no_migration_takes_anything_from_the_release_before() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../migrations/sql");
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.len() > 20, "the migrations are found");
    let found: Vec<String> = files
        .iter()
        .flat_map(|file| {
            contracts(&fs::read_to_string(file).unwrap()).into_iter().map(move |why| (file, why))
        })
        .map(|(file, why)| format!("{}: {why}", file.display()))
        .collect();
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn what_an_older_process_would_stumble_over_is_found() {
    for sql in [
        "drop table x;",
        "alter table x\n  drop column y;",
        "ALTER TABLE x RENAME COLUMN y TO z;",
        "alter table x alter column y type bigint;",
        "alter table x alter column y set not null;",
        "alter table x add column y text not null;",
        "alter table x add column a int, add column y text not null check (y <> ''), add column b int default 1;",
    ] {
        assert_eq!(contracts(sql).len(), 1, "{sql}");
        assert!(contracts(&format!("-- contract: 0.2 was the last to read it\n{sql}")).is_empty(), "{sql}");
    }
    for sql in [
        "-- drop table x;\ncreate table x (y text not null, type text);",
        "alter table x add column y text, add column z int not null default 0;",
        "comment on table x is 'rename ';",
        "alter table x drop constraint y_check, add constraint y_check check (y > 0);",
        "create type t as enum ('a');",
    ] {
        assert_eq!(contracts(sql), [] as [String; 0], "{sql}");
    }
}

/// What of a migration an older process would stumble over.
fn contracts(sql: &str) -> Vec<String> {
    if sql.lines().any(|line| line.trim_start().starts_with("-- contract: ")) {
        return Vec::new();
    }
    let code: Vec<&str> = sql.lines().map(|line| line.split("--").next().unwrap_or_default()).collect();
    let code = code.join(" ").to_lowercase();
    let statements =
        code.split(';').map(|statement| statement.split_whitespace().collect::<Vec<_>>().join(" "));
    statements.filter_map(|statement| stumble(&statement)).collect()
}

fn stumble(statement: &str) -> Option<String> {
    if !statement.starts_with("alter table") && !statement.starts_with("drop table") {
        return None;
    }
    let narrows = CONTRACTS.iter().find(|(words, _)| statement.contains(words));
    if let Some((words, instead)) = narrows {
        return Some(format!("`{}`: {instead}", words.trim()));
    }
    let added = statement.split("add column ").skip(1);
    let needed = added.filter(|column| column.contains("not null") && !column.contains("default ")).count();
    (needed > 0)
        .then(|| "a new column that must be given needs a default: an older release leaves it out".to_owned())
}
