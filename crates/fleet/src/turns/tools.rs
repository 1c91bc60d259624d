//! The tools an agent uses in one turn, as cards.

use openclaw::{Item, Part};
use serde_json::{Value, json};

/// The cards so far.
#[derive(Debug, Default)]
pub(super) struct Tools {
    cards: Vec<Value>,
}

impl Tools {
    /// Takes an item of the history; answers with the card that is new or changed.
    pub(super) fn take(&mut self, item: Item) -> Option<Value> {
        match item.part {
            Part::ToolCall { id, .. } if self.cards.iter().any(|card| card["id"] == id.as_str()) => None,
            Part::ToolCall { id, name, arguments } => {
                let card = json!({ "id": id, "name": name, "arguments": arguments, "status": "running" });
                self.cards.push(card.clone());
                Some(card)
            }
            Part::ToolResult { id, name, is_error, text } => {
                let status = if is_error { "failed" } else { "done" };
                let told = |card: &&Value| card["id"] == id.as_str() && card["status"] != "running";
                if self.cards.iter().any(|card| told(&card)) {
                    return None;
                }
                let card = match self.cards.iter_mut().find(|card| card["id"] == id.as_str()) {
                    Some(card) => card,
                    None => {
                        self.cards.push(json!({ "id": id, "name": name }));
                        self.cards.last_mut()?
                    }
                };
                card["status"] = status.into();
                card["result"] = text.into();
                Some(card.clone())
            }
            Part::User { .. } | Part::Text { .. } | Part::Commentary(_) | Part::Failed(_) => None,
        }
    }

    /// The tool that is being used.
    pub(super) fn running(&self) -> Option<&str> {
        self.cards
            .iter()
            .rev()
            .find(|card| card["status"] == "running")
            .and_then(|card| card["name"].as_str())
    }

    /// All cards, in the order of use.
    pub(super) fn cards(self) -> Vec<Value> {
        self.cards
    }
}
