//! The tools that an agent uses in one turn, as cards.

use crate::services::active_turns::{ToolCard, ToolStatus};
use openclaw::{HistoryItem, HistoryPart};

#[derive(Debug, Default)]
pub(super) struct Tools {
    cards: Vec<ToolCard>,
}

impl Tools {
    /// Adds an item of the history. Returns the card that is new or changed.
    pub(super) fn take(&mut self, item: HistoryItem) -> Option<ToolCard> {
        match item.part {
            HistoryPart::ToolCall { id, name, arguments } => {
                if self.cards.iter().any(|card| card.id == id) {
                    return None;
                }
                let card = ToolCard { arguments: Some(arguments), ..ToolCard::begun(id, name) };
                self.cards.push(card.clone());
                Some(card)
            }
            HistoryPart::ToolResult { id, name, is_error, text } => {
                let at = self.cards.iter().position(|card| card.id == id).unwrap_or_else(|| {
                    self.cards.push(ToolCard::begun(id, name));
                    self.cards.len() - 1
                });
                let card = self.cards.get_mut(at).filter(|card| card.status == ToolStatus::Running)?;
                card.status = if is_error { ToolStatus::Failed } else { ToolStatus::Done };
                card.result = Some(text);
                Some(card.clone())
            }
            HistoryPart::User { .. }
            | HistoryPart::Text { .. }
            | HistoryPart::Commentary(_)
            | HistoryPart::Failed(_) => None,
        }
    }

    /// The name of the tool that is in use.
    pub(super) fn running(&self) -> Option<&str> {
        self.cards.iter().rev().find(|card| card.status == ToolStatus::Running).map(|card| card.name.as_str())
    }

    /// All cards, in the order of use.
    pub(super) fn cards(self) -> Vec<ToolCard> {
        self.cards
    }
}
