//! The methods of the fake Bot API: what each does, and what it complains about.

use super::rules::{self, read_html};
use super::{State, deliver, payload};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use tokio::time::timeout;

/// An answer of the Bot API: what came of the request, or its code, text and parameters.
pub type Answer = Result<Value, (u16, String, Value)>;

pub fn refuse<T>(code: u16, text: &str) -> Result<T, (u16, String, Value)> {
    Err((code, text.to_owned(), Value::Null))
}

impl State {
    /// Does what a request wants.
    pub async fn answer(&self, method: &str, body: &Value, id: i64) -> Answer {
        let number = |name: &str| body[name].as_i64().unwrap_or_default();
        match method {
            "getMe" => {
                let mut me = payload::me();
                for (name, value) in [
                    ("can_join_groups", true),
                    ("can_read_all_group_messages", !*self.privacy.lock().expect("not poisoned")),
                    ("supports_inline_queries", true),
                    ("can_connect_to_business", false),
                    ("has_main_web_app", false),
                ] {
                    me[name] = value.into();
                }
                Ok(me)
            }
            "getUpdates" => self.poll(body).await,
            "sendMessage" => {
                sound(body)?;
                Ok(self.keep(number("chat_id"), id, body))
            }
            "editMessageText" => {
                sound(body)?;
                let (chat, message) = (number("chat_id"), number("message_id"));
                let old = self.messages.lock().expect("not poisoned").get(&(chat, message)).cloned();
                match old {
                    None => refuse(400, "Bad Request: message to edit not found"),
                    Some((text, markup)) if text == body["text"] && markup == body["reply_markup"] => refuse(
                        400,
                        "Bad Request: message is not modified: specified new message content and reply markup are exactly the same \
                         as a current content and reply markup of the message",
                    ),
                    Some(_) => Ok(self.keep(chat, message, body)),
                }
            }
            "deleteMessage" => match self.messages.lock().expect("not poisoned").remove(&(number("chat_id"), number("message_id"))) {
                Some(_) => Ok(true.into()),
                None => refuse(400, "Bad Request: message to delete not found"),
            },
            "answerCallbackQuery" => {
                let query = body["callback_query_id"].as_str().unwrap_or_default();
                match self.pressed.lock().expect("not poisoned").get_mut(query) {
                    Some(times) => *times += 1,
                    None => {
                        return refuse(400, "Bad Request: query is too old and response timeout expired or query ID is invalid");
                    }
                }
                Ok(true.into())
            }
            "answerInlineQuery" | "setWebhook" | "deleteWebhook" => {
                match method {
                    "setWebhook" => *self.webhook.lock().expect("not poisoned") = Some(deliver::Webhook::of(body)),
                    "deleteWebhook" => *self.webhook.lock().expect("not poisoned") = None,
                    _ => {}
                }
                self.news.notify_waiters();
                Ok(true.into())
            }
            "getWebhookInfo" => {
                let url = self.webhook.lock().expect("not poisoned").as_ref().map_or_else(String::new, |webhook| webhook.url.clone());
                Ok(json!({ "url": url, "has_custom_certificate": false, "pending_update_count": 0 }))
            }
            "getChatMember" => {
                let user = json!({ "id": number("user_id"), "is_bot": false, "first_name": "somebody" });
                let manages = self.managers.lock().expect("not poisoned").contains(&number("user_id"));
                Ok(if manages {
                    json!({ "status": "creator", "user": user, "is_anonymous": false })
                } else {
                    json!({ "status": "member", "user": user })
                })
            }
            "sendChatAction" => {
                *self.typing.lock().expect("not poisoned") += 1;
                Ok(true.into())
            }
            "createForumTopic" => Ok(json!({ "message_thread_id": id, "name": body["name"], "icon_color": 7_322_096 })),
            "getMyCommands" => {
                let commands = self.commands.lock().expect("not poisoned").get(&menu_of(body)).cloned();
                Ok(commands.unwrap_or_else(|| json!([])))
            }
            "setMyCommands" => {
                *self.menus_set.lock().expect("not poisoned") += 1;
                self.commands.lock().expect("not poisoned").insert(menu_of(body), body["commands"].clone());
                Ok(true.into())
            }
            _ => refuse(404, "Not Found"),
        }
    }

    fn keep(&self, chat: i64, id: i64, body: &Value) -> Value {
        let mut kept = self.messages.lock().expect("not poisoned");
        kept.insert((chat, id), (body["text"].clone(), body["reply_markup"].clone()));
        let kind = if chat < 0 {
            json!({ "id": chat, "type": "supergroup", "title": "a group" })
        } else {
            json!({ "id": chat, "type": "private" })
        };
        payload::message(id, &kind, &payload::me(), body["text"].as_str().unwrap_or_default())
    }

    async fn poll(&self, body: &Value) -> Answer {
        let (offset, wait) = (body["offset"].as_i64().unwrap_or_default(), body["timeout"].as_u64().unwrap_or_default());
        let mine = {
            let mut polls = self.polls.lock().expect("not poisoned");
            *polls += 1;
            *polls
        };
        self.news.notify_waiters();
        *self.confirmed.lock().expect("not poisoned") = offset;
        let begun = Instant::now();
        loop {
            let news = self.news.notified();
            if *self.polls.lock().expect("not poisoned") != mine {
                return refuse(409, "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running");
            }
            if self.webhook.lock().expect("not poisoned").is_some() {
                return refuse(
                    409,
                    "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first",
                );
            }
            {
                let mut updates = self.updates.lock().expect("not poisoned");
                updates.retain(|update| update["update_id"].as_i64().unwrap_or_default() >= offset);
                if !updates.is_empty() {
                    return Ok(updates.iter().take(100).cloned().collect());
                }
            }
            let left = Duration::from_secs(wait).saturating_sub(begun.elapsed());
            if left.is_zero() {
                return Ok(json!([]));
            }
            // Either there is news, or the time is up.
            let _ = timeout(left, news).await;
        }
    }
}

fn menu_of(body: &Value) -> (String, String) {
    (body["scope"]["type"].as_str().unwrap_or_default().to_owned(), body["language_code"].as_str().unwrap_or_default().to_owned())
}

/// Telegram's complaint about a message, if it has one.
fn sound(body: &Value) -> Result<(), (u16, String, Value)> {
    let text = body["text"].as_str().unwrap_or_default();
    let length = match body["parse_mode"].as_str() {
        Some("HTML") => match read_html(text) {
            Ok((plain, italics)) => rules::length(&plain) + rules::length(&italics.concat()),
            Err(fault) => return refuse(400, &format!("Bad Request: {fault}")),
        },
        _ => rules::length(text),
    };
    match length {
        0 => refuse(400, "Bad Request: message text is empty"),
        1..=4_096 => Ok(()),
        _ => refuse(400, "Bad Request: message is too long"),
    }
}
