//! Discord: an event becomes an [`Event`], an [`Action`] becomes requests to Discord's REST API.
//!
//! `gateway` keeps the connection and hands over events in order; `incoming` reads them; `interaction` answers commands
//! and buttons in time; `render` marks replies up; `rest` sends; `commands` registers the menus.

mod commands;
mod gateway;
mod incoming;
mod interaction;
mod render;
mod rest;

use crate::bot::Bot;
use crate::bot::queue::{Limits, Queue};
use crate::config::{DiscordConfig, Secret};
use crate::message::event::{Action, Event};
use anyhow::Result;
use incoming::{Reader, Received};
use interaction::Interaction;
use rest::{Rest, Target};
use serenity::model::event::Event as GatewayEvent;
use serenity::model::id::ChannelId;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

pub use rest::invite;

/// How long what is in flight may take when the bot stops.
const FINISH_WITHIN: Duration = Duration::from_secs(4);

/// Interactions that are told at a time that the bot is busy; beyond that they go unanswered.
const SHEDDING: usize = 256;

/// Answers on Discord until it is told to stop; then finishes what is in flight.
///
/// # Errors
///
/// Discord refuses the token or the intents; the message says what to do.
pub async fn run(bot: Arc<Bot>, config: &DiscordConfig, token: &Secret, stopping: CancellationToken) -> Result<()> {
    let rest = Arc::new(Rest::new(config, token)?);
    let (queue, shedding) = (Queue::new(Limits::default()), Arc::new(Semaphore::new(SHEDDING)));
    let adapter = Arc::new(Adapter { bot, rest, queue, reader: Reader::new(config.message_content), shedding });
    let ended = gateway::run(adapter.clone(), config.clone(), token.clone(), stopping).await;
    adapter.queue.drain(FINISH_WITHIN).await;
    ended
}

/// What all events share.
struct Adapter {
    bot: Arc<Bot>,
    rest: Arc<Rest>,
    queue: Queue,
    reader: Reader,
    /// Interactions that are being told that the bot is busy.
    shedding: Arc<Semaphore>,
}

impl Adapter {
    /// Takes an event over from the gateway, in the order in which Discord sent it. Never waits.
    fn receive(self: &Arc<Self>, event: GatewayEvent) {
        match event {
            GatewayEvent::Ready(ready) => {
                self.reader.ready(ready.ready.user.id);
                self.rest.ready(ready.ready.application.id);
                tracing::info!(shard = ready.ready.shard.map(|shard| shard.id.0), "connected to Discord");
                if ready.ready.shard.is_none_or(|shard| shard.id.0 == 0) {
                    tokio::spawn(commands::register(self.rest.clone()));
                }
            }
            GatewayEvent::InteractionCreate(event) => match self.reader.interaction(event.interaction) {
                Some(Received::Event(event, interaction)) => self.interaction(*event, interaction),
                Some(Received::Typing { typing, author }) => {
                    let adapter = self.clone();
                    let lane = format!("typing {}", author.0);
                    let work = async move { typing.propose(&adapter.bot, &adapter.rest).await };
                    // Proposals that come late are of no use, so shed ones are not spoken of.
                    let _ = self.queue.push(&lane, &author, work, async {});
                }
                None => {}
            },
            event => self.reader.messages(event).into_iter().for_each(|event| self.message(event)),
        }
    }

    /// Answers a command or a button.
    fn interaction(self: &Arc<Self>, event: Event, interaction: Interaction) {
        let interaction = Arc::new(interaction.whispering(self.bot.whispers(&event)));
        let (author, message) = (event.author.id.clone(), event.message.clone());
        let lane = format!("{} {}", event.place.lane(), author.0);
        let (adapter, mine) = (self.clone(), interaction.clone());
        let work = async move { mine.answer(&adapter.rest, adapter.bot.handle(&event).await).await };
        let (adapter, mine) = (self.clone(), interaction.clone());
        let apology = async move { mine.apologise(&adapter.rest, Bot::sorry()).await };
        let span = tracing::info_span!("discord", interaction = message.0);
        let rest = self.rest.clone();
        match self.queue.push(&lane, &author, work.instrument(span), apology) {
            Ok(()) => {
                tokio::spawn(async move { interaction.defer_in_time(&rest).await });
            }
            // Discord wants every one acknowledged, and the line is for this person alone.
            Err(_) => {
                if let Ok(permit) = self.shedding.clone().try_acquire_owned() {
                    tokio::spawn(async move {
                        interaction.apologise(&rest, Bot::busy()).await;
                        drop(permit);
                    });
                }
            }
        }
    }

    /// Deals with a message that was written, edited or deleted.
    fn message(self: &Arc<Self>, event: Event) {
        if !self.bot.concerns(&event) {
            return;
        }
        let (author, lane, told) = (event.author.id.clone(), event.place.lane().to_owned(), event.addressed);
        let Some(target) = Target::of(&event.message) else { return };
        let span = tracing::info_span!("discord", message = event.message.0);
        let adapter = self.clone();
        let work = async move { adapter.deal(event).await };
        let rest = self.rest.clone();
        let apology = async move {
            if told {
                rest.say(target, &Bot::sorry()).await;
            }
        };
        if let Err(shed) = self.queue.push(&lane, &author, work.instrument(span), apology)
            && shed.tell
            && told
        {
            let rest = self.rest.clone();
            tokio::spawn(async move { rest.say(target, &Bot::busy()).await });
        }
    }

    async fn deal(&self, mut event: Event) -> Result<()> {
        self.find_parent(&mut event).await;
        let Some(question) = Target::of(&event.message) else { return Ok(()) };
        match self.bot.handle(&event).await {
            Action::Send { reply, thread, .. } => {
                let opened = match thread {
                    Some(name) => self.rest.open_thread(question, &name).await,
                    None => None,
                };
                if let Some(thread) = opened {
                    self.reader.learn(thread, question.channel);
                    self.bot.opened_thread(&event.message, &incoming::channel_id(thread));
                }
                if let Some(sent) = self.rest.reply(question, opened, &reply).await? {
                    self.bot.sent(&event.message, sent);
                }
            }
            Action::Edit { message, reply } => {
                if let Some(target) = Target::of(&message) {
                    self.rest.edit(target, &reply).await?;
                }
            }
            Action::Delete { message } => {
                if let Some(target) = Target::of(&message) {
                    self.rest.delete(target).await?;
                }
            }
            // These are for interactions.
            Action::Ignore | Action::Update(_) | Action::Note(_) => {}
        }
        Ok(())
    }

    /// Finds the channel of a thread, whose settings hold in the thread too. Discord does not say it with a message.
    async fn find_parent(&self, event: &mut Event) {
        let Some(thread) = event.place.thread.as_deref().and_then(incoming::snowflake) else { return };
        let thread = ChannelId::new(thread);
        if self.reader.parent(thread).is_none()
            && let Some(parent) = self.rest.parent(thread).await
        {
            self.reader.learn(thread, parent);
        }
        if let Some(parent) = self.reader.parent(thread) {
            event.place.channel = incoming::channel_id(parent);
        }
    }
}
