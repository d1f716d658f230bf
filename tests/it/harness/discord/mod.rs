//! A small Discord: its REST API and gateway, with what the bot does recorded and checked by Discord's limits.

mod chat;
pub mod gateway;
pub mod payload;
mod rules;

pub use chat::{DiscordChat, heard};

use super::{PATIENCE, Running, capture};
use axum::Router;
use axum::body::{Bytes, to_bytes};
use axum::extract::{Request, State as Shared, WebSocketUpgrade};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use footnote::bot::Bot;
use footnote::config::{Config, Secret};
use gateway::{Fault, OnConnect, Opened};
use payload::{APPLICATION, Where, message, snowflake};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::net::TcpListener;
use tokio::sync::{Notify, broadcast, mpsc};
use tokio::time::timeout;

/// The time in which Discord wants an interaction acknowledged.
const ACKNOWLEDGE_WITHIN: Duration = Duration::from_secs(3);
/// The intents that the bot has without being granted more.
pub const LEAST_INTENTS: u64 = 1 << 9 | 1 << 12;

/// A request that reached the fake.
#[derive(Debug, Clone)]
pub struct Got {
    /// HTTP method.
    pub method: String,
    /// Path without `/api/v10`.
    pub path: String,
    /// Body; null if there was none.
    pub body: Value,
    /// The id of the message that came of it.
    pub id: u64,
    /// When it came.
    pub at: Instant,
}

/// What goes wrong with one request.
#[derive(Debug, Clone, Copy)]
pub enum RestFault {
    /// It is refused with this status.
    Status(u16),
    /// It is never answered.
    Hang,
}

/// What all connections share.
pub struct State {
    address: SocketAddr,
    got: mpsc::UnboundedSender<Got>,
    /// Events sent so far, with the shard they are for.
    log: Mutex<Vec<(u64, Value)>>,
    news: Notify,
    faults: broadcast::Sender<Fault>,
    on_connect: Mutex<Vec<OnConnect>>,
    on_request: Mutex<Vec<(&'static str, RestFault)>>,
    opened: mpsc::UnboundedSender<Opened>,
    heartbeat: Mutex<u64>,
    shards: Mutex<u64>,
    commands: Mutex<Value>,
    /// When interactions were sent, until they are acknowledged.
    waiting: Mutex<HashMap<String, Option<Instant>>>,
    wrong: Mutex<Vec<String>>,
    token_known: Mutex<bool>,
    presence: Mutex<String>,
}

/// The fake.
pub struct FakeDiscord {
    state: Arc<State>,
    got: mpsc::UnboundedReceiver<Got>,
    opened: mpsc::UnboundedReceiver<Opened>,
    /// A server of this fake.
    pub guild: u64,
    /// A channel in it.
    pub channel: u64,
}

impl FakeDiscord {
    /// Starts it on a free port.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let address = listener.local_addr().expect("it has an address");
        let (got_sender, got) = mpsc::unbounded_channel();
        let (opened_sender, opened) = mpsc::unbounded_channel();
        let state = Arc::new(State {
            address,
            got: got_sender,
            log: Mutex::new(Vec::new()),
            news: Notify::new(),
            faults: broadcast::channel(16).0,
            on_connect: Mutex::default(),
            on_request: Mutex::default(),
            opened: opened_sender,
            heartbeat: Mutex::new(41_250),
            shards: Mutex::new(1),
            commands: Mutex::new(json!([])),
            waiting: Mutex::default(),
            wrong: Mutex::default(),
            token_known: Mutex::new(true),
            presence: Mutex::default(),
        });
        let routes = Router::new()
            .route("/gateway/", get(|Shared(state): Shared<Arc<State>>, upgrade: WebSocketUpgrade| gateway::connect(state, upgrade)))
            .fallback(any(rest))
            .with_state(state.clone());
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Self { state, got, opened, guild: snowflake(), channel: snowflake() }
    }

    /// Settings with which the program comes to this fake.
    pub fn config(&self) -> Config {
        let mut config = Config::default();
        config.tokens.discord = Some(Secret::new("MTIz.test.token"));
        config.discord.api_url = Some(format!("http://{}", self.state.address));
        config.discord.message_content = true;
        config.discord.request_timeout_seconds = 2;
        config
    }

    /// Starts the program and waits until it is connected and its commands are registered.
    pub async fn run(&mut self, bot: Arc<Bot>) -> Running {
        let running = Running::start(bot, self.config());
        self.connected().await;
        running
    }

    /// Waits until the program is connected and has its commands registered.
    pub async fn connected(&mut self) {
        self.next_opened().await;
        let registered = self.next().await;
        assert!(registered.path.ends_with("/commands"), "{registered:?}");
    }

    /// Waits for the next request that sends, edits or deletes something.
    #[track_caller]
    pub fn next(&mut self) -> impl Future<Output = Got> + '_ {
        let caller = std::panic::Location::caller();
        async move {
            let got = timeout(PATIENCE, self.got.recv()).await;
            got.unwrap_or_else(|_| panic!("nothing came, awaited at {caller}")).expect("the fake runs")
        }
    }

    /// Whether a request has come that nobody waited for.
    pub fn has_more(&mut self) -> Option<Got> {
        self.got.try_recv().ok()
    }

    /// Waits for the next connection to be opened.
    pub async fn next_opened(&mut self) -> Opened {
        timeout(PATIENCE, self.opened.recv()).await.expect("the bot connects in time").expect("the fake runs")
    }

    /// Sends an event over the gateway.
    pub fn send(&self, name: &str, data: Value) {
        self.send_to_shard(0, name, data);
    }

    /// Sends an event over a shard's connection.
    pub fn send_to_shard(&self, shard: u64, name: &str, data: Value) {
        self.state.log.lock().expect("not poisoned").push((shard, json!({ "op": 0, "t": name, "d": data })));
        self.state.news.notify_waiters();
    }

    /// Somebody writes a message in a channel of the server; its id.
    pub fn write(&self, channel: u64, who: &str, content: &str, change: impl FnOnce(&mut Value)) -> u64 {
        let id = snowflake();
        let mut message = message(id, channel, &payload::user(who), content);
        message["guild_id"] = self.guild.to_string().into();
        if content.contains(&self.name()) {
            message["mentions"] = json!([payload::me()]);
        }
        change(&mut message);
        self.send("MESSAGE_CREATE", message);
        id
    }

    /// Somebody gives a command, presses a button, or types.
    pub fn interact(&self, kind: u8, place: Where, who: &str, manager: bool, data: &Value, change: impl FnOnce(&mut Value)) -> u64 {
        let id = snowflake();
        let mut interaction = payload::interaction(id, kind, place, who, manager, data);
        change(&mut interaction);
        self.state.waiting.lock().expect("not poisoned").insert(id.to_string(), Some(Instant::now()));
        self.send("INTERACTION_CREATE", interaction);
        id
    }

    /// The channel of the server, as a place of interactions.
    pub fn here(&self) -> Where {
        Where { guild: Some(self.guild), channel: self.channel, parent: None, context: 0 }
    }

    /// How people name the bot in a message.
    pub fn name(&self) -> String {
        format!("<@{APPLICATION}>")
    }

    /// Does something wrong to the present connections.
    pub fn fault(&self, fault: Fault) {
        self.state.faults.send(fault).expect("the bot is connected");
    }

    /// Does something wrong to the next connection.
    pub fn on_connect(&self, fault: OnConnect) {
        self.state.on_connect.lock().expect("not poisoned").push(fault);
    }

    /// Does something wrong to the next request whose path has this in it.
    pub fn on_request(&self, part: &'static str, fault: RestFault) {
        self.state.on_request.lock().expect("not poisoned").push((part, fault));
    }

    /// How often the bot shall send heartbeats, in milliseconds.
    pub fn heartbeat(&self, every: u64) {
        *self.state.heartbeat.lock().expect("not poisoned") = every;
    }

    /// How many shards Discord recommends.
    pub fn recommend(&self, shards: u64) {
        *self.state.shards.lock().expect("not poisoned") = shards;
    }

    /// Forgets the token.
    pub fn forget_token(&self) {
        *self.state.token_known.lock().expect("not poisoned") = false;
    }

    /// The commands that are registered.
    pub fn commands(&self) -> Value {
        self.state.commands.lock().expect("not poisoned").clone()
    }

    /// What the bot is seen to be doing.
    pub fn presence(&self) -> String {
        self.state.presence.lock().expect("not poisoned").clone()
    }

    /// What the bot did that Discord does not allow.
    pub fn wrong(&self) -> Vec<String> {
        let mut wrong = self.state.wrong.lock().expect("not poisoned").clone();
        let waiting = self.state.waiting.lock().expect("not poisoned");
        let late = waiting.iter().filter(|(_, since)| since.is_some_and(|since| since.elapsed() > ACKNOWLEDGE_WITHIN));
        wrong.extend(late.map(|(id, _)| format!("interaction {id} was never acknowledged")));
        wrong
    }
}

impl Drop for FakeDiscord {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            assert_eq!(self.wrong(), Vec::<String>::new(), "what Discord does not allow");
        }
    }
}

impl State {
    fn take_connect_fault(&self, of: &[OnConnect]) -> Option<OnConnect> {
        let mut faults = self.on_connect.lock().expect("not poisoned");
        let at = faults.iter().position(|fault| of.contains(fault))?;
        Some(faults.remove(at))
    }

    fn take_request_fault(&self, path: &str) -> Option<RestFault> {
        let mut faults = self.on_request.lock().expect("not poisoned");
        let at = faults.iter().position(|(part, _)| path.contains(part))?;
        Some(faults.remove(at).1)
    }

    fn heartbeat_interval(&self) -> u64 {
        *self.heartbeat.lock().expect("not poisoned")
    }

    fn log_length(&self) -> usize {
        self.log.lock().expect("not poisoned").len()
    }

    fn logged(&self, number: usize) -> (u64, Value) {
        self.log.lock().expect("not poisoned")[number].clone()
    }

    fn gateway_url(&self) -> String {
        format!("ws://{}/gateway/", self.address)
    }

    fn opened(&self, how: Opened) {
        // The test may not care.
        let _ = self.opened.send(how);
    }

    fn wrong(&self, what: String) {
        self.wrong.lock().expect("not poisoned").push(what);
    }
}

async fn rest(Shared(state): Shared<Arc<State>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, 1 << 20).await.unwrap_or_default();
    let (method, full, query) = (parts.method.as_str(), parts.uri.path(), parts.uri.query().unwrap_or_default());
    let path = full.strip_prefix("/api/v10").unwrap_or(full);
    let fault = state.take_request_fault(path);
    if matches!(fault, Some(RestFault::Hang)) {
        std::future::pending::<()>().await;
    }
    let refused = match fault {
        Some(RestFault::Status(status)) => Some(status),
        _ => None,
    };
    let (status, answer) = match refused {
        Some(429) => (429, json!({ "message": "You are being rate limited.", "retry_after": 0.2, "global": false })),
        Some(status) => (status, json!({ "message": "a fault of the test", "code": 0 })),
        None if !*state.token_known.lock().expect("not poisoned") => (401, json!({ "message": "401: Unauthorized", "code": 0 })),
        None => answer(&state, method, path, &body),
    };
    let content_type = parts.headers.get("content-type").and_then(|value| value.to_str().ok()).unwrap_or_default();
    capture::write(method, full, query, content_type, &String::from_utf8_lossy(&body), status, &answer);
    let status = StatusCode::from_u16(status).expect("a status");
    if answer.is_null() { status.into_response() } else { (status, axum::Json(answer)).into_response() }
}

/// Does what a request wants, and checks it by Discord's limits.
fn answer(state: &State, method: &str, path: &str, bytes: &Bytes) -> (u16, Value) {
    let body: Value = serde_json::from_slice(bytes).unwrap_or_default();
    let id = snowflake();
    let route: Vec<&str> = path.split('/').skip(1).collect();
    let (status, value) = match (method, route.as_slice()) {
        ("GET", ["gateway"]) => return (200, json!({ "url": state.gateway_url() })),
        ("GET", ["gateway", "bot"]) => {
            let limit = json!({ "total": 1000, "remaining": 999, "reset_after": 1000, "max_concurrency": 1 });
            let shards = *state.shards.lock().expect("not poisoned");
            return (200, json!({ "url": state.gateway_url(), "shards": shards, "session_start_limit": limit }));
        }
        ("GET", ["oauth2", "applications", "@me"]) => return (200, application()),
        ("GET", ["applications", _, "commands"]) => {
            let commands = state.commands.lock().expect("not poisoned").clone();
            return (200, commands);
        }
        ("GET", ["channels", thread]) => return (200, channel(thread, "2")),
        ("PUT", ["applications", _, "commands"]) => (200, state.register(&body)),
        ("POST", ["interactions", interaction, _, "callback"]) => state.acknowledge(interaction),
        ("POST", ["channels", _, "messages", message, "threads"]) => (201, channel(message, route[1])),
        ("POST", ["channels", channel, "messages"]) => (200, sent(id, channel, &body)),
        ("POST", ["webhooks", _, token]) if state.deferred_or_answered(token) => (200, sent(id, "1", &body)),
        ("PATCH", ["webhooks", _, token, "messages", "@original"]) if state.deferred_or_answered(token) => (200, sent(id, "1", &body)),
        ("PATCH", ["channels", channel, "messages", message]) => (200, sent(message.parse().unwrap_or(id), channel, &body)),
        ("DELETE", ["channels", _, "messages", _]) => (204, Value::Null),
        _ => (404, json!({ "message": "404: Not Found", "code": 0 })),
    };
    if status == 404 {
        state.wrong(format!("{method} {path} is unknown"));
    }
    rules::broken(method, path, &body).into_iter().for_each(|fault| state.wrong(format!("{method} {path}: {fault}")));
    // The test may have ended.
    let _ = state.got.send(Got { method: method.to_owned(), path: path.to_owned(), body, id, at: Instant::now() });
    (status, value)
}

impl State {
    fn register(&self, body: &Value) -> Value {
        let mut commands = body.clone();
        for command in commands.as_array_mut().into_iter().flatten() {
            command["id"] = snowflake().to_string().into();
            command["application_id"] = APPLICATION.to_string().into();
            command["version"] = snowflake().to_string().into();
            command["nsfw"] = false.into();
            command["dm_permission"] = true.into();
            if command["type"] != 1 {
                command["description"] = "".into();
            }
            if command["default_member_permissions"].is_null() {
                command["default_member_permissions"] = Value::Null;
            }
        }
        *self.commands.lock().expect("not poisoned") = commands.clone();
        commands
    }

    fn acknowledge(&self, interaction: &str) -> (u16, Value) {
        let mut waiting = self.waiting.lock().expect("not poisoned");
        let Some(since) = waiting.get_mut(interaction) else {
            return (404, json!({ "message": "Unknown interaction", "code": 10_062 }));
        };
        match since.take() {
            None => {
                self.wrong(format!("interaction {interaction} was acknowledged twice"));
                (400, json!({ "message": "Interaction has already been acknowledged.", "code": 40_060 }))
            }
            Some(since) if since.elapsed() > ACKNOWLEDGE_WITHIN => {
                self.wrong(format!("interaction {interaction} was acknowledged after {:?}", since.elapsed()));
                (404, json!({ "message": "Unknown interaction", "code": 10_062 }))
            }
            Some(_) => (204, Value::Null),
        }
    }

    fn deferred_or_answered(&self, token: &str) -> bool {
        let id = token.trim_start_matches("token-");
        self.waiting.lock().expect("not poisoned").get(id).is_some_and(Option::is_none)
    }
}

fn sent(id: u64, channel: &str, body: &Value) -> Value {
    let mut message = message(id, channel.parse().unwrap_or(1), &payload::me(), body["content"].as_str().unwrap_or_default());
    for part in ["embeds", "components"] {
        if body[part].is_array() {
            message[part] = body[part].clone();
        }
    }
    // Discord numbers components in the order in which they stand.
    let mut number = 0;
    for row in message["components"].as_array_mut().into_iter().flatten() {
        number += 1;
        row["id"] = number.into();
        for part in row["components"].as_array_mut().into_iter().flatten() {
            number += 1;
            part["id"] = number.into();
        }
    }
    message
}

fn channel(id: &str, parent: &str) -> Value {
    json!({ "id": id, "type": 11, "guild_id": "3", "parent_id": parent, "name": "thread", "owner_id": APPLICATION.to_string(),
        "message_count": 0, "total_message_sent": 0, "member_count": 1, "rate_limit_per_user": 0, "flags": 0, "last_message_id": null,
        "thread_metadata": { "archived": false, "auto_archive_duration": 1440, "archive_timestamp": "2026-01-01T00:00:00+00:00", "locked": false } })
}

fn application() -> Value {
    json!({ "id": APPLICATION.to_string(), "name": "footnote", "icon": null, "description": "", "bot_public": true,
        "bot_require_code_grant": false, "verify_key": "00", "team": null, "flags": 0, "tags": [], "rpc_origins": [] })
}
