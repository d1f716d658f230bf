//! Reads what Telegram sends: which updates concern the bot, who did what where, and whether the bot was meant.
//!
//! Ids are `telegram:` and Telegram's numbers: those of a chat, and of a topic or a message in it. A *topic* is a part of
//! a group that its administrators opened; it is a channel of its own.

use super::api::Target;
use crate::command::{self, ParseError};
use crate::message::event::{Author, Event, Kind, Place};
use crate::message::press::Press;
use crate::message::{self, AuthorId};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::sync::atomic::{AtomicU64, Ordering};
use teloxide::types::{
    CallbackQuery, CallbackQueryId, Chat, ChatId, ChatKind, ChosenInlineResult, InlineQuery, MaybeInaccessibleMessage, Me, Message,
    MessageId, MessageKind, PublicChatKind, ThreadId, Update, UpdateKind, User, UserId,
};

/// What an update is.
pub enum Received {
    /// A message was written or edited.
    Message {
        /// What happened.
        event: Event,
        /// Where to reply.
        target: Target,
        /// Who wrote it, unless it was written in the name of a chat.
        user: Option<UserId>,
    },
    /// A button was pressed.
    Press(Pressed),
    /// Somebody is typing to the bot in some chat.
    Typing(InlineQuery, AuthorId),
    /// An answer that was shown to somebody who typed was posted.
    Chosen(ChosenInlineResult),
    /// A group has got another number, as happens when it grows.
    Moved(ChatId, ChatId),
}

/// A pressed button.
pub struct Pressed {
    /// What Telegram wants answered.
    pub query: CallbackQueryId,
    /// What happened; none if the button is no longer known.
    pub event: Option<Event>,
    /// Where to reply; none under what somebody posted in inline mode, where the bot cannot write.
    pub target: Option<Target>,
    /// Who pressed it.
    pub user: UserId,
}

/// Reads updates; it knows who the bot is.
pub struct Reader {
    me: Me,
    lost: AtomicU64,
}

/// A chat, or a topic in it, as the bot knows it.
pub fn channel_id(chat: ChatId, topic: Option<ThreadId>) -> String {
    topic.map_or_else(|| format!("telegram:{chat}"), |topic| format!("telegram:{chat}/{topic}"))
}

/// A message as the bot knows it.
pub fn message_id(chat: ChatId, message: MessageId) -> message::MessageId {
    message::MessageId(format!("telegram:{chat}/{message}"))
}

/// The message that the bot knows by this id.
pub fn message_of(id: &message::MessageId) -> Option<(ChatId, MessageId)> {
    let (chat, message) = id.0.strip_prefix("telegram:")?.split_once('/')?;
    Some((ChatId(chat.parse().ok()?), MessageId(message.parse().ok()?)))
}

fn author_id(id: impl std::fmt::Display) -> AuthorId {
    AuthorId(format!("telegram:{id}"))
}

impl Reader {
    /// A reader for this bot.
    pub fn new(me: Me) -> Self {
        Self { me, lost: AtomicU64::new(0) }
    }

    /// Who the bot is.
    pub fn me(&self) -> UserId {
        self.me.user.id
    }

    /// The bot's user name.
    pub fn name(&self) -> &str {
        self.me.user.username.as_deref().unwrap_or_default()
    }

    /// What an update is, if it concerns the bot. What cannot be read is counted.
    pub fn read(&self, raw: &Value) -> Option<Received> {
        let kind = match Update::deserialize(raw) {
            Ok(update) => update.kind,
            Err(_) => UpdateKind::Error(Value::Null),
        };
        match kind {
            UpdateKind::Message(message) => self.message(&self.whole(message, &raw["message"])?, Kind::Said),
            UpdateKind::EditedMessage(message) => self.message(&self.whole(message, &raw["edited_message"])?, Kind::Edited),
            UpdateKind::CallbackQuery(query) => Some(Received::Press(self.pressed(query))),
            UpdateKind::InlineQuery(query) => {
                let author = author_id(query.from.id);
                Some(Received::Typing(query, author))
            }
            UpdateKind::ChosenInlineResult(chosen) => Some(Received::Chosen(chosen)),
            UpdateKind::Error(_) => match raw.get("message").and_then(pared) {
                Some(message) => self.message(&message, Kind::Said),
                None => self.lose(raw),
            },
            // Telegram was not asked for others.
            _ => None,
        }
    }

    /// The message itself, or, where teloxide could not make anything of it, what we need of it. A new kind of markup in
    /// a text is enough for that.
    fn whole(&self, message: Message, raw: &Value) -> Option<Message> {
        match message.kind {
            MessageKind::Empty {} => pared(raw).or_else(|| self.lose(raw)),
            _ => Some(message),
        }
    }

    fn lose<T>(&self, raw: &Value) -> Option<T> {
        let lost = self.lost.fetch_add(1, Ordering::Relaxed) + 1;
        // What people wrote is not logged; the names of the fields say what it was.
        let fields: Vec<&String> = raw.as_object().into_iter().flat_map(Map::keys).collect();
        tracing::warn!(?fields, lost, "an update could not be read");
        None
    }

    fn message(&self, message: &Message, kind: fn(String) -> Kind) -> Option<Received> {
        let ours = |user: Option<&User>| user.is_some_and(|user| user.id == self.me.id);
        if message.chat.is_channel() || message.is_automatic_forward() || ours(message.via_bot.as_ref()) {
            return None;
        }
        if let Some(to) = message.migrate_to_chat_id() {
            return Some(Received::Moved(message.chat.id, *to));
        }
        let author = author(message)?;
        let written = text_of(message)?;
        let (text, named) = without_name(written, self.name());
        let first = text.split_whitespace().next().unwrap_or_default();
        // A command with a name behind it is for the bot of that name; one that is not ours may be for any bot.
        if first.starts_with('/') && first.contains('@') && !message.chat.is_private() {
            return None;
        }
        let place = self.place(&message.chat, topic(message));
        let command = first.starts_with('/') && !matches!(command::parse(&text), Err(ParseError::Unknown { .. }));
        // In a topic Telegram calls everything a reply to what opened it.
        let original = message.reply_to_message().filter(|original| original.forum_topic_created().is_none());
        let replied = original.is_some_and(|original| ours(original.from.as_ref()) || ours(original.via_bot.as_ref()));
        let part = message.quote().filter(|quote| quote.is_manual).map(|quote| quote.text.as_str());
        let quoted = part.or_else(|| original.and_then(text_of)).filter(|_| !replied);
        let target = Target { chat: message.chat.id, topic: topic(message), message: Some(message.id) };
        let event = Event {
            addressed: named || replied || command || place.direct,
            place,
            author,
            message: message_id(message.chat.id, message.id),
            reply_to: original.map(|original| message_id(message.chat.id, original.id)),
            quoted: quoted.map(str::to_owned),
            private: None,
            kind: kind(text),
        };
        let user = message.from.as_ref().filter(|_| message.sender_chat.is_none()).map(|user| user.id);
        Some(Received::Message { event, target, user })
    }

    fn pressed(&self, query: CallbackQuery) -> Pressed {
        let press = query.data.as_deref().and_then(Press::decode);
        let on = query.message.as_ref();
        let within = on.and_then(MaybeInaccessibleMessage::regular_message).and_then(topic);
        let target = on.map(|message| Target { chat: message.chat().id, topic: within, message: Some(message.id()) });
        let place = on.map_or_else(|| posted(&query.chat_instance), |message| self.place(message.chat(), within));
        let reply_to = match (on, &query.inline_message_id) {
            (Some(message), _) => Some(message_id(message.chat().id, message.id())),
            (None, Some(id)) => Some(message::MessageId(format!("telegram:inline {id}"))),
            (None, None) => None,
        };
        let event = press.map(|press| Event {
            place,
            author: Author { id: author_id(query.from.id), manager: false },
            message: message::MessageId(format!("telegram:press {}", query.id)),
            reply_to,
            quoted: None,
            addressed: true,
            private: None,
            kind: Kind::Pressed(press),
        });
        Pressed { query: query.id, event, target, user: query.from.id }
    }

    fn place(&self, chat: &Chat, topic: Option<ThreadId>) -> Place {
        let forum =
            matches!(&chat.kind, ChatKind::Public(public) if matches!(&public.kind, PublicChatKind::Supergroup(group) if group.is_forum));
        Place {
            server: (!chat.is_private()).then(|| channel_id(chat.id, None)),
            channel: channel_id(chat.id, topic),
            thread: None,
            direct: chat.is_private(),
            opens_threads: forum && topic.is_none(),
            whispers: false,
            // An administrator hears all, too; whether it is one is asked where it matters.
            hears_all: chat.is_private() || self.me.can_read_all_group_messages,
        }
    }
}

/// Who wrote a message; nobody if it was another bot.
fn author(message: &Message) -> Option<Author> {
    match (&message.sender_chat, &message.from) {
        // Administrators may write in the name of their group.
        (Some(chat), _) => Some(Author { id: author_id(chat.id), manager: chat.id == message.chat.id }),
        (None, Some(user)) if !user.is_bot => Some(Author { id: author_id(user.id), manager: false }),
        _ => None,
    }
}

fn text_of(message: &Message) -> Option<&str> {
    message.text().or_else(|| message.caption())
}

fn topic(message: &Message) -> Option<ThreadId> {
    message.thread_id.filter(|_| message.is_topic_message)
}

/// Where somebody posted an answer in inline mode: the bot does not learn more, and shows what it has to say over the
/// chat, to one person alone.
fn posted(chat_instance: &str) -> Place {
    Place {
        server: None,
        channel: format!("telegram:instance {chat_instance}"),
        thread: None,
        direct: false,
        opens_threads: false,
        whispers: true,
        hears_all: false,
    }
}

/// A text without the bot's name, and whether it had it.
fn without_name(text: &str, name: &str) -> (String, bool) {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let (mut kept, mut rest, mut named) = (String::new(), text, false);
    while let Some(at) = rest.find('@') {
        let (before, after) = (&rest[..at], &rest[at + 1..]);
        kept.push_str(before);
        let here = !name.is_empty() && after.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name));
        let ends = here && !after[name.len()..].starts_with(word);
        let command = kept.starts_with('/') && !kept.contains(char::is_whitespace);
        if ends && (command || !kept.ends_with(word)) {
            named = true;
            rest = &after[name.len()..];
        } else {
            kept.push('@');
            rest = after;
        }
    }
    kept.push_str(rest);
    // What is left around a name: spaces, and the comma or colon of an address.
    let text = if named { kept.trim().trim_start_matches([',', ':']).trim() } else { kept.trim() };
    (text.to_owned(), named)
}

/// What we need of a message, read on its own; nothing if it has no text.
fn pared(raw: &Value) -> Option<Message> {
    serde_json::from_value(pare(raw)?).ok().filter(|message: &Message| message.text().is_some())
}

fn pare(raw: &Value) -> Option<Value> {
    const NEEDED: [&str; 9] =
        ["message_id", "message_thread_id", "from", "sender_chat", "date", "chat", "is_topic_message", "is_automatic_forward", "via_bot"];
    let raw = raw.as_object()?;
    let mut needed: Map<String, Value> = NEEDED.iter().filter_map(|name| Some(((*name).to_owned(), raw.get(*name)?.clone()))).collect();
    needed.insert("text".to_owned(), raw.get("text").or_else(|| raw.get("caption"))?.clone());
    if let Some(original) = raw.get("reply_to_message").and_then(pare) {
        needed.insert("reply_to_message".to_owned(), original);
    }
    Some(Value::Object(needed))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn reader() -> Reader {
        let me = json!({ "id": 1, "is_bot": true, "first_name": "f", "username": "foot_bot", "can_join_groups": true,
            "can_read_all_group_messages": false, "supports_inline_queries": true, "has_main_web_app": false });
        Reader::new(serde_json::from_value(me).expect("a bot"))
    }

    fn update(text: &str, change: impl FnOnce(&mut Value)) -> Value {
        let mut message = json!({ "message_id": 5, "date": 1, "chat": { "id": -7, "type": "supergroup", "title": "t" },
            "from": { "id": 9, "is_bot": false, "first_name": "Ann" }, "text": text });
        change(&mut message);
        json!({ "update_id": 3, "message": message })
    }

    fn said(text: &str, change: impl FnOnce(&mut Value)) -> Option<(String, bool)> {
        match reader().read(&update(text, change))? {
            Received::Message { event: Event { kind: Kind::Said(text), addressed, .. }, .. } => Some((text, addressed)),
            _ => None,
        }
    }

    #[test]
    fn knows_when_it_is_meant() {
        for (text, read, addressed) in [
            ("@foot_bot who?", "who?", true),
            ("hey @Foot_Bot, who?", "hey , who?", true),
            ("@foot_bot: who?", "who?", true),
            ("@foot_bots who?", "@foot_bots who?", false),
            ("me@foot_bot who?", "me@foot_bot who?", false),
            ("/ask@foot_bot who?", "/ask who?", true),
            ("/ask who?", "/ask who?", true),
            ("/chek@foot_bot it", "/chek it", true),
            ("/chek it", "/chek it", false),
            ("@foot_bot /check it", "/check it", true),
            ("who?", "who?", false),
        ] {
            assert_eq!(said(text, |_| {}), Some((read.to_owned(), addressed)), "{text}");
        }
        assert_eq!(said("/ask@other_bot who?", |_| {}), None);
    }

    #[test]
    fn does_not_answer_bots_channels_and_what_it_posted_itself() {
        assert_eq!(said("@foot_bot who?", |m| m["from"]["is_bot"] = true.into()), None);
        assert_eq!(said("@foot_bot who?", |m| m["chat"] = json!({ "id": -7, "type": "channel", "title": "t" })), None);
        assert_eq!(said("who?", |m| m["via_bot"] = json!({ "id": 1, "is_bot": true, "first_name": "f" })), None);
        assert_eq!(said("@foot_bot who?", |m| m["is_automatic_forward"] = true.into()), None);
    }

    #[test]
    fn an_anonymous_administrator_manages_the_group() {
        let raw = update("/settings", |m| {
            m["from"]["is_bot"] = true.into();
            m["sender_chat"] = m["chat"].clone();
        });
        let Some(Received::Message { event, user: None, .. }) = reader().read(&raw) else { panic!("not read") };
        assert!(event.author.manager);
    }

    #[test]
    fn reads_messages_that_teloxide_cannot() {
        let entity = json!([{ "type": "date_time", "offset": 0, "length": 3 }]);
        let raw = update("@foot_bot who?", |m| {
            m["entities"] = entity.clone();
            m["reply_to_message"] = json!({ "message_id": 4, "date": 1, "chat": m["chat"], "text": "said", "entities": entity,
                "from": { "id": 8, "is_bot": false, "first_name": "Bob" } });
        });
        let reader = reader();
        let Some(Received::Message { event, .. }) = reader.read(&raw) else { panic!("not read") };
        assert_eq!((event.kind, event.quoted.as_deref()), (Kind::Said("who?".into()), Some("said")));
        assert_eq!(reader.lost.load(Ordering::Relaxed), 0);
        assert!(reader.read(&json!({ "update_id": 4, "a_new_kind": {} })).is_none());
        assert!(reader.read(&update("", |m| m["text"] = Value::Null)).is_none());
        assert_eq!(reader.lost.load(Ordering::Relaxed), 2);
    }

    #[test]
    fn a_topic_is_a_channel_and_what_opened_it_no_question() {
        let raw = update("/ask who?", |m| {
            m["chat"]["is_forum"] = true.into();
            m["is_topic_message"] = true.into();
            m["message_thread_id"] = 4.into();
            m["reply_to_message"] = json!({ "message_id": 4, "date": 1, "chat": m["chat"], "from": m["from"],
                "forum_topic_created": { "name": "n", "icon_color": 7_322_096 } });
        });
        let Some(Received::Message { event, target, .. }) = reader().read(&raw) else { panic!("not read") };
        assert_eq!((event.place.channel.as_str(), event.place.server.as_deref()), ("telegram:-7/4", Some("telegram:-7")));
        assert_eq!((event.reply_to, event.place.opens_threads), (None, false));
        assert_eq!(target.topic, Some(ThreadId(MessageId(4))));
    }
}
