//! Requests to the Bot API: limits, time-outs, retries of what may be tried again, and what a refusal means.

use super::incoming::message_id;
use super::inline::no_preview;
use super::limits::Limits;
use super::refusal::{gone, late, line, nobody_hears, passes, sent_all_the_same};
use super::render;
use crate::config::{Secret, TelegramConfig};
use crate::message::{self, Reply};
use anyhow::{Context, Result, anyhow, bail};
use serde::Serialize;
use serde_json::Value;
use std::time::Duration;
use teloxide::net::default_reqwest_settings;
use teloxide::payloads::{
    AnswerCallbackQuerySetters, AnswerInlineQuerySetters, EditMessageTextSetters, GetMyCommandsSetters, SendChatActionSetters,
    SendMessageSetters, SetMyCommandsSetters, SetWebhookSetters,
};
use teloxide::requests::{JsonRequest, Payload, Request, Requester};
use teloxide::types::{
    AllowedUpdate, BotCommand, BotCommandScope, CallbackQueryId, ChatAction, ChatId, InlineQueryId, InlineQueryResult, Me, MessageId,
    ParseMode, ReplyParameters, ThreadId, UserId,
};
use teloxide::{ApiError, Bot, RequestError};
use tokio::time::sleep;

/// Waits between attempts to reach Telegram at all: the first, and the longest; each is twice the one before.
const RETRY: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));
/// How often one request is tried.
const TRIES: u32 = 3;
/// Wait before a request is tried again that met a fault.
const AGAIN: Duration = Duration::from_millis(500);
/// How long teloxide rests after a fault of the server, and some time to read the answer.
const REST: Duration = Duration::from_secs(15);
/// Connections that are kept for the next request; a flood opens more for a while.
const CONNECTIONS: usize = 32;
/// Telegram may ask for longer waits; whoever asked has gone by then.
const LONGEST_WAIT: Duration = Duration::from_secs(600);
/// How long an inline answer may be shown again without asking the bot, in seconds.
const INLINE_CACHE: u32 = 300;
/// Least length to which a message is cut that Telegram finds too long.
const SHORTEST: usize = 512;
/// Updates that one poll brings.
const BATCH: u8 = 100;

/// What the bot hears of.
pub const HEARD: [AllowedUpdate; 5] = [
    AllowedUpdate::Message,
    AllowedUpdate::EditedMessage,
    AllowedUpdate::InlineQuery,
    AllowedUpdate::ChosenInlineResult,
    AllowedUpdate::CallbackQuery,
];

/// What to do about a token that Telegram does not know.
pub const BAD_TOKEN: &str = "Telegram does not know this token; copy it again from @BotFather (/mybots, API Token) into TELEGRAM_TOKEN";

/// A place for a reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Target {
    /// The chat.
    pub chat: ChatId,
    /// The topic, in a group that has topics.
    pub topic: Option<ThreadId>,
    /// The message that is replied to.
    pub message: Option<MessageId>,
}

/// Updates as Telegram sends them. teloxide's own request would drop what it cannot read.
#[derive(Serialize)]
struct GetUpdates {
    offset: i64,
    limit: u8,
    timeout: u64,
    allowed_updates: [AllowedUpdate; HEARD.len()],
}

impl Payload for GetUpdates {
    type Output = Vec<Value>;
    const NAME: &'static str = "getUpdates";
}

/// The Bot API.
pub struct Api {
    bot: Bot,
    /// The same bot, which waits longer for answers: those to polls take as long as nothing happens.
    patient: Bot,
    limits: Limits,
}

impl Api {
    /// A client with these settings.
    ///
    /// # Errors
    ///
    /// The system has no way to make TLS connections, or the address is none.
    pub fn new(config: &TelegramConfig, token: &Secret) -> Result<Self> {
        let usual = Duration::from_secs(config.request_timeout_seconds);
        let bot = |timeout| -> Result<Bot> {
            // teloxide takes a rest after a fault of the server and only then reads the answer, so that one limit for all
            // would take every such fault for silence.
            let settings = default_reqwest_settings().read_timeout(timeout).timeout(timeout + REST).pool_max_idle_per_host(CONNECTIONS);
            let client = settings.build().context("no secure connections can be made")?;
            let bot = Bot::with_client(token.expose(), client);
            Ok(match &config.api_url {
                Some(url) => bot.set_api_url(url.parse().with_context(|| format!("[telegram] api_url = \"{url}\" is no address"))?),
                None => bot,
            })
        };
        let poll = Duration::from_secs(config.poll_seconds);
        Ok(Self { bot: bot(usual)?, patient: bot(usual + poll)?, limits: Limits::new(config.throttle) })
    }

    /// Who the bot is; waits until Telegram can be reached.
    ///
    /// # Errors
    ///
    /// Telegram does not know the token; the message says what to do.
    pub async fn me(&self) -> Result<Me> {
        until_reached(|| self.bot.get_me().send()).await
    }

    /// Waits for updates from a number on, and confirms those before it.
    pub async fn poll(&self, offset: i64, seconds: u64) -> Result<Vec<Value>, RequestError> {
        let request = GetUpdates { offset, limit: BATCH, timeout: seconds, allowed_updates: HEARD };
        JsonRequest::new(self.patient.clone(), request).await
    }

    /// Lets Telegram deliver updates to an address; waits until Telegram can be reached.
    ///
    /// # Errors
    ///
    /// Telegram refuses the token or the address; the message says what to do.
    pub async fn set_webhook(&self, url: &str, secret: &str, connections: u8) -> Result<()> {
        let url = url.parse().with_context(|| format!("[telegram] webhook_url = \"{url}\" is no address"))?;
        let request = self.bot.set_webhook(url).secret_token(secret).max_connections(connections).allowed_updates(HEARD);
        until_reached(|| request.send_ref()).await.context("the webhook is not set; see webhook_url under [telegram]")?;
        Ok(())
    }

    /// Lets Telegram keep updates for polling; those that wait are kept. Waits until Telegram can be reached.
    ///
    /// # Errors
    ///
    /// Telegram does not know the token; the message says what to do.
    pub async fn remove_webhook(&self) -> Result<()> {
        until_reached(|| self.bot.delete_webhook().send()).await?;
        Ok(())
    }

    /// Sends a reply; its id, unless the bot cannot write there.
    pub async fn send(&self, to: Target, reply: &Reply) -> Result<Option<message::MessageId>> {
        let (mut to, mut shape) = (to, Shape::default());
        loop {
            let mut request = self.bot.send_message(to.chat, shape.text(reply)).link_preview_options(no_preview());
            request.parse_mode = shape.parse_mode();
            request.message_thread_id = to.topic;
            // The question may be gone by now.
            request.reply_parameters = to.message.map(|id| ReplyParameters::new(id).allow_sending_without_reply());
            let keyboard = render::keyboard(reply);
            if !keyboard.inline_keyboard.is_empty() {
                request = request.reply_markup(keyboard);
            }
            match self.persist(Some(to.chat), || request.send_ref()).await {
                Ok(sent) => return Ok(Some(message_id(to.chat, sent.id))),
                Err(RequestError::MigrateToChatId(moved)) if moved != to.chat => to = Target { chat: moved, topic: None, message: None },
                Err(error) => match (sent_all_the_same(&error), shape.simpler(&error)) {
                    (Some(id), _) => return Ok(Some(message_id(to.chat, id))),
                    (None, Some(simpler)) => shape = simpler,
                    (None, None) if nobody_hears(&error) => {
                        tracing::warn!(chat = to.chat.0, "Telegram does not let the bot write there: {}", line(&error));
                        return Ok(None);
                    }
                    (None, None) => bail!("a reply was not taken: {}", line(&error)),
                },
            }
        }
    }

    /// Says a line in reply to a message, if that can be done.
    pub async fn say(&self, to: Target, reply: &Reply) {
        if let Err(error) = self.send(to, reply).await {
            tracing::warn!("a line was not said: {error:#}");
        }
    }

    /// Replaces a reply.
    pub async fn edit(&self, chat: ChatId, message: MessageId, reply: &Reply) -> Result<()> {
        let mut shape = Shape::default();
        loop {
            let mut request = self.bot.edit_message_text(chat, message, shape.text(reply)).link_preview_options(no_preview());
            request.parse_mode = shape.parse_mode();
            let request = request.reply_markup(render::keyboard(reply));
            let Err(error) = self.persist(Some(chat), || request.send_ref()).await else { return Ok(()) };
            match (&error, shape.simpler(&error)) {
                (RequestError::Api(ApiError::MessageNotModified), _) => return Ok(()),
                (_, Some(simpler)) => shape = simpler,
                _ if sent_all_the_same(&error).is_some() => return Ok(()),
                _ if gone(&error) || nobody_hears(&error) => {
                    tracing::info!(chat = chat.0, "a reply could not be edited: {}", line(&error));
                    return Ok(());
                }
                _ => bail!("an edit was not taken: {}", line(&error)),
            }
        }
    }

    /// Deletes a reply.
    pub async fn delete(&self, chat: ChatId, message: MessageId) -> Result<()> {
        match self.persist(None, || self.bot.delete_message(chat, message).send()).await {
            Err(error) if !gone(&error) => bail!("a deletion was not taken: {}", line(&error)),
            _ => Ok(()),
        }
    }

    /// Answers a pressed button, with a line for the person who pressed it if there is one; `aloud` in a window that has
    /// to be closed.
    pub async fn answer_press(&self, id: &CallbackQueryId, text: Option<&str>, aloud: bool) -> Result<()> {
        let mut request = self.bot.answer_callback_query(id.clone());
        if let Some(text) = text {
            request = request.text(render::note(text)).show_alert(aloud);
        }
        taken_in_time(self.persist(None, || request.send_ref()).await)
    }

    /// Shows answers to somebody who is typing.
    pub async fn answer_inline(&self, id: &InlineQueryId, results: Vec<InlineQueryResult>) -> Result<()> {
        let request = self.bot.answer_inline_query(id.clone(), results).cache_time(INLINE_CACHE).is_personal(false);
        taken_in_time(self.persist(None, || request.send_ref()).await)
    }

    /// Shows that the bot is about to write.
    pub async fn typing(&self, to: Target) {
        let mut request = self.bot.send_chat_action(to.chat, ChatAction::Typing);
        if let Some(topic) = to.topic {
            request = request.message_thread_id(topic);
        }
        if let Err(error) = request.await {
            tracing::debug!("typing was not shown: {}", line(&error));
        }
    }

    /// Whether somebody administers a group; false if Telegram does not say.
    pub async fn manages(&self, chat: ChatId, user: UserId) -> bool {
        match self.persist(None, || self.bot.get_chat_member(chat, user).send()).await {
            Ok(member) => member.is_privileged(),
            Err(error) => {
                tracing::warn!(chat = chat.0, "Telegram does not say who administers a group: {}", line(&error));
                false
            }
        }
    }

    /// Opens a topic; none if the bot may not, which is an administrator's right to manage topics.
    pub async fn open_topic(&self, chat: ChatId, name: &str) -> Option<ThreadId> {
        let opened = self.persist(None, || self.bot.create_forum_topic(chat, name).send()).await;
        opened.inspect_err(|error| tracing::info!(chat = chat.0, "no topic was opened: {}", line(error))).ok().map(|topic| topic.thread_id)
    }

    /// The menu that Telegram has for a scope and language.
    pub async fn menu(&self, scope: &BotCommandScope, language: Option<&str>) -> Result<Vec<BotCommand>> {
        let mut request = self.bot.get_my_commands().scope(scope.clone());
        if let Some(language) = language {
            request = request.language_code(language);
        }
        self.persist(None, || request.send_ref()).await.map_err(|error| anyhow!(line(&error)))
    }

    /// Sets the menu for a scope and language.
    pub async fn set_menu(&self, scope: &BotCommandScope, language: Option<&str>, menu: &[BotCommand]) -> Result<()> {
        let mut request = self.bot.set_my_commands(menu.to_vec()).scope(scope.clone());
        if let Some(language) = language {
            request = request.language_code(language);
        }
        self.persist(None, || request.send_ref()).await.map_err(|error| anyhow!(line(&error)))?;
        Ok(())
    }

    /// Tries a request until Telegram takes or refuses it: waits as long as Telegram asks, and tries a few times more
    /// where Telegram had a fault of its own. A message goes through the limits of its chat.
    async fn persist<T, F: Future<Output = Result<T, RequestError>>>(
        &self,
        chat: Option<ChatId>,
        request: impl Fn() -> F,
    ) -> Result<T, RequestError> {
        let mut tries = 1;
        loop {
            if let Some(chat) = chat {
                self.limits.ready(chat).await;
            }
            match request().await {
                Err(RequestError::RetryAfter(wait)) if wait.duration() <= LONGEST_WAIT => {
                    tracing::warn!("Telegram asks to wait {:?}", wait.duration());
                    match chat {
                        Some(chat) => self.limits.freeze(chat, wait.duration()),
                        None => sleep(wait.duration()).await,
                    }
                }
                Err(error) if tries < TRIES && passes(&error) => {
                    tries += 1;
                    tracing::warn!("a request is tried again: {}", line(&error));
                    sleep(AGAIN).await;
                }
                ended => return ended,
            }
        }
    }
}

/// How a message is put, from the best to what is always taken.
#[derive(Debug, Clone, Copy)]
struct Shape {
    markup: bool,
    limit: usize,
}

impl Default for Shape {
    fn default() -> Self {
        Self { markup: true, limit: render::MESSAGE }
    }
}

impl Shape {
    fn text(self, reply: &Reply) -> String {
        if self.markup { render::html(None, reply, self.limit) } else { render::plain(reply, self.limit) }
    }

    fn parse_mode(self) -> Option<ParseMode> {
        self.markup.then_some(ParseMode::Html)
    }

    /// The next shape, where the shape is what Telegram found wrong.
    fn simpler(self, error: &RequestError) -> Option<Self> {
        let RequestError::Api(error) = error else { return None };
        match error {
            ApiError::MessageIsTooLong | ApiError::EditedMessageIsTooLong if self.limit > SHORTEST => {
                Some(Self { limit: self.limit / 2, ..self })
            }
            ApiError::CantParseEntities(_) if self.markup => Some(Self { markup: false, ..self }),
            _ => None,
        }
    }
}

/// Tries a request until it is answered, with longer and longer waits.
async fn until_reached<T, F: Future<Output = Result<T, RequestError>>>(request: impl Fn() -> F) -> Result<T> {
    let mut wait = RETRY.0;
    loop {
        match request().await {
            Ok(answer) => return Ok(answer),
            Err(RequestError::Api(ApiError::InvalidToken)) => bail!(BAD_TOKEN),
            Err(RequestError::RetryAfter(longer)) => wait = longer.duration().max(RETRY.0),
            Err(error @ RequestError::Api(_)) if !passes(&error) => bail!("Telegram refuses: {}", line(&error)),
            Err(error) => tracing::warn!("Telegram cannot be reached, trying again in {wait:?}: {}", line(&error)),
        }
        sleep(wait).await;
        wait = (wait * 2).min(RETRY.1);
    }
}

/// An answer that comes too late is of no use, and no fault.
fn taken_in_time<T>(ended: Result<T, RequestError>) -> Result<()> {
    match ended {
        Ok(_) => Ok(()),
        Err(error) if late(&error) => {
            tracing::debug!("an answer came too late");
            Ok(())
        }
        Err(error) => bail!("an answer was not taken: {}", line(&error)),
    }
}
