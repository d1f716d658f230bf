//! What a person does on Discord, and how the bot's answer reads there.

use super::payload::{self, snowflake, user};
use super::{FakeDiscord, Got};
use crate::harness::{Chat, Heard};
use serde_json::{Value, json};

/// A server with one channel, and talks with the bot alone.
pub struct DiscordChat {
    /// The fake.
    pub discord: FakeDiscord,
    last: Option<(String, Value)>,
}

impl DiscordChat {
    /// A chat on a fake that the program is connected to.
    pub fn new(discord: FakeDiscord) -> Self {
        Self { discord, last: None }
    }

    fn write(&mut self, who: &str, content: &str, change: impl FnOnce(&mut Value)) -> u64 {
        let mut last = Value::Null;
        let id = self.discord.write(self.discord.channel, who, content, |message| {
            change(message);
            last = message.clone();
        });
        self.last = Some(("MESSAGE_CREATE".to_owned(), last));
        id
    }

    fn interact(&mut self, kind: u8, who: &str, manager: bool, data: &Value, change: impl FnOnce(&mut Value)) -> u64 {
        let place = self.discord.here();
        let mut last = Value::Null;
        let id = self.discord.interact(kind, place, who, manager, data, |interaction| {
            change(interaction);
            last = interaction.clone();
        });
        self.last = Some(("INTERACTION_CREATE".to_owned(), last));
        id
    }

    async fn heard(&mut self, question: u64) -> Heard {
        heard(question, &self.discord.next().await)
    }

    async fn pressed(&mut self, who: &str, manager: bool, on: &Heard, label: &str) -> Heard {
        let carried = on.button(label).to_owned();
        let menu = carried.starts_with("menu ");
        let data = match carried.strip_prefix("menu ") {
            Some(value) => json!({ "component_type": 3, "custom_id": "menu", "values": [value] }),
            None => json!({ "component_type": 2, "custom_id": carried }),
        };
        assert!(!menu || data["values"][0] != "");
        let mut message = payload::message(on.id.parse().unwrap_or(1), self.discord.channel, &payload::me(), "");
        if on.whispered {
            message["flags"] = 64.into();
        }
        if on.id == on.question {
            message["interaction_metadata"] =
                json!({ "id": on.question, "type": 2, "user": user(who), "authorizing_integration_owners": {} });
        }
        let id = self.interact(3, who, manager, &data, |interaction| interaction["message"] = message);
        self.heard(id).await
    }
}

/// Reads a request as a person would read what comes of it.
pub fn heard(question: u64, got: &Got) -> Heard {
    let said = if got.path.contains("/callback") { &got.body["data"] } else { &got.body };
    let embed = &said["embeds"][0];
    let fields = embed["fields"].as_array().into_iter().flatten();
    let fields = fields.flat_map(|f| [f["name"].as_str().unwrap_or_default(), f["value"].as_str().unwrap_or_default()]);
    let text: Vec<&str> = embed["description"].as_str().into_iter().chain(fields).collect();
    let mut buttons = Vec::new();
    for part in said["components"].as_array().into_iter().flatten().flat_map(|row| row["components"].as_array().into_iter().flatten()) {
        if part["type"] == 2 {
            buttons
                .push((part["label"].as_str().unwrap_or_default().to_owned(), part["custom_id"].as_str().unwrap_or_default().to_owned()));
        }
        for option in part["options"].as_array().into_iter().flatten() {
            let value = format!("menu {}", option["value"].as_str().unwrap_or_default());
            buttons.push((option["label"].as_str().unwrap_or_default().to_owned(), value));
        }
    }
    let by_interaction = !got.path.starts_with("/channels");
    Heard {
        question: question.to_string(),
        id: if by_interaction { question.to_string() } else { got.id.to_string() },
        text: text.join("\n").replace(['\\', '\u{200B}'], ""),
        sources: embed["footer"]["text"].as_str().unwrap_or_default().to_owned(),
        buttons,
        whispered: said["flags"].as_u64().unwrap_or(0) & 64 != 0,
    }
}

impl Chat for DiscordChat {
    async fn direct(&mut self, who: &str, text: &str) -> Heard {
        let channel = snowflake();
        let id = self.discord.write(channel, who, text, |message| {
            message.as_object_mut().expect("an object").remove("guild_id");
        });
        self.heard(id).await
    }

    async fn mention(&mut self, who: &str, text: &str) -> Heard {
        let text = format!("{} {text}", self.discord.name());
        let id = self.write(who, &text, |_| {});
        self.heard(id).await
    }

    async fn chatter(&mut self, who: &str, text: &str) {
        self.write(who, text, |_| {});
    }

    async fn reply(&mut self, who: &str, to: &Heard, text: &str) -> Heard {
        let mut original = payload::message(to.id.parse().expect("a number"), self.discord.channel, &payload::me(), "");
        if to.id == to.question {
            original["interaction_metadata"] =
                json!({ "id": to.question, "type": 2, "user": user(who), "authorizing_integration_owners": {} });
        }
        let id = self.write(who, text, |message| {
            message["type"] = 19.into();
            message["message_reference"] = json!({ "type": 0, "message_id": to.id, "channel_id": message["channel_id"] });
            message["referenced_message"] = original;
        });
        self.heard(id).await
    }

    async fn quote(&mut self, who: &str, quoted: &str, text: &str) -> Heard {
        let original = payload::message(snowflake(), self.discord.channel, &user("somebody"), quoted);
        let text = format!("{} {text}", self.discord.name());
        let id = self.write(who, &text, |message| {
            message["type"] = 19.into();
            message["message_reference"] = json!({ "type": 0, "message_id": original["id"], "channel_id": message["channel_id"] });
            message["referenced_message"] = original;
        });
        self.heard(id).await
    }

    async fn command(&mut self, who: &str, name: &str, argument: &str) -> Heard {
        let argument_name = footnote::command::Command::named(name).expect("a command").argument_name();
        let options = if argument.is_empty() { json!([]) } else { json!([{ "type": 3, "name": argument_name, "value": argument }]) };
        let data = json!({ "id": "1", "name": name, "type": 1, "options": options });
        let id = self.interact(2, who, false, &data, |_| {});
        self.heard(id).await
    }

    async fn manage(&mut self, who: &str, name: &str) -> Heard {
        let data = json!({ "id": "1", "name": name, "type": 1, "options": [] });
        let id = self.interact(2, who, true, &data, |_| {});
        self.heard(id).await
    }

    async fn press(&mut self, who: &str, on: &Heard, label: &str) -> Heard {
        self.pressed(who, false, on, label).await
    }

    async fn turn(&mut self, who: &str, on: &Heard, label: &str) -> Heard {
        self.pressed(who, true, on, label).await
    }

    async fn edit(&mut self, who: &str, old: &Heard, text: &str) -> Heard {
        let id: u64 = old.question.parse().expect("a number");
        let text = format!("{} {text}", self.discord.name());
        let mut message = payload::message(id, self.discord.channel, &user(who), &text);
        message["guild_id"] = self.discord.guild.to_string().into();
        message["mentions"] = json!([payload::me()]);
        message["edited_timestamp"] = "2026-01-01T00:01:00.000000+00:00".into();
        self.discord.send("MESSAGE_UPDATE", message);
        let got = self.discord.next().await;
        assert_eq!(got.method, "PATCH", "{got:?}");
        assert!(got.path.ends_with(&old.id), "{got:?}");
        heard(id, &got)
    }

    async fn again(&mut self) {
        let (name, data) = self.last.clone().expect("something was written");
        self.discord.send(&name, data);
    }

    async fn silence(&mut self) {
        // What comes to a channel is dealt with in order, so an answer to what came last would be the next request.
        let heard = self.mention("a sentinel", "hello").await;
        assert!(heard.text.starts_with("Hello"), "an answer to something else: {heard:?}");
    }
}
