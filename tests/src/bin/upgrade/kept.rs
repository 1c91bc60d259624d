//! What an instance that is there already keeps: everything that the release before said must be said again.
//!
//! A release may be stricter with new instances. One that is upgraded keeps what it had, so a new field needs a rule here
//! that says what it reads there.

use serde_json::Value;

/// Something that can be asked for, and what was answered.
pub struct Document {
    /// Its route.
    pub route: &'static str,
    /// Who asked for it, and where.
    pub of: String,
    /// The answer.
    pub body: Value,
}

/// What may differ after an upgrade.
#[derive(Debug, Clone, Copy)]
enum Rule {
    /// It changes by itself, or by what the test does meanwhile.
    Moves,
    /// The release before did not say it; an upgraded instance reads this, as JSON, whatever a new one reads.
    #[cfg_attr(not(test), allow(dead_code, reason = "until a release has a stricter default"))]
    Added(&'static str),
}

/// Where new fields need a rule: what decides who may do what, and how far.
const STRICT: [&str; 6] = [
    "/api/settings",
    "/api/settings/oidc",
    "/api/providers",
    "/api/tokens",
    "/api/users",
    "/api/agents",
];

/// Route, field (`*` stands for each item) and what may differ there.
type Row = (&'static str, &'static str, Rule);

/// A row with `Added` that is left over when the release before says the field itself is refused.
const RULES: &[Row] =
    &[("/api/settings", "/agentImage", Rule::Moves /* a release is a server and its agent image */)];

/// How these documents of the release before differ from those of this tree.
pub fn differences(before: &[Document], after: &[Document]) -> Vec<String> {
    Comparison::of(before, after, RULES)
}

struct Comparison<'a> {
    document: &'a Document,
    rules: &'a [Row],
    found: Vec<String>,
}

impl<'a> Comparison<'a> {
    fn of(before: &'a [Document], after: &[Document], rules: &'a [Row]) -> Vec<String> {
        let mut found = Vec::new();
        for document in before {
            let Some(new) = after.iter().find(|new| new.of == document.of) else {
                found.push(format!("{} is not there", document.of));
                continue;
            };
            let mut comparison = Self { document, rules, found: Vec::new() };
            comparison.compare("", &document.body, &new.body);
            found.append(&mut comparison.found);
        }
        found
    }

    fn rule(&self, field: &str) -> Option<Rule> {
        let row = self.rules.iter().find(|(route, at, _)| *route == self.document.route && *at == field);
        row.map(|(_, _, rule)| *rule)
    }

    fn note(&mut self, what: String) {
        self.found.push(format!("{}: {what}", self.document.of));
    }

    fn compare(&mut self, field: &str, old: &Value, new: &Value) {
        match (self.rule(field), old, new) {
            (Some(Rule::Moves), ..) => {}
            (Some(Rule::Added(_)), ..) => {
                self.note(format!("the release before says {field} itself: the row in kept.rs can go"));
            }
            (None, Value::Object(olds), Value::Object(news)) => {
                for (name, old) in olds {
                    let new = news.get(name).unwrap_or(&Value::Null);
                    self.compare(&format!("{field}/{name}"), old, new);
                }
                for (name, new) in news.iter().filter(|(name, _)| !olds.contains_key(*name)) {
                    self.added(&format!("{field}/{name}"), new);
                }
            }
            (None, Value::Array(olds), Value::Array(news)) if olds.iter().all(|old| id(old).is_some()) => {
                for old in olds {
                    let new = news.iter().find(|new| id(new) == id(old)).unwrap_or(&Value::Null);
                    self.compare(&format!("{field}/*"), old, new);
                }
            }
            (None, ..) if old == new => {}
            (None, ..) => self.note(format!("{field} was {old} and is {new}")),
        }
    }

    /// A field that the release before did not have.
    fn added(&mut self, field: &str, new: &Value) {
        match self.rule(field) {
            Some(Rule::Moves) => {}
            Some(Rule::Added(wanted)) => {
                let wanted: Value = serde_json::from_str(wanted).expect("JSON in a row");
                if *new != wanted {
                    self.note(format!("{field} is {new}, and an instance that was there keeps {wanted}"));
                }
            }
            None if STRICT.contains(&self.document.route) => self.note(format!(
                "{field} is new and reads {new}. What does an instance keep that was there before it? A row in \
                 tests/src/bin/upgrade/kept.rs says so"
            )),
            None => {}
        }
    }
}

/// What an item of a list is told from the others by.
fn id(item: &Value) -> Option<&str> {
    ["id", "key", "name"].iter().find_map(|name| item.get(name)?.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn differences_of(route: &'static str, old: &Value, new: Value) -> Vec<String> {
        let of = |body| [Document { route, of: route.to_owned(), body }];
        let rules = [
            ("/api/settings", "/agentImage", Rule::Moves),
            ("/api/settings", "/limits/strict", Rule::Added("false")),
        ];
        Comparison::of(&of(old.clone()), &of(new), &rules)
    }

    #[test]
    fn what_was_said_is_said_again_and_a_new_field_needs_a_row() {
        let old = json!({ "limits": { "pids": 1 }, "agentImage": "a", "hosts": ["x"] });
        let strict =
            |strict: bool| json!({ "limits": { "pids": 1, "strict": strict }, "agentImage": "b", "hosts": ["x"] });
        assert_eq!(differences_of("/api/settings", &old, strict(false)), [] as [String; 0]);
        for worse in [
            strict(true),
            json!({ "limits": { "pids": 2 }, "agentImage": "a", "hosts": ["x"] }),
            json!({ "limits": {}, "agentImage": "a", "hosts": ["x"] }),
            json!({ "limits": { "pids": 1, "threads": 3 }, "agentImage": "a", "hosts": ["x"] }),
            json!({ "limits": { "pids": 1 }, "agentImage": "a", "hosts": [] }),
        ] {
            assert_eq!(differences_of("/api/settings", &old, worse.clone()).len(), 1, "{worse}");
        }
        let left_over = differences_of("/api/settings", &strict(false), strict(false));
        assert_eq!(left_over.len(), 1, "{left_over:?}");
    }

    #[test]
    fn lists_may_grow_and_must_not_shrink() {
        let old = json!({ "items": [{ "id": "a", "name": "x" }] });
        let grown = json!({ "items": [{ "id": "b", "name": "y" }, { "id": "a", "name": "x", "more": 1 }] });
        assert_eq!(differences_of("/api/findings", &old, grown), [] as [String; 0]);
        assert_eq!(differences_of("/api/findings", &old, json!({ "items": [] })).len(), 1);
    }
}
