//! The tools an agent uses in one turn, as cards.

use super::event::{ToolCard, ToolStatus};
use openclaw::{Item, Part};

/// The cards so far.
#[derive(Debug, Default)]
pub(super) struct Tools {
    cards: Vec<ToolCard>,
}

impl Tools {
    /// Takes an item of the history; answers with the card that is new or changed.
    pub(super) fn take(&mut self, item: Item) -> Option<ToolCard> {
        match item.part {
            Part::ToolCall { id, name, arguments } => {
                if self.cards.iter().any(|card| card.id == id) {
                    return None;
                }
                let card = ToolCard { arguments: Some(arguments), ..ToolCard::begun(id, name) };
                self.cards.push(card.clone());
                Some(card)
            }
            Part::ToolResult { id, name, is_error, text } => {
                let at = self.cards.iter().position(|card| card.id == id).unwrap_or_else(|| {
                    self.cards.push(ToolCard::begun(id, name));
                    self.cards.len() - 1
                });
                let card = self.cards.get_mut(at).filter(|card| card.status == ToolStatus::Running)?;
                card.status = if is_error { ToolStatus::Failed } else { ToolStatus::Done };
                card.result = Some(text);
                Some(card.clone())
            }
            Part::User { .. } | Part::Text { .. } | Part::Commentary(_) | Part::Failed(_) => None,
        }
    }

    /// The tool that is being used.
    pub(super) fn running(&self) -> Option<&str> {
        self.cards.iter().rev().find(|card| card.status == ToolStatus::Running).map(|card| card.name.as_str())
    }

    /// All cards, in the order of use.
    pub(super) fn cards(self) -> Vec<ToolCard> {
        self.cards
    }
}
