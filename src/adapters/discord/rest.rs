//! Requests to Discord's REST API: time-outs, retries of what may be tried again, and what a refusal means.

use super::incoming::message_id;
use super::render;
use crate::config::{DiscordConfig, Secret};
use crate::message::{self, Reply};
use anyhow::{Context, Result};
use serenity::Error;
use serenity::builder::{
    CreateInteractionResponse, CreateInteractionResponseFollowup, CreateMessage, EditInteractionResponse, EditMessage,
};
use serenity::http::{Http, HttpBuilder, HttpError};
use serenity::json::{Value, json};
use serenity::model::Permissions;
use serenity::model::application::Command;
use serenity::model::channel::{Channel, MessageReference, MessageReferenceKind, Nonce};
use serenity::model::id::{ApplicationId, ChannelId, InteractionId, MessageId};
use std::time::Duration;

/// Waits before a request is tried again.
const WAITS: [Duration; 2] = [Duration::from_millis(500), Duration::from_millis(1_500)];
/// How long a connection may take to be made.
const CONNECT: Duration = Duration::from_secs(5);
/// Minutes of silence after which Discord hides a thread.
const THREAD_HIDES_AFTER: u16 = 1_440;

/// A message on Discord.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Target {
    /// Its channel.
    pub channel: ChannelId,
    /// Its number.
    pub message: MessageId,
}

impl Target {
    /// The message that the bot knows by this id.
    pub fn of(id: &message::MessageId) -> Option<Self> {
        let (channel, message) = id.0.strip_prefix("discord:")?.split_once('/')?;
        let number = |text: &str| text.parse::<u64>().ok().filter(|number| *number != 0);
        Some(Self { channel: ChannelId::new(number(channel)?), message: MessageId::new(number(message)?) })
    }
}

/// Discord's REST API.
pub struct Rest {
    http: Http,
}

impl Rest {
    /// A client with these settings.
    ///
    /// # Errors
    ///
    /// The system has no way to make TLS connections.
    pub fn new(config: &DiscordConfig, token: &Secret) -> Result<Self> {
        Ok(Self { http: http(config, token)? })
    }

    /// Learns the application's id, which commands and follow-ups need.
    pub fn ready(&self, application: ApplicationId) {
        self.http.set_application_id(application);
    }

    /// Replies to a message, in a thread if one was opened for it; the id of the reply, unless Discord does not let the
    /// bot write there.
    pub async fn reply(&self, question: Target, thread: Option<ChannelId>, reply: &Reply) -> Result<Option<message::MessageId>> {
        let mut message = CreateMessage::new()
            .embed(render::embed(reply))
            .components(render::rows(reply))
            .allowed_mentions(render::no_mentions())
            // Discord takes a message with a known nonce once, so that trying again is safe.
            .nonce(Nonce::String(question.message.to_string()))
            .enforce_nonce(true);
        if thread.is_none() {
            // The question may be gone by now.
            let reference = MessageReference::new(MessageReferenceKind::Default, question.channel).message_id(question.message);
            message = message.reference_message(reference.fail_if_not_exists(false));
        }
        let channel = thread.unwrap_or(question.channel);
        let sent = retried(|| self.http.send_message(channel, Vec::new(), &message)).await;
        Ok(allowed(sent, channel).context("a reply was not taken")?.map(|sent| message_id(channel, sent.id)))
    }

    /// Says a line in reply to a message, if that can be done.
    pub async fn say(&self, question: Target, line: &Reply) {
        if let Err(error) = self.reply(question, None, line).await {
            tracing::warn!("a line was not said: {error:#}");
        }
    }

    /// Replaces a reply.
    pub async fn edit(&self, target: Target, reply: &Reply) -> Result<()> {
        let edit = EditMessage::new().embed(render::embed(reply)).components(render::rows(reply)).allowed_mentions(render::no_mentions());
        let edited = retried(|| self.http.edit_message(target.channel, target.message, &edit, Vec::new())).await;
        allowed(edited, target.channel).context("an edit was not taken")?;
        Ok(())
    }

    /// Deletes a reply.
    pub async fn delete(&self, target: Target) -> Result<()> {
        let deleted = retried(|| self.http.delete_message(target.channel, target.message, None)).await;
        allowed(deleted, target.channel).context("a deletion was not taken")?;
        Ok(())
    }

    /// Opens a thread on a message; none if Discord does not allow it there.
    pub async fn open_thread(&self, question: Target, name: &str) -> Option<ChannelId> {
        let thread = json!({ "name": name, "auto_archive_duration": THREAD_HIDES_AFTER });
        let opened = retried(|| self.http.create_thread_from_message(question.channel, question.message, &thread, None)).await;
        opened.inspect_err(|error| tracing::info!("no thread was opened: {error}")).ok().map(|thread| thread.id)
    }

    /// The channel that a thread belongs to.
    pub async fn parent(&self, thread: ChannelId) -> Option<ChannelId> {
        match retried(|| self.http.get_channel(thread)).await {
            Ok(Channel::Guild(channel)) => channel.parent_id,
            Ok(_) => None,
            Err(error) => {
                tracing::info!("the channel of a thread was not found: {error}");
                None
            }
        }
    }

    /// Acknowledges an interaction. Not tried again: the caller has a deadline.
    pub async fn respond(&self, id: InteractionId, token: &str, response: &CreateInteractionResponse) -> Result<()> {
        Ok(self.http.create_interaction_response(id, token, response, Vec::new()).await?)
    }

    /// Fills in the answer of a deferred interaction.
    pub async fn edit_original(&self, token: &str, edit: &EditInteractionResponse) -> Result<()> {
        retried(|| self.http.edit_original_interaction_response(token, edit, Vec::new())).await?;
        Ok(())
    }

    /// Sends another message after an interaction was acknowledged.
    pub async fn follow_up(&self, token: &str, message: &CreateInteractionResponseFollowup) -> Result<()> {
        retried(|| self.http.create_followup_message(token, message, Vec::new())).await?;
        Ok(())
    }

    /// The commands that Discord has, with their translations.
    pub async fn commands(&self) -> Result<Vec<Command>> {
        Ok(retried(|| self.http.get_global_commands_with_localizations()).await?)
    }

    /// Replaces the commands that Discord has.
    pub async fn set_commands(&self, commands: &Value) -> Result<()> {
        retried(|| self.http.create_global_commands(commands)).await?;
        Ok(())
    }
}

/// serenity's client, with time-outs. At another address than Discord's, the server there keeps the rate limits.
///
/// # Errors
///
/// The system has no way to make TLS connections.
pub fn http(config: &DiscordConfig, token: &Secret) -> Result<Http> {
    let client = reqwest::Client::builder()
        .use_rustls_tls()
        .connect_timeout(CONNECT)
        .timeout(Duration::from_secs(config.request_timeout_seconds))
        .build()
        .context("no secure connections can be made")?;
    let builder = HttpBuilder::new(token.expose()).client(client);
    Ok(match &config.api_url {
        Some(url) => builder.proxy(url).ratelimiter_disabled(true).build(),
        None => builder.build(),
    })
}

/// The link that adds the bot to a server or an account, with the least that it needs.
///
/// # Errors
///
/// Discord does not know the token, or cannot be reached.
pub async fn invite(config: &DiscordConfig, token: &Secret) -> Result<String> {
    let application = http(config, token)?.get_current_application_info().await.map_err(anyhow::Error::new);
    let id = application.context("Discord does not tell which application this is; check DISCORD_TOKEN and the network")?.id;
    let least = Permissions::VIEW_CHANNEL
        | Permissions::SEND_MESSAGES
        | Permissions::SEND_MESSAGES_IN_THREADS
        | Permissions::CREATE_PUBLIC_THREADS
        | Permissions::EMBED_LINKS
        | Permissions::READ_MESSAGE_HISTORY;
    let scopes = "bot+applications.commands";
    Ok(format!("https://discord.com/oauth2/authorize?client_id={id}&scope={scopes}&permissions={}", least.bits()))
}

/// Tries a request again where it was too early, or where Discord had a fault of its own.
async fn retried<T, F: Future<Output = serenity::Result<T>>>(request: impl Fn() -> F) -> serenity::Result<T> {
    for wait in WAITS {
        match request().await {
            Err(error) if status(&error).is_some_and(|status| status == 429 || status >= 500) => tokio::time::sleep(wait).await,
            ended => return ended,
        }
    }
    request().await
}

/// Nothing where Discord does not let the bot do it, or where what it is about is gone: nobody can be told there.
fn allowed<T>(ended: serenity::Result<T>, channel: ChannelId) -> Result<Option<T>> {
    match ended {
        Ok(done) => Ok(Some(done)),
        Err(error) if matches!(status(&error), Some(403 | 404)) => {
            tracing::warn!(%channel, "Discord does not allow it: {error}; see that the bot may view, send, embed and read history there");
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}

/// The status with which Discord refused.
pub fn status(error: &Error) -> Option<u16> {
    match error {
        Error::Http(HttpError::UnsuccessfulRequest(response)) => Some(response.status_code.as_u16()),
        _ => None,
    }
}
