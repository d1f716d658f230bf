//! What was done about recent messages, so that an edited question edits its reply, a deleted one deletes it, a reply in
//! a chain finds its conversation, and what arrives twice is answered once. Bounded: the oldest is forgotten first.

use crate::message::event::Place;
use crate::message::{AuthorId, ConversationId, MessageId};
use std::collections::{HashMap, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;
use tokio::time::Instant;

/// Messages that are remembered.
const MESSAGES: usize = 4_096;
/// How long a person's next message in a channel carries on the conversation.
const WINDOW: Duration = Duration::from_secs(300);

/// A map that forgets what came first when it is full.
#[derive(Debug)]
struct Bounded<K, V> {
    map: HashMap<K, V>,
    order: VecDeque<K>,
}

impl<K: Hash + Eq + Clone, V> Bounded<K, V> {
    fn new() -> Self {
        Self { map: HashMap::new(), order: VecDeque::new() }
    }

    fn insert(&mut self, key: K, value: V) {
        if self.map.insert(key.clone(), value).is_none() {
            self.order.push_back(key);
            if self.order.len() > MESSAGES
                && let Some(oldest) = self.order.pop_front()
            {
                self.map.remove(&oldest);
            }
        }
    }
}

/// A question that was handled.
#[derive(Debug, Clone)]
pub struct Question {
    /// Its conversation.
    pub conversation: ConversationId,
    /// Stands for its text, which is not kept.
    text: u64,
    /// The reply to it, once it was sent.
    pub reply: Option<MessageId>,
}

impl Question {
    /// Whether the question reads like this.
    pub fn reads(&self, text: &str) -> bool {
        self.text == hash(text)
    }
}

fn hash(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

/// What was done lately.
#[derive(Debug)]
pub struct Seen {
    questions: Bounded<MessageId, Question>,
    /// The conversations of what the bot sent.
    replies: Bounded<MessageId, ConversationId>,
    /// Events that were dealt with: interactions and presses.
    events: Bounded<MessageId, ()>,
    /// When a person last spoke with the bot in a channel, and in which conversation.
    spoke: Bounded<(String, AuthorId), (Instant, ConversationId)>,
    /// The conversations of threads that the bot opened.
    threads: Bounded<String, ConversationId>,
    /// Who rated what; a person's word on one reply counts once.
    rated: Bounded<(AuthorId, MessageId), ()>,
    started: u64,
}

impl Default for Seen {
    fn default() -> Self {
        Self {
            questions: Bounded::new(),
            replies: Bounded::new(),
            events: Bounded::new(),
            spoke: Bounded::new(),
            threads: Bounded::new(),
            rated: Bounded::new(),
            started: 0,
        }
    }
}

impl Seen {
    /// Notes an event; false if it was noted before.
    pub fn first(&mut self, message: &MessageId) -> bool {
        let first = !self.events.map.contains_key(message);
        self.events.insert(message.clone(), ());
        first
    }

    /// The conversation that a message belongs to: that of the message it replies to, else that of the thread or of the
    /// only person here, else what this person said in this channel a short while ago, else a new one.
    pub fn conversation(&mut self, place: &Place, author: &AuthorId, reply_to: Option<&MessageId>) -> ConversationId {
        let chain = reply_to.and_then(|id| self.replies.map.get(id).or_else(|| self.questions.map.get(id).map(|q| &q.conversation)));
        let now = Instant::now();
        let key = (place.lane().to_owned(), author.clone());
        let conversation = if let Some(conversation) = chain {
            conversation.clone()
        } else if let Some(conversation) = self.threads.map.get(place.lane()) {
            conversation.clone()
        } else if place.direct || place.thread.is_some() {
            ConversationId(place.lane().to_owned())
        } else {
            match self.spoke.map.get(&key) {
                Some((at, conversation)) if now.duration_since(*at) < WINDOW => conversation.clone(),
                _ => {
                    self.started += 1;
                    ConversationId(format!("{} {} {}", place.channel, author.0, self.started))
                }
            }
        };
        self.spoke.insert(key, (now, conversation.clone()));
        conversation
    }

    /// A question that was handled and is remembered.
    pub fn question(&self, message: &MessageId) -> Option<&Question> {
        self.questions.map.get(message)
    }

    /// Remembers a question, or its new text; its reply stays.
    pub fn asked(&mut self, message: &MessageId, conversation: &ConversationId, text: &str) {
        let reply = self.questions.map.get(message).and_then(|q| q.reply.clone());
        self.questions.insert(message.clone(), Question { conversation: conversation.clone(), text: hash(text), reply });
    }

    /// Remembers which message replied to a question.
    pub fn sent(&mut self, question: &MessageId, reply: MessageId) {
        if let Some(question) = self.questions.map.get_mut(question) {
            question.reply = Some(reply.clone());
            self.replies.insert(reply, question.conversation.clone());
        }
    }

    /// Forgets a question that is gone; what it was.
    pub fn forget(&mut self, message: &MessageId) -> Option<Question> {
        // Its key in the order ages out on its own.
        self.questions.map.remove(message)
    }

    /// Remembers a thread that the bot opened for a question.
    pub fn opened(&mut self, question: &MessageId, thread: &str) {
        if let Some(question) = self.questions.map.get(question) {
            self.threads.insert(thread.to_owned(), question.conversation.clone());
        }
    }

    /// Whether the bot opened a thread, so that what is said in it is said to the bot.
    pub fn own_thread(&self, thread: &str) -> bool {
        self.threads.map.contains_key(thread)
    }

    /// Notes a rating; false if this person rated this reply before.
    pub fn rated(&mut self, author: &AuthorId, reply: &MessageId) -> bool {
        let key = (author.clone(), reply.clone());
        let first = !self.rated.map.contains_key(&key);
        self.rated.insert(key, ());
        first
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(channel: &str, thread: Option<&str>) -> Place {
        Place {
            server: Some("s".into()),
            channel: channel.into(),
            thread: thread.map(str::to_owned),
            direct: false,
            opens_threads: true,
            whispers: true,
            hears_all: true,
        }
    }

    fn id(n: &str) -> MessageId {
        MessageId(n.into())
    }

    #[tokio::test(start_paused = true)]
    async fn a_conversation_is_carried_on_by_chain_by_person_and_by_thread() {
        let mut seen = Seen::default();
        let (ann, bob) = (AuthorId("ann".into()), AuthorId("bob".into()));
        let first = seen.conversation(&place("c", None), &ann, None);
        seen.asked(&id("1"), &first, "who?");
        seen.sent(&id("1"), id("2"));
        assert_eq!(seen.conversation(&place("c", None), &bob, Some(&id("2"))), first, "a reply by somebody else");
        assert_eq!(seen.conversation(&place("c", None), &ann, None), first, "the same person soon after");
        assert_ne!(seen.conversation(&place("d", None), &ann, None), first, "another channel");
        seen.opened(&id("1"), "t");
        assert_eq!(seen.conversation(&place("c", Some("t")), &AuthorId("eve".into()), None), first, "in its thread");
        tokio::time::advance(WINDOW).await;
        assert_ne!(seen.conversation(&place("c", None), &ann, None), first, "the window has passed");
    }

    #[test]
    fn forgets_what_came_first() {
        let mut seen = Seen::default();
        for n in 0..=MESSAGES {
            assert!(seen.first(&id(&n.to_string())));
        }
        assert!(!seen.first(&id("1")), "remembered");
        assert!(seen.first(&id("0")), "forgotten");
        assert_eq!(seen.events.map.len(), MESSAGES);
    }
}
