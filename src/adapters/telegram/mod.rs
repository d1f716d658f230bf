//! Telegram: an update becomes an [`Event`], an [`Action`] becomes requests to the Bot API.
//!
//! `poll` and `webhook` bring updates, in order; `incoming` reads them; `render` marks replies up; `api` sends, within
//! the `limits`, and `refusal` says what it means when that fails; `inline` answers while somebody types in any chat; `commands` sets the menus.
//!
//! teloxide gives the Bot API's types and requests. Its dispatcher is not used, since a handler that panics ends it; the
//! queue that all platforms share keeps order instead.

mod api;
mod commands;
mod incoming;
mod inline;
mod limits;
mod poll;
mod refusal;
mod render;
mod webhook;

use crate::bot::Bot;
use crate::bot::queue::{Limits, Queue};
use crate::command;
use crate::config::{Secret, TelegramConfig};
use crate::message::event::{Action, Event, Kind};
use crate::message::{AuthorId, Request};
use anyhow::{Context, Result};
use api::{Api, Target};
use incoming::{Pressed, Reader, Received};
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;
use teloxide::types::{CallbackQueryId, InlineQuery, UserId};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

/// How long what is in flight may take when the bot stops.
const FINISH_WITHIN: Duration = Duration::from_millis(3_500);
/// How long the bot may think about an answer. Sending it may take longer: Telegram's limits are waited out.
const THINK_WITHIN: Duration = Duration::from_secs(30);
/// After this time without an answer it shows that it is about to write.
const TYPING_AFTER: Duration = Duration::from_millis(700);
/// Jobs wait for the limits of their chats, so many may run, for long.
const QUEUE: (usize, Duration) = (4_096, Duration::from_secs(900));
/// Lines that are said at a time outside the queue; beyond that they are left out.
const ASIDE: usize = 256;

/// Answers on Telegram until it is told to stop; then finishes what is in flight.
///
/// # Errors
///
/// Telegram refuses the token or the webhook, or another program has the token; the message says what to do.
pub async fn run(bot: Arc<Bot>, config: &TelegramConfig, token: &Secret, stopping: CancellationToken) -> Result<()> {
    let api = Arc::new(Api::new(config, token)?);
    let Some(me) = stopping.run_until_cancelled(api.me()).await else { return Ok(()) };
    let queue = Queue::new(Limits { running: QUEUE.0, job: QUEUE.1, ..Limits::default() });
    let adapter = Arc::new(Adapter { bot, api: api.clone(), queue, reader: Reader::new(me?), aside: Arc::new(Semaphore::new(ASIDE)) });
    tokio::spawn(commands::set(api));
    let ended = match &config.webhook_url {
        None => poll::run(&adapter, config.poll_seconds, &stopping).await,
        Some(url) => webhook::run(&adapter, config, url, token, &stopping).await,
    };
    adapter.queue.drain(FINISH_WITHIN).await;
    ended
}

/// What all updates share.
struct Adapter {
    bot: Arc<Bot>,
    api: Arc<Api>,
    queue: Queue,
    reader: Reader,
    /// Bounds what is said outside the queue.
    aside: Arc<Semaphore>,
}

impl Adapter {
    /// Takes an update over, in the order in which Telegram sent it. Never waits.
    fn receive(self: &Arc<Self>, update: &Value) {
        match self.reader.read(update) {
            Some(Received::Message { event, target, user }) => self.message(event, target, user),
            Some(Received::Press(pressed)) => self.press(pressed),
            Some(Received::Typing(query, author)) => self.typing(query, &author),
            Some(Received::Chosen(chosen)) => tracing::info!(answer = chosen.result_id, "an answer was posted in inline mode"),
            Some(Received::Moved(from, to)) => self.bot.moved(&incoming::channel_id(from, None), &incoming::channel_id(to, None)),
            None => {}
        }
    }

    /// Deals with a message that was written or edited.
    fn message(self: &Arc<Self>, event: Event, target: Target, user: Option<UserId>) {
        if !self.bot.concerns(&event) {
            return;
        }
        let (author, lane, told) = (event.author.id.clone(), event.place.lane().to_owned(), event.addressed);
        let span = tracing::info_span!("telegram", message = event.message.0);
        let adapter = self.clone();
        let work = async move { adapter.deal(event, target, user).await };
        let api = self.api.clone();
        let apology = async move {
            if told {
                api.say(target, &Bot::sorry()).await;
            }
        };
        if let Err(shed) = self.queue.push(&lane, &author, work.instrument(span), apology)
            && shed.tell
            && told
        {
            let api = self.api.clone();
            self.aside(async move { api.say(target, &Bot::busy()).await });
        }
    }

    /// Does something short outside the queue, which may be full.
    fn aside(&self, work: impl Future<Output = ()> + Send + 'static) {
        if let Ok(permit) = self.aside.clone().try_acquire_owned() {
            tokio::spawn(async move {
                work.await;
                drop(permit);
            });
        }
    }

    /// Learns what only settings need to know.
    async fn ask_who_manages(&self, event: &mut Event, target: Target, user: Option<UserId>) {
        if let Some(user) = user {
            event.author.manager = self.api.manages(target.chat, user).await;
        }
        event.place.hears_all = event.place.hears_all || self.api.manages(target.chat, self.reader.me()).await;
    }

    async fn deal(&self, mut event: Event, target: Target, user: Option<UserId>) -> Result<()> {
        if wants_settings(&event) {
            self.ask_who_manages(&mut event, target, user).await;
        }
        match self.think(&event, target).await? {
            Action::Send { reply, thread, .. } => {
                let opened = match thread {
                    Some(name) => self.api.open_topic(target.chat, &name).await,
                    None => None,
                };
                let to = match opened {
                    Some(topic) => {
                        self.bot.opened_thread(&event.message, &incoming::channel_id(target.chat, opened));
                        Target { topic: Some(topic), message: None, ..target }
                    }
                    None => target,
                };
                if let Some(sent) = self.api.send(to, &reply).await? {
                    self.bot.sent(&event.message, sent);
                }
            }
            Action::Edit { message, reply } => {
                if let Some((chat, message)) = incoming::message_of(&message) {
                    self.api.edit(chat, message, &reply).await?;
                }
            }
            Action::Delete { message } => {
                if let Some((chat, message)) = incoming::message_of(&message) {
                    self.api.delete(chat, message).await?;
                }
            }
            // These are for buttons.
            Action::Ignore | Action::Update(_) | Action::Note(_) => {}
        }
        Ok(())
    }

    /// Decides what to do; shows that it is about to write if that takes long.
    async fn think(&self, event: &Event, target: Target) -> Result<Action> {
        let typing = async {
            sleep(TYPING_AFTER).await;
            if event.addressed {
                self.api.typing(target).await;
            }
            std::future::pending::<()>().await;
        };
        let thought = async {
            tokio::select! {
                action = self.bot.handle(event) => action,
                () = typing => Action::Ignore,
            }
        };
        timeout(THINK_WITHIN, thought).await.context("the bot thought too long")
    }

    /// Deals with a pressed button. Whatever comes of it, Telegram wants it answered.
    fn press(self: &Arc<Self>, pressed: Pressed) {
        let Pressed { query, event, target, user } = pressed;
        let (adapter, api) = (self.clone(), self.api.clone());
        let Some(event) = event else {
            self.aside(async move { note(&api, &query, Some(&Bot::gone())).await });
            return;
        };
        let author = event.author.id.clone();
        let lane = format!("{} {}", event.place.lane(), author.0);
        let span = tracing::info_span!("telegram", press = event.message.0);
        let mine = query.clone();
        let work = async move { adapter.do_press(event, &mine, target, user).await };
        let (sorry, mine) = (api.clone(), query.clone());
        let apology = async move { note(&sorry, &mine, Some(&Bot::sorry().text())).await };
        if let Err(shed) = self.queue.push(&lane, &author, work.instrument(span), apology) {
            let busy = shed.tell.then(|| Bot::busy().text());
            self.aside(async move { note(&api, &query, busy.as_deref()).await });
        }
    }

    async fn do_press(&self, mut event: Event, query: &CallbackQueryId, target: Option<Target>, user: UserId) -> Result<()> {
        if let (Some(target), Kind::Pressed(press)) = (target, &event.kind)
            && press.needs_manager()
        {
            self.ask_who_manages(&mut event, target, Some(user)).await;
        }
        match (self.bot.handle(&event).await, target) {
            (Action::Send { reply, .. }, Some(target)) => {
                self.api.answer_press(query, None, false).await?;
                if let Some(sent) = self.api.send(target, &reply).await? {
                    self.bot.sent(&event.message, sent);
                }
            }
            (Action::Send { reply, .. }, None) => self.api.answer_press(query, Some(&reply.text()), true).await?,
            (Action::Update(reply), Some(Target { chat, message: Some(message), .. })) => {
                self.api.answer_press(query, None, false).await?;
                self.api.edit(chat, message, &reply).await?;
            }
            (Action::Note(line), _) => self.api.answer_press(query, Some(&line), false).await?,
            // Telegram delivered it twice, and the first was answered.
            (Action::Ignore, _) => {}
            _ => self.api.answer_press(query, None, false).await?,
        }
        Ok(())
    }

    /// Shows answers to somebody who is typing.
    fn typing(self: &Arc<Self>, query: InlineQuery, author: &AuthorId) {
        let adapter = self.clone();
        let lane = format!("typing {}", author.0);
        let work = async move { inline::answer(&adapter.bot, &adapter.api, adapter.reader.name(), &query).await };
        // Answers that come late are of no use, so shed ones are not spoken of.
        let _ = self.queue.push(&lane, author, work, async {});
    }
}

/// Whether an event needs to know who administers the group.
fn wants_settings(event: &Event) -> bool {
    let (Kind::Said(text) | Kind::Edited(text)) = &event.kind else { return false };
    event.place.server.is_some() && command::parse(text) == Ok(Request::Settings)
}

/// Answers a pressed button with a line, if that can be done.
async fn note(api: &Api, query: &CallbackQueryId, text: Option<&str>) {
    if let Err(error) = api.answer_press(query, text, false).await {
        tracing::warn!("a button was not answered: {error:#}");
    }
}
