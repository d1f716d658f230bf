//! A small Bot API server, with what the bot does recorded and checked by Telegram's limits.

mod chat;
mod deliver;
mod methods;
pub mod payload;
mod rules;

pub use chat::{TelegramChat, heard};
pub use rules::read_html;

use super::{PATIENCE, Running, capture};
use axum::Router;
use axum::body::to_bytes;
use axum::extract::{FromRequest, Multipart, Request, State as Shared};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use footnote::bot::Bot;
use footnote::config::{Config, Secret};
use methods::refuse;
use payload::number;
use serde_json::{Map, Value, json};
use std::collections::{HashMap, HashSet, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Instant;
use tokio::net::TcpListener;
use tokio::sync::{Notify, mpsc};
use tokio::time::timeout;

/// The token that the fake knows.
pub const TOKEN: &str = "4242:AAtest_token_of_the_tests_0123456789";
/// Methods of the Bot API; names are matched in any case.
const METHODS: [&str; 15] = [
    "getMe",
    "getUpdates",
    "sendMessage",
    "editMessageText",
    "deleteMessage",
    "answerCallbackQuery",
    "answerInlineQuery",
    "getChatMember",
    "sendChatAction",
    "createForumTopic",
    "getMyCommands",
    "setMyCommands",
    "setWebhook",
    "deleteWebhook",
    "getWebhookInfo",
];

/// A request that reached the fake.
#[derive(Debug, Clone)]
pub struct Got {
    /// Method, as Telegram spells it.
    pub method: &'static str,
    /// What it says.
    pub body: Value,
    /// The number of the message that came of it.
    pub id: i64,
    /// When it came.
    pub at: Instant,
}

/// What goes wrong with one request.
#[derive(Debug, Clone, Copy)]
pub enum Fault {
    /// It is refused with this code and text.
    Refuse(u16, &'static str),
    /// It comes too early, by so many seconds.
    TooEarly(u64),
    /// The group has got another number.
    Moved(i64),
    /// A gateway in between answers, with this status and no JSON.
    Gateway(u16),
    /// It is never answered.
    Hang,
    /// It is done, and answered in a way that cannot be read.
    Odd,
}

/// What all connections share.
#[derive(Default)]
pub struct State {
    updates: Mutex<VecDeque<Value>>,
    news: Notify,
    /// Polls so far; a later one ends an earlier.
    polls: Mutex<u64>,
    confirmed: Mutex<i64>,
    webhook: Mutex<Option<deliver::Webhook>>,
    faults: Mutex<Vec<(&'static str, Fault)>>,
    commands: Mutex<HashMap<(String, String), Value>>,
    menus_set: Mutex<usize>,
    managers: Mutex<HashSet<i64>>,
    messages: Mutex<HashMap<(i64, i64), (Value, Value)>>,
    /// Pressed buttons, and how often each was answered.
    pressed: Mutex<HashMap<String, usize>>,
    typing: Mutex<usize>,
    /// Whether the bot hears what is addressed to it alone.
    privacy: Mutex<bool>,
    wrong: Mutex<Vec<String>>,
}

/// The fake.
pub struct FakeTelegram {
    state: Arc<State>,
    address: SocketAddr,
    got: mpsc::UnboundedReceiver<Got>,
    /// A group of this fake.
    pub group: Value,
}

impl FakeTelegram {
    /// Starts it on a free port.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let address = listener.local_addr().expect("it has an address");
        let (sender, got) = mpsc::unbounded_channel();
        let state = Arc::new(State::default());
        let routes = Router::new().fallback(any(api)).with_state((state.clone(), sender));
        tokio::spawn(async move { axum::serve(listener, routes).await });
        tokio::spawn(deliver::deliver(state.clone()));
        Self { state, address, got, group: payload::group(-1_000_000_000_000 - number(), true) }
    }

    /// Settings with which the program comes to this fake.
    pub fn config(&self) -> Config {
        let mut config = Config::default();
        config.tokens.telegram = Some(Secret::new(TOKEN));
        config.telegram.api_url = Some(format!("http://{}", self.address));
        config.telegram.throttle = false;
        config.telegram.poll_seconds = 2;
        config.telegram.request_timeout_seconds = 2;
        config
    }

    /// Starts the program.
    pub fn run(&self, bot: Arc<Bot>) -> Running {
        Running::start(bot, self.config())
    }

    /// Waits for the next request that a person sees something of.
    #[track_caller]
    pub fn next(&mut self) -> impl Future<Output = Got> + '_ {
        let caller = std::panic::Location::caller();
        async move {
            let got = timeout(PATIENCE, self.got.recv()).await;
            got.unwrap_or_else(|_| panic!("nothing came, awaited at {caller}")).expect("the fake runs")
        }
    }

    /// A request that has come and that nobody waited for.
    pub fn has_more(&mut self) -> Option<Got> {
        self.got.try_recv().ok()
    }

    /// Sends an update, with a number that it returns.
    pub fn send(&self, kind: &str, content: Value) -> i64 {
        let id = number();
        self.send_update(json!({ "update_id": id, kind: content }));
        id
    }

    /// Sends a whole update.
    pub fn send_update(&self, update: Value) {
        if let Some(id) = update["callback_query"]["id"].as_str() {
            self.state.pressed.lock().expect("not poisoned").entry(id.to_owned()).or_insert(0);
        }
        self.state.updates.lock().expect("not poisoned").push_back(update);
        self.state.news.notify_waiters();
    }

    /// Somebody writes a message; its number.
    pub fn write(&self, chat: &Value, who: &str, text: &str, change: impl FnOnce(&mut Value)) -> i64 {
        let id = number();
        let mut message = payload::message(id, chat, &payload::user(who), text);
        change(&mut message);
        self.send("message", message);
        id
    }

    /// Does something wrong to the next request of a method.
    pub fn on_request(&self, method: &'static str, fault: Fault) {
        self.state.faults.lock().expect("not poisoned").push((method, fault));
    }

    /// Switches privacy mode on.
    pub fn privacy(&self) {
        *self.state.privacy.lock().expect("not poisoned") = true;
    }

    /// Makes the bot an administrator of all groups.
    pub fn promote_bot(&self) {
        self.state.managers.lock().expect("not poisoned").insert(payload::ME);
    }

    /// Makes somebody an administrator of all groups.
    pub fn promote(&self, who: &str) {
        self.state.managers.lock().expect("not poisoned").insert(payload::user(who)["id"].as_i64().expect("a number"));
    }

    /// The number up to which updates were confirmed.
    pub fn confirmed(&self) -> i64 {
        *self.state.confirmed.lock().expect("not poisoned")
    }

    /// Polls so far.
    pub fn polls(&self) -> u64 {
        *self.state.polls.lock().expect("not poisoned")
    }

    /// How often the bot showed that it is about to write.
    pub fn typing(&self) -> usize {
        *self.state.typing.lock().expect("not poisoned")
    }

    /// The menu of a scope in a language.
    pub fn menu(&self, scope: &str, language: &str) -> Value {
        self.state.commands.lock().expect("not poisoned").get(&(scope.to_owned(), language.to_owned())).cloned().unwrap_or_default()
    }

    /// How often a menu was set.
    pub fn menus_set(&self) -> usize {
        *self.state.menus_set.lock().expect("not poisoned")
    }

    /// The address that a webhook was set for, if one is set.
    pub fn webhook(&self) -> Option<String> {
        self.state.webhook.lock().expect("not poisoned").as_ref().map(|webhook| webhook.url.clone())
    }

    /// Delivers an update to the webhook at once, with this secret or the right one; the status of the answer.
    pub async fn deliver(&self, update: &Value, secret: Option<&str>) -> u16 {
        let webhook = self.state.webhook.lock().expect("not poisoned").clone().expect("a webhook is set");
        deliver::post(&webhook.url, secret.unwrap_or(&webhook.secret), update).await
    }

    /// Delivers an update to an address at once, with the right secret; the status of the answer.
    pub async fn deliver_to(&self, url: &str, update: &Value) -> u16 {
        let secret = self.state.webhook.lock().expect("not poisoned").clone().expect("a webhook is set").secret;
        deliver::post(url, &secret, update).await
    }

    /// Does not expect an answer to a pressed button, since it was refused.
    pub fn forgive_press(&self, id: &str) {
        self.state.pressed.lock().expect("not poisoned").remove(id);
    }

    /// What the bot did that Telegram does not allow, and buttons that were not answered once.
    pub fn wrong(&self) -> Vec<String> {
        let mut wrong = self.state.wrong.lock().expect("not poisoned").clone();
        let pressed = self.state.pressed.lock().expect("not poisoned");
        wrong.extend(pressed.iter().filter(|(_, times)| **times != 1).map(|(id, times)| format!("press {id} was answered {times} times")));
        wrong
    }
}

impl Drop for FakeTelegram {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            assert_eq!(self.wrong(), Vec::<String>::new(), "what Telegram does not allow");
        }
    }
}

async fn api(Shared((state, sender)): Shared<(Arc<State>, mpsc::UnboundedSender<Got>)>, request: Request) -> Response {
    let path = request.uri().path().to_owned();
    let (content_type, raw, body) = read(request).await;
    let called = path.rsplit('/').next().unwrap_or_default();
    let method = METHODS.into_iter().find(|method| method.eq_ignore_ascii_case(called));
    let at = Instant::now();
    let fault = method.and_then(|method| state.take_fault(method));
    let id = number();
    let answer = match (method, fault) {
        _ if !path.starts_with(&format!("/bot{TOKEN}/")) => refuse(401, "Unauthorized"),
        (None, _) => {
            state.wrong(format!("{called} is unknown"));
            refuse(404, "Not Found")
        }
        (Some(method), None | Some(Fault::Odd)) => {
            rules::broken(method, &body).into_iter().for_each(|fault| state.wrong(format!("{method}: {fault}")));
            state.answer(method, &body, id).await
        }
        (_, Some(Fault::Hang)) => std::future::pending().await,
        (_, Some(Fault::Gateway(status))) => {
            return (StatusCode::from_u16(status).expect("a status"), "<html>a gateway</html>").into_response();
        }
        (_, Some(Fault::Refuse(code, text))) => refuse(code, text),
        (_, Some(Fault::TooEarly(wait))) => Err((429, format!("Too Many Requests: retry after {wait}"), json!({ "retry_after": wait }))),
        (_, Some(Fault::Moved(to))) => {
            Err((400, "Bad Request: group chat was upgraded to a supergroup chat".to_owned(), json!({ "migrate_to_chat_id": to })))
        }
    };
    let (status, mut json) = match &answer {
        Ok(result) => (200, json!({ "ok": true, "result": result })),
        Err((code, text, Value::Null)) => (*code, json!({ "ok": false, "error_code": code, "description": text })),
        Err((code, text, parameters)) => (*code, json!({ "ok": false, "error_code": code, "description": text, "parameters": parameters })),
    };
    capture::write("POST", &path, "", &content_type, &raw, status, &json);
    if let (Some(method), Ok(_)) = (method, &answer)
        && seen(method, &body)
    {
        // The test may have ended.
        let _ = sender.send(Got { method, body, id, at });
    }
    if matches!(fault, Some(Fault::Odd)) {
        match &mut json["result"] {
            Value::Object(result) => result.insert("chat".to_owned(), "odd".into()),
            result => Some(std::mem::replace(result, json!({ "odd": result.clone() }))),
        };
    }
    (StatusCode::from_u16(status).expect("a status"), axum::Json(json)).into_response()
}

/// Whether a person sees something of what a request does.
fn seen(method: &str, body: &Value) -> bool {
    match method {
        "sendMessage" | "editMessageText" | "deleteMessage" | "answerInlineQuery" | "createForumTopic" => true,
        "answerCallbackQuery" => body["text"].is_string(),
        _ => false,
    }
}

/// Reads a body in any form that Telegram takes: its type, its text, and what it says.
async fn read(request: Request) -> (String, String, Value) {
    let content_type = request.headers().get("content-type").and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    let (parts, body) = request.into_parts();
    let bytes = to_bytes(body, 1 << 20).await.unwrap_or_default();
    let raw = String::from_utf8_lossy(&bytes).into_owned();
    if content_type.starts_with("application/json") {
        return (content_type, raw, serde_json::from_slice(&bytes).unwrap_or_default());
    }
    let again = Request::from_parts(parts, bytes.into());
    let mut fields = Map::new();
    // In forms everything is text; what is not is JSON.
    let mut insert = |name: &str, text: String| {
        let value = serde_json::from_str(&text).ok().filter(|value: &Value| !value.is_string() && name != "secret_token");
        fields.insert(name.to_owned(), value.unwrap_or(Value::String(text)));
    };
    if content_type.starts_with("multipart/form-data") {
        let mut parts = Multipart::from_request(again, &()).await.expect("a form");
        while let Ok(Some(part)) = parts.next_field().await {
            let name = part.name().unwrap_or_default().to_owned();
            insert(&name, part.text().await.unwrap_or_default());
        }
    } else if let Ok(axum::Form(pairs)) = axum::Form::<Vec<(String, String)>>::from_request(again, &()).await {
        pairs.into_iter().for_each(|(name, text)| insert(&name, text));
    }
    (content_type, raw, Value::Object(fields))
}

impl State {
    fn take_fault(&self, method: &str) -> Option<Fault> {
        let mut faults = self.faults.lock().expect("not poisoned");
        let at = faults.iter().position(|(of, _)| *of == method)?;
        Some(faults.remove(at).1)
    }

    fn wrong(&self, what: String) {
        self.wrong.lock().expect("not poisoned").push(what);
    }
}
