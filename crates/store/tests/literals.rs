//! State literals in SQL: with a typo in `status = 'running'` a query would find nothing, and nothing would say so.
//!
//! The check constraints of the migrations list the texts that a column can have. Every literal that SQL of the
//! migrations, of `store` or of `jobs` compares with such a column must be one of them, and the enums of `domain` must
//! know each.

#![allow(clippy::unwrap_used)]

use domain::{
    Role,
    conversation::MessageRole,
    lifecycle::{Desired, Observed},
    turn::{Stage, TurnStatus},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

#[test]
fn every_state_literal_is_one_that_its_column_can_have() {
    let allowed = allowed();
    let mut checked = 0;
    let sources =
        [("migrations/sql", "sql"), ("crates/store/src", "rs"), ("jobs/src", "rs"), ("jobs/src", "sql")];
    for file in sources.into_iter().flat_map(|(folder, extension)| files(folder, extension)) {
        let text = fs::read_to_string(&file).unwrap();
        let statements = if file.extension().unwrap() == "rs" { strings(&text) } else { vec![text] };
        for (column, literal) in statements.iter().flat_map(|sql| comparisons(&tokens(sql))) {
            let Some(texts) = allowed.get(&column) else { continue };
            assert!(texts.contains(&literal), "{}: {column} is never '{literal}'", file.display());
            checked += 1;
        }
    }
    assert!(checked > 150, "only {checked} comparisons were found: is the SQL still read correctly?");
}

#[test]
fn the_enums_know_every_text_that_a_column_can_have() {
    let allowed = allowed();
    let texts = |column: &str| allowed[column].iter().map(String::as_str);
    assert!(texts("desired").all(|text| Desired::from_stored(text).as_str() == text));
    assert!(texts("observed").all(|text| Observed::from_stored(text).as_str() == text));
    assert!(texts("stage").all(|text| Stage::from_stored(text).as_str() == text));
    assert!(texts("status").all(|text| TurnStatus::from_stored(text).unwrap().as_str() == text));
    // Two tables have a column of this name.
    assert!(texts("role").all(|text| {
        Role::from_stored(text).as_str() == text || MessageRole::from_stored(text).as_str() == text
    }));
}

#[test]
fn comparisons_are_found() {
    let sql =
        "update t set stage = case when observed <> 'a' then 'b' else stage end, c.desired = 'c', x = $1
        where status not in ('d', 'e') and case kind when 'f' then 1 when 'g' then 2 end = 2
          and coalesce(t.state, 'h') = $2 and lane = '' -- and observed = 'no'";
    let found: Vec<String> =
        comparisons(&tokens(sql)).iter().map(|(column, literal)| format!("{column} {literal}")).collect();
    let expected = [
        "observed a",
        "stage b",
        "desired c",
        "status d",
        "status e",
        "kind f",
        "kind g",
        "state h",
        "lane ",
    ];
    assert_eq!(found, expected);
    let rust = r###"f('"', "a 'x'", r#"c"d"#, 'y', &'static "e") // "no""###;
    assert_eq!(strings(rust), ["a 'x'", "c\"d", "e"]);
}

/// The texts of each column with a constraint `check (column in (…))`, over all tables and migrations.
fn allowed() -> BTreeMap<String, BTreeSet<String>> {
    let mut allowed = BTreeMap::<String, BTreeSet<String>>::new();
    for file in files("migrations/sql", "sql") {
        let tokens = tokens(&fs::read_to_string(file).unwrap());
        let mut constraint: Option<&String> = None;
        for (at, token) in tokens.iter().enumerate() {
            constraint = match (&tokens[at.saturating_sub(4)..at], token) {
                ([.., Token::Word(check), Token::Sign('('), Token::Word(column), Token::Word(within)], _)
                    if check == "check" && within == "in" =>
                {
                    Some(column)
                }
                (_, Token::Sign(')')) => None,
                _ => constraint,
            };
            if let (Some(column), Token::Literal(text)) = (constraint, token) {
                allowed.entry(column.clone()).or_default().insert(text.clone());
            }
        }
    }
    assert!(allowed.len() >= 10, "{allowed:?}");
    allowed
}

/// A part of a statement. Words are lower case and without their qualifier (`t.status` is `status`).
#[derive(Debug, PartialEq)]
enum Token {
    Word(String),
    Literal(String),
    Sign(char),
}

fn tokens(sql: &str) -> Vec<Token> {
    let lines: Vec<&str> = sql.lines().map(|line| line.split("--").next().unwrap()).collect();
    let sql = lines.join("\n");
    let mut rest = sql.as_str();
    let mut tokens = Vec::new();
    while let Some(first) = rest.chars().next() {
        let is_word = |c: char| c.is_alphanumeric() || c == '_' || c == '.';
        let length = match first {
            '\'' => {
                let literal = rest[1..].split('\'').next().unwrap();
                tokens.push(Token::Literal(literal.to_owned()));
                (literal.len() + 2).min(rest.len())
            }
            first if is_word(first) => {
                let word = rest.split(|c| !is_word(c)).next().unwrap();
                tokens.push(Token::Word(word.rsplit('.').next().unwrap().to_lowercase()));
                word.len()
            }
            first => {
                if !first.is_whitespace() {
                    tokens.push(Token::Sign(first));
                }
                first.len_utf8()
            }
        };
        rest = &rest[length..];
    }
    tokens
}

/// The literals of a statement that are compared with a column or assigned to it, with that column.
fn comparisons(tokens: &[Token]) -> Vec<(String, String)> {
    let literals = tokens.iter().enumerate().filter_map(|(at, token)| match token {
        Token::Literal(text) => Some((column(tokens, at)?, text.clone())),
        _ => None,
    });
    literals.collect()
}

/// The column that the literal at this position belongs to.
fn column(tokens: &[Token], at: usize) -> Option<String> {
    match (&tokens[..at], &tokens[at + 1..]) {
        // column = '…', column <> '…'
        ([.., Token::Word(column), Token::Sign('=')], _)
        | ([.., Token::Word(column), Token::Sign('<'), Token::Sign('>')], _)
        // coalesce(column, '…')
        | ([.., Token::Sign('('), Token::Word(column), Token::Sign(',')], _) => Some(column.clone()),
        // then '…' else column end
        ([.., Token::Word(then)], [Token::Word(other), Token::Word(column), Token::Word(end), ..])
            if then == "then" && other == "else" && end == "end" =>
        {
            Some(column.clone())
        }
        // case column when '…'
        ([before @ .., Token::Word(when)], _) if when == "when" => {
            let case = before.iter().rposition(|token| *token == Token::Word("case".to_owned()))?;
            match &tokens[case + 1..=case + 2] {
                [Token::Word(column), Token::Word(when)] if when == "when" => Some(column.clone()),
                _ => None,
            }
        }
        // column in ('…', '…'), column not in ('…')
        ([.., Token::Sign('(' | ',')], _) => {
            let is_listed = |token: &Token| matches!(token, Token::Literal(_) | Token::Sign(','));
            let open = tokens[..at].iter().rposition(|token| !is_listed(token))?;
            match (&tokens[..open], &tokens[open]) {
                ([.., Token::Word(column), Token::Word(not), Token::Word(within)], Token::Sign('('))
                    if not == "not" && within == "in" =>
                {
                    Some(column.clone())
                }
                ([.., Token::Word(column), Token::Word(within)], Token::Sign('(')) if within == "in" => {
                    Some(column.clone())
                }
                _ => None,
            }
        }
        _ => None,
    }
}

/// The string literals of a Rust source.
fn strings(source: &str) -> Vec<String> {
    let mut strings = Vec::new();
    let mut rest = source;
    while let Some(start) = rest.find(['"', '\'', '/']) {
        let (before, quoted) = rest.split_at(start);
        let length = if quoted.starts_with("//") {
            quoted.find('\n').unwrap_or(quoted.len())
        } else if let Some(text) = quoted.strip_prefix('"') {
            let opening = before.trim_end_matches('#');
            let hashes = &before[opening.len()..];
            let length = if opening.ends_with('r') {
                text.find(&format!("\"{hashes}")).unwrap()
            } else {
                end_of_string(text)
            };
            strings.push(text[..length].to_owned());
            length + 2 + hashes.len()
        } else if let Some(text) = quoted.strip_prefix("'\\") {
            2 + text.find('\'').unwrap() + 1
        } else if quoted.chars().nth(2) == Some('\'') {
            // A char; a lifetime has no closing quote.
            2 + quoted.chars().nth(1).unwrap().len_utf8()
        } else {
            1
        };
        rest = &quoted[length..];
    }
    strings
}

/// Where the quote that ends a string stands in the text behind the one that begins it.
fn end_of_string(text: &str) -> usize {
    let mut escaped = false;
    text.find(|c| {
        let ends = c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        ends
    })
    .unwrap()
}

/// The files below a folder of this repository.
fn files(folder: &str, extension: &str) -> Vec<PathBuf> {
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(folder)];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|found| found == extension) {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}
