//! Text that Postgres can store: it cannot store NUL, which a model may write and a tool may print.

use serde_json::Value;

/// The text with U+FFFD for every NUL.
pub(crate) fn text(text: String) -> String {
    if text.contains('\0') { text.replace('\0', "\u{fffd}") } else { text }
}

/// The same for all texts of a document, names included.
pub(crate) fn document(value: Value) -> Value {
    match value {
        Value::String(value) => text(value).into(),
        Value::Array(items) => items.into_iter().map(document).collect(),
        Value::Object(fields) => {
            fields.into_iter().map(|(name, value)| (text(name), document(value))).collect()
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn no_nul_is_left_anywhere() {
        let storable = document(json!({ "a\0": ["x\0y", { "b": "\0" }], "n": 1 }));
        assert_eq!(storable, json!({ "a\u{fffd}": ["x\u{fffd}y", { "b": "\u{fffd}" }], "n": 1 }));
    }
}
