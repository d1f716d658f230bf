//! What Telegram sends: users, chats, messages, in the form of the Bot API.

use serde_json::{Value, json};
use std::sync::atomic::{AtomicI64, Ordering};

/// The bot.
pub const ME: i64 = 4_242;
/// Its name.
pub const NAME: &str = "footnote_test_bot";

static NEXT: AtomicI64 = AtomicI64::new(1_000);

/// A number that was not used before.
pub fn number() -> i64 {
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// The bot as a user.
pub fn me() -> Value {
    json!({ "id": ME, "is_bot": true, "first_name": "footnote", "username": NAME })
}

/// A person of this name, always with the same number.
pub fn user(name: &str) -> Value {
    let id = name.bytes().fold(7_i64, |id, byte| (id * 31 + i64::from(byte)) % 1_000_000_007);
    json!({ "id": 10_000 + id, "is_bot": false, "first_name": name, "language_code": "en" })
}

/// A talk of a person with the bot alone.
pub fn private(name: &str) -> Value {
    let user = user(name);
    json!({ "id": user["id"], "type": "private", "first_name": name })
}

/// A group; one with topics if it is a forum.
pub fn group(id: i64, forum: bool) -> Value {
    let mut chat = json!({ "id": id, "type": "supergroup", "title": "a group" });
    if forum {
        chat["is_forum"] = true.into();
    }
    chat
}

/// A message with a text.
pub fn message(id: i64, chat: &Value, from: &Value, text: &str) -> Value {
    json!({ "message_id": id, "date": 1_767_225_600, "chat": chat, "from": from, "text": text })
}
