//! A small Discord: its REST API and gateway, with what the bot does recorded and checked by Discord's limits.

mod chat;
pub mod gateway;
pub mod payload;
mod rest;
mod rules;

pub use chat::{DiscordChat, heard};

use super::{PATIENCE, Running};
use axum::Router;
use axum::extract::{State as Shared, WebSocketUpgrade};
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
            .fallback(any(rest::rest))
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
