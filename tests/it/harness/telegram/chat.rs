//! What a person does on Telegram, and how the bot's answer reads there.

use super::payload::{self, NAME, number};
use super::{FakeTelegram, Got, read_html};
use crate::harness::{Chat, Heard};
use serde_json::{Value, json};

/// A group, and talks with the bot alone.
pub struct TelegramChat {
    /// The fake.
    pub telegram: FakeTelegram,
    last: Option<(&'static str, Value)>,
}

impl TelegramChat {
    /// A chat on a fake that the program is connected to.
    pub fn new(telegram: FakeTelegram) -> Self {
        Self { telegram, last: None }
    }

    fn send(&mut self, kind: &'static str, content: Value) {
        self.last = Some((kind, content.clone()));
        self.telegram.send(kind, content);
    }

    /// Somebody writes a message; its number.
    pub fn write(&mut self, chat: &Value, who: &str, text: &str, change: impl FnOnce(&mut Value)) -> i64 {
        let id = number();
        let mut message = payload::message(id, chat, &payload::user(who), text);
        change(&mut message);
        self.send("message", message);
        id
    }

    /// Somebody writes in the group, and the bot answers.
    pub async fn ask(&mut self, who: &str, text: &str, change: impl FnOnce(&mut Value)) -> Heard {
        let group = self.telegram.group.clone();
        let id = self.write(&group, who, text, change);
        heard(id, &self.telegram.next().await)
    }

    /// Somebody presses a button that carries this, under a message of the bot.
    pub async fn press_data(&mut self, who: &str, message: i64, data: &str) -> Heard {
        let id = format!("query{}", number());
        let message = payload::message(message, &self.telegram.group, &payload::me(), "an answer");
        let query = json!({ "id": id, "from": payload::user(who), "message": message, "chat_instance": "1", "data": data });
        self.send("callback_query", query);
        heard(number(), &self.telegram.next().await)
    }
}

/// Reads a request as a person would read what comes of it.
pub fn heard(question: i64, got: &Got) -> Heard {
    let text = got.body["text"].as_str().unwrap_or_default();
    let (plain, italics) = match got.body["parse_mode"].as_str() {
        Some("HTML") => read_html(text).expect("it is well-formed"),
        _ => (text.to_owned(), Vec::new()),
    };
    let rows = got.body["reply_markup"]["inline_keyboard"].as_array().into_iter().flatten();
    let buttons = rows.flat_map(|row| row.as_array().into_iter().flatten());
    let said = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    Heard {
        question: question.to_string(),
        id: got.body["message_id"].as_i64().unwrap_or(got.id).to_string(),
        text: plain.replace('\u{200B}', "").trim().to_owned(),
        sources: italics.join("\n"),
        buttons: buttons.map(|button| (said(&button["text"]), said(&button["callback_data"]))).collect(),
        whispered: got.method == "answerCallbackQuery",
    }
}

fn by_name(text: &str) -> String {
    format!("@{NAME} {text}")
}

impl Chat for TelegramChat {
    async fn direct(&mut self, who: &str, text: &str) -> Heard {
        let id = self.write(&payload::private(who), who, text, |_| {});
        heard(id, &self.telegram.next().await)
    }

    async fn mention(&mut self, who: &str, text: &str) -> Heard {
        self.ask(who, &by_name(text), |_| {}).await
    }

    async fn chatter(&mut self, who: &str, text: &str) {
        let group = self.telegram.group.clone();
        self.write(&group, who, text, |_| {});
    }

    async fn reply(&mut self, who: &str, to: &Heard, text: &str) -> Heard {
        let original = payload::message(to.id.parse().expect("a number"), &self.telegram.group, &payload::me(), &to.text);
        self.ask(who, text, |message| message["reply_to_message"] = original).await
    }

    async fn quote(&mut self, who: &str, quoted: &str, text: &str) -> Heard {
        let original = payload::message(number(), &self.telegram.group, &payload::user("somebody"), quoted);
        self.ask(who, &by_name(text), |message| message["reply_to_message"] = original).await
    }

    async fn command(&mut self, who: &str, name: &str, argument: &str) -> Heard {
        self.ask(who, format!("/{name}@{NAME} {argument}").trim(), |_| {}).await
    }

    async fn manage(&mut self, who: &str, name: &str) -> Heard {
        self.telegram.promote(who);
        self.ask(who, &format!("/{name}"), |_| {}).await
    }

    async fn press(&mut self, who: &str, on: &Heard, label: &str) -> Heard {
        let data = on.button(label).to_owned();
        self.press_data(who, on.id.parse().expect("a number"), &data).await
    }

    async fn turn(&mut self, who: &str, on: &Heard, label: &str) -> Heard {
        self.telegram.promote(who);
        let turned = self.press(who, on, label).await;
        assert_eq!(turned.id, on.id, "the card itself changes");
        turned
    }

    async fn edit(&mut self, who: &str, old: &Heard, text: &str) -> Heard {
        let id: i64 = old.question.parse().expect("a number");
        let mut message = payload::message(id, &self.telegram.group, &payload::user(who), &by_name(text));
        message["edit_date"] = 1_767_225_700.into();
        self.send("edited_message", message);
        let got = self.telegram.next().await;
        assert_eq!((got.method, got.body["message_id"].to_string()), ("editMessageText", old.id.clone()), "{got:?}");
        heard(id, &got)
    }

    async fn again(&mut self) {
        let (kind, content) = self.last.clone().expect("something was written");
        self.telegram.send(kind, content);
    }

    async fn silence(&mut self) {
        // What comes to a group is dealt with in order, so an answer to what came last would be the next request.
        let heard = self.mention("a sentinel", "hello").await;
        assert!(heard.text.starts_with("Hello"), "an answer to something else: {heard:?}");
    }
}
