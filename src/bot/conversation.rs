//! Recent exchanges of each conversation, bounded in every direction: the oldest is forgotten first.

use crate::message::ConversationId;
use crate::qa::Exchange;
use crate::qa::engine::MEMORY;
use std::collections::{HashMap, VecDeque};

/// Conversations that are remembered at a time.
const CONVERSATIONS: usize = 10_000;
/// Characters of a message that are remembered.
const REMEMBERED: usize = 500;

/// What was said lately.
#[derive(Debug, Default)]
pub struct Conversations {
    recent: HashMap<ConversationId, Conversation>,
    /// In the order of their first exchange.
    order: VecDeque<ConversationId>,
}

#[derive(Debug, Default)]
struct Conversation {
    exchanges: Vec<Exchange>,
    told_language: bool,
}

impl Conversations {
    /// The exchanges of a conversation, the latest last.
    pub fn history(&self, id: &ConversationId) -> &[Exchange] {
        self.recent.get(id).map_or(&[], |c| &c.exchanges)
    }

    /// Adds an exchange.
    pub fn remember(&mut self, id: &ConversationId, mut exchange: Exchange) {
        exchange.text = exchange.text.chars().take(REMEMBERED).collect();
        let conversation = self.open(id);
        if conversation.exchanges.len() == MEMORY {
            conversation.exchanges.remove(0);
        }
        conversation.exchanges.push(exchange);
    }

    /// Whether the conversation has yet to be told which language the bot speaks; it is told once.
    pub fn tell_language(&mut self, id: &ConversationId) -> bool {
        !std::mem::replace(&mut self.open(id).told_language, true)
    }

    fn open(&mut self, id: &ConversationId) -> &mut Conversation {
        if !self.recent.contains_key(id) {
            if self.order.len() == CONVERSATIONS
                && let Some(oldest) = self.order.pop_front()
            {
                self.recent.remove(&oldest);
            }
            self.order.push_back(id.clone());
        }
        self.recent.entry(id.clone()).or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exchange(text: &str) -> Exchange {
        Exchange { text: text.into(), targets: vec![0] }
    }

    #[test]
    fn forgets_the_oldest() {
        let mut conversations = Conversations::default();
        let id = ConversationId("a".into());
        for i in 0..MEMORY + 2 {
            conversations.remember(&id, exchange(&i.to_string()));
        }
        assert_eq!(conversations.history(&id).len(), MEMORY);
        assert_eq!(conversations.history(&id)[0].text, "2");
        for i in 0..CONVERSATIONS {
            conversations.remember(&ConversationId(format!("c{i}")), exchange("x"));
        }
        assert!(conversations.history(&id).is_empty());
        assert_eq!(conversations.recent.len(), CONVERSATIONS);
    }

    #[test]
    fn names_its_language_once() {
        let mut conversations = Conversations::default();
        let id = ConversationId("a".into());
        assert!(conversations.tell_language(&id));
        assert!(!conversations.tell_language(&id));
    }
}
