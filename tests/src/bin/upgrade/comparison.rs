//! Compares what the API returns before and after the upgrade.
//!
//! A release may have stricter defaults for new instances. An upgraded instance keeps what it had: no value changes, and
//! a new field needs a rule here that states its value on an upgraded instance.

use serde_json::Value;

/// A response of the API.
pub struct Document {
    /// Its route, by which rules refer to it.
    pub route: &'static str,
    /// The path and the user who asked; unique.
    pub name: String,
    /// The JSON.
    pub body: Value,
}

/// A difference that is allowed.
#[derive(Debug, Clone, Copy)]
enum Rule {
    /// The value changes by itself, or because of what the test does.
    MayChange,
    /// The release before does not have the field. This is its value, as JSON, on an upgraded instance.
    #[cfg_attr(not(test), allow(dead_code, reason = "until a release has a stricter default"))]
    Added(&'static str),
}

/// Routes where a new field needs a rule, because it may restrict what somebody can do.
const RULES_REQUIRED: [&str; 6] =
    ["/api/settings", "/api/settings/oidc", "/api/providers", "/api/tokens", "/api/users", "/api/agents"];

/// Route, field (`*` stands for each item of a list) and rule.
type Row = (&'static str, &'static str, Rule);

/// A row with `Added` must be removed when the release before has the field; the test fails until then.
const RULES: &[Row] = &[
    // `mosaic migrate` sets the agent image that belongs to the release.
    ("/api/settings", "/agentImage", Rule::MayChange),
    ("/api/users", "/items/*/lastSeenAt", Rule::MayChange),
    ("/api/tokens", "/items/*/lastUsedAt", Rule::MayChange),
    ("/api/lanes", "/items/*/later", Rule::MayChange),
    ("/api/lanes", "/items/*/oldestDue", Rule::MayChange),
    ("/api/lanes", "/items/*/ready", Rule::MayChange),
    ("/api/lanes", "/items/*/running", Rule::MayChange),
    ("/api/lanes", "/items/*/slots", Rule::MayChange),
    ("/api/schedules", "/items/*/lastDue", Rule::MayChange),
    ("/api/schedules", "/items/*/lastJob", Rule::MayChange),
    ("/api/schedules", "/items/*/lastRun", Rule::MayChange),
    ("/api/schedules", "/items/*/lastState", Rule::MayChange),
    ("/api/schedules", "/items/*/nextDue", Rule::MayChange),
    ("/api/fleet/system-containers", "/items/*/lastUsedAt", Rule::MayChange),
];

/// Returns one line for each difference that no rule allows.
pub fn differences(before: &[Document], after: &[Document]) -> Vec<String> {
    Comparison::run(before, after, RULES)
}

struct Comparison<'a> {
    document: &'a Document,
    rules: &'a [Row],
    differences: Vec<String>,
}

impl<'a> Comparison<'a> {
    fn run(before: &'a [Document], after: &[Document], rules: &'a [Row]) -> Vec<String> {
        let mut differences = Vec::new();
        for document in before {
            let Some(new) = after.iter().find(|new| new.name == document.name) else {
                differences.push(format!("{} is missing", document.name));
                continue;
            };
            let mut comparison = Self { document, rules, differences: Vec::new() };
            comparison.compare_field("", &document.body, &new.body);
            differences.append(&mut comparison.differences);
        }
        differences
    }

    fn rule(&self, field: &str) -> Option<Rule> {
        let row = self.rules.iter().find(|(route, at, _)| *route == self.document.route && *at == field);
        row.map(|(_, _, rule)| *rule)
    }

    fn add(&mut self, what: String) {
        self.differences.push(format!("{}: {what}", self.document.name));
    }

    fn compare_field(&mut self, field: &str, old: &Value, new: &Value) {
        match (self.rule(field), old, new) {
            (Some(Rule::MayChange), ..) => {}
            (Some(Rule::Added(_)), ..) => {
                self.add(format!("the release before has {field}: remove its row in comparison.rs"));
            }
            (None, Value::Object(olds), Value::Object(news)) => {
                for (name, old) in olds {
                    let new = news.get(name).unwrap_or(&Value::Null);
                    self.compare_field(&format!("{field}/{name}"), old, new);
                }
                for (name, new) in news.iter().filter(|(name, _)| !olds.contains_key(*name)) {
                    self.check_new_field(&format!("{field}/{name}"), new);
                }
            }
            (None, Value::Array(olds), Value::Array(news))
                if !olds.is_empty() && olds.iter().all(|old| id(old).is_some()) =>
            {
                for old in olds {
                    let new = news.iter().find(|new| id(new) == id(old)).unwrap_or(&Value::Null);
                    self.compare_field(&format!("{field}/*"), old, new);
                }
            }
            (None, ..) if old == new => {}
            (None, ..) => self.add(format!("{field} was {old} and is {new}")),
        }
    }

    /// A field that the release before did not have.
    fn check_new_field(&mut self, field: &str, new: &Value) {
        match self.rule(field) {
            Some(Rule::MayChange) => {}
            Some(Rule::Added(expected)) => {
                let expected: Value = serde_json::from_str(expected).expect("the rule contains JSON");
                if *new != expected {
                    self.add(format!("{field} is {new}, but must be {expected} on an upgraded instance"));
                }
            }
            None if RULES_REQUIRED.contains(&self.document.route) => self.add(format!(
                "{field} is new and is {new}. Add a rule in tests/src/bin/upgrade/comparison.rs: which value keeps what an \
                 upgraded instance had?"
            )),
            None => {}
        }
    }
}

/// What identifies an item of a list.
fn id(item: &Value) -> Option<&str> {
    ["id", "key", "name"].iter().find_map(|name| item.get(name)?.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn differences_of(route: &'static str, old: &Value, new: Value) -> Vec<String> {
        let document = |body| [Document { route, name: route.to_owned(), body }];
        let rules = [
            ("/api/settings", "/agentImage", Rule::MayChange),
            ("/api/settings", "/limits/strict", Rule::Added("false")),
        ];
        Comparison::run(&document(old.clone()), &document(new), &rules)
    }

    #[test]
    fn values_stay_and_a_new_field_needs_a_rule() {
        let old = json!({ "limits": { "pids": 1 }, "agentImage": "a", "hosts": ["x"] });
        let strict = |strict: bool| json!({ "limits": { "pids": 1, "strict": strict }, "agentImage": "b", "hosts": ["x"] });
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
        let obsolete_rule = differences_of("/api/settings", &strict(false), strict(false));
        assert_eq!(obsolete_rule.len(), 1, "{obsolete_rule:?}");
    }

    #[test]
    fn lists_may_grow_but_not_shrink() {
        let old = json!({ "items": [{ "id": "a", "name": "x" }] });
        let grown = json!({ "items": [{ "id": "b", "name": "y" }, { "id": "a", "name": "x", "more": 1 }] });
        assert_eq!(differences_of("/api/findings", &old, grown), [] as [String; 0]);
        assert_eq!(differences_of("/api/findings", &old, json!({ "items": [] })).len(), 1);
    }
}
