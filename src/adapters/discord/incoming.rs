//! Reads what Discord sends: which events concern the bot, who did what where, and whether the bot was meant.
//!
//! Ids are `discord:` and a snowflake, Discord's number for anything; a message has that of its channel before its own.

use super::interaction::{Interaction, Typing};
use crate::command::{COMMANDS, Command, MessageCommand, PRIVATE};
use crate::message::event::{Author, Event, Kind, Place};
use crate::message::press::Press;
use crate::message::{AuthorId, MessageId};
use serenity::model::Permissions;
use serenity::model::application::{
    CommandDataOptionValue, CommandInteraction, CommandType, ComponentInteraction, ComponentInteractionDataKind,
    Interaction as GatewayInteraction, InteractionContext, MessageInteractionMetadata,
};
use serenity::model::channel::{Message, MessageFlags, MessageType, PartialChannel};
use serenity::model::event::{Event as GatewayEvent, MessageUpdateEvent};
use serenity::model::guild::Member;
use serenity::model::id::{ChannelId, GuildId, UserId};
use serenity::model::user::User;
use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

/// Threads whose channel is remembered.
const THREADS: usize = 1_024;

/// What an interaction is.
pub enum Received {
    /// A command or a pressed button, and how to answer it.
    Event(Box<Event>, Interaction),
    /// Somebody is typing an argument.
    Typing {
        /// What is typed, and how to propose.
        typing: Typing,
        /// Who.
        author: AuthorId,
    },
}

/// Reads events; it knows who the bot is, and which channels threads belong to.
pub struct Reader {
    me: OnceLock<UserId>,
    /// Whether Discord gives the text of messages that do not mention the bot.
    hears_all: bool,
    threads: Mutex<Threads>,
}

#[derive(Default)]
struct Threads {
    parents: HashMap<ChannelId, ChannelId>,
    order: VecDeque<ChannelId>,
}

/// A channel as the bot knows it.
pub fn channel_id(channel: ChannelId) -> String {
    format!("discord:{channel}")
}

/// A message as the bot knows it.
pub fn message_id(channel: ChannelId, message: serenity::model::id::MessageId) -> MessageId {
    MessageId(format!("discord:{channel}/{message}"))
}

/// The snowflake of a channel as the bot knows it.
pub fn snowflake(id: &str) -> Option<u64> {
    id.strip_prefix("discord:")?.parse().ok().filter(|id| *id != 0)
}

fn interaction_id(id: impl std::fmt::Display) -> MessageId {
    MessageId(format!("discord:{id}"))
}

fn author_id(user: UserId) -> AuthorId {
    AuthorId(format!("discord:{user}"))
}

impl Reader {
    /// A reader that hears all messages, or those alone that mention the bot.
    pub fn new(hears_all: bool) -> Self {
        Self { me: OnceLock::new(), hears_all, threads: Mutex::default() }
    }

    /// Learns who the bot is.
    pub fn ready(&self, me: UserId) {
        // It stays the same when the bot connects again.
        let _ = self.me.set(me);
    }

    /// Learns which channel a thread belongs to.
    pub fn learn(&self, thread: ChannelId, parent: ChannelId) {
        let mut threads = self.threads();
        if threads.parents.insert(thread, parent).is_none() {
            threads.order.push_back(thread);
            if threads.order.len() > THREADS
                && let Some(oldest) = threads.order.pop_front()
            {
                threads.parents.remove(&oldest);
            }
        }
    }

    /// The channel of a thread, if it is known.
    pub fn parent(&self, thread: ChannelId) -> Option<ChannelId> {
        self.threads().parents.get(&thread).copied()
    }

    fn threads(&self) -> MutexGuard<'_, Threads> {
        self.threads.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What happened to messages.
    pub fn messages(&self, event: GatewayEvent) -> Vec<Event> {
        match event {
            GatewayEvent::MessageCreate(event) => self.written(&event.message).into_iter().collect(),
            GatewayEvent::MessageUpdate(event) => self.edited(event).into_iter().collect(),
            GatewayEvent::MessageDelete(event) => vec![self.deleted(event.guild_id, event.channel_id, event.message_id)],
            GatewayEvent::MessageDeleteBulk(event) => {
                event.ids.iter().map(|id| self.deleted(event.guild_id, event.channel_id, *id)).collect()
            }
            _ => Vec::new(),
        }
    }

    fn written(&self, message: &Message) -> Option<Event> {
        let usual = matches!(message.kind, MessageType::Regular | MessageType::InlineReply);
        if message.author.bot || message.webhook_id.is_some() || !usual {
            return None;
        }
        let place = self.place(message.guild_id, message.channel_id, message.position.is_some());
        let original = message.referenced_message.as_deref();
        let (text, addressed) = self.read(&message.content, &message.mentions, original, &place);
        if text.is_empty() && !addressed {
            // A picture, or a message whose text Discord does not give.
            return None;
        }
        Some(Event {
            place,
            author: Author { id: author_id(message.author.id), manager: false },
            message: message_id(message.channel_id, message.id),
            reply_to: original.map(said_by_interaction_or_message),
            quoted: original.filter(|original| !self.is_me(&original.author)).map(text_of),
            addressed,
            private: None,
            kind: Kind::Said(text),
        })
    }

    fn edited(&self, event: MessageUpdateEvent) -> Option<Event> {
        let author = event.author.filter(|author| !author.bot)?;
        let content = event.content?;
        let place = self.place(event.guild_id, event.channel_id, event.position.flatten().is_some());
        let original = event.referenced_message.flatten();
        let (text, addressed) = self.read(&content, &event.mentions.unwrap_or_default(), original.as_deref(), &place);
        Some(Event {
            place,
            author: Author { id: author_id(author.id), manager: false },
            message: message_id(event.channel_id, event.id),
            reply_to: original.as_deref().map(said_by_interaction_or_message),
            quoted: original.as_deref().filter(|original| !self.is_me(&original.author)).map(text_of),
            addressed,
            private: None,
            kind: Kind::Edited(text),
        })
    }

    fn deleted(&self, guild: Option<GuildId>, channel: ChannelId, message: serenity::model::id::MessageId) -> Event {
        Event {
            place: self.place(guild, channel, false),
            // Discord does not say who wrote it, nor who deleted it.
            author: Author { id: AuthorId("discord:nobody".to_owned()), manager: false },
            message: message_id(channel, message),
            reply_to: None,
            quoted: None,
            addressed: false,
            private: None,
            kind: Kind::Deleted,
        }
    }

    /// The text without the bot's name, and whether the bot was meant.
    fn read(&self, content: &str, mentions: &[User], original: Option<&Message>, place: &Place) -> (String, bool) {
        let mut text = content.to_owned();
        if let Some(me) = self.me.get() {
            for name in [format!("<@{me}>"), format!("<@!{me}>")] {
                text = text.replace(&name, " ");
            }
        }
        let named = text != content || mentions.iter().any(|user| self.is_me(user));
        // Without the intent to read messages, a reply that does not mention the bot comes without its text.
        let replied = original.is_some_and(|original| self.is_me(&original.author)) && !content.is_empty();
        (text.split_whitespace().collect::<Vec<_>>().join(" "), named || replied || place.direct)
    }

    fn is_me(&self, user: &User) -> bool {
        self.me.get() == Some(&user.id)
    }

    fn place(&self, guild: Option<GuildId>, channel: ChannelId, in_thread: bool) -> Place {
        let parent = self.parent(channel);
        Place {
            server: guild.map(|guild| format!("discord:{guild}")),
            channel: channel_id(parent.unwrap_or(channel)),
            thread: (in_thread || parent.is_some()).then(|| channel_id(channel)),
            direct: guild.is_none(),
            opens_threads: guild.is_some() && !in_thread,
            whispers: false,
            hears_all: self.hears_all,
        }
    }

    /// What somebody did with a command, a button or a menu.
    pub fn interaction(&self, interaction: GatewayInteraction) -> Option<Received> {
        match interaction {
            GatewayInteraction::Command(command) => self.command(&command),
            GatewayInteraction::Autocomplete(command) => {
                let typed = command.data.autocomplete()?;
                let proposes = Command::named(&command.data.name)?.proposes;
                let typing = Typing::new(command.id, &command.token, proposes, typed.value);
                Some(Received::Typing { typing, author: author_id(command.user.id) })
            }
            GatewayInteraction::Component(component) => self.component(&component),
            _ => None,
        }
    }

    fn command(&self, command: &CommandInteraction) -> Option<Received> {
        let data = &command.data;
        let request = if data.kind == CommandType::Message {
            let message = data.resolved.messages.values().next()?;
            MessageCommand::named(&data.name)?.request(&text_of(message))
        } else {
            let command = COMMANDS.iter().find(|c| c.name == data.name && c.listed)?;
            let argument = data.options.iter().find_map(|option| match &option.value {
                CommandDataOptionValue::String(text) => Some(text.as_str()),
                _ => None,
            });
            command.request(argument.unwrap_or_default())
        };
        let private = data.options.iter().find(|option| option.name == PRIVATE.0).and_then(|option| option.value.as_bool());
        let place = self.place_of(command.guild_id, command.channel.as_ref(), command.channel_id, command.context);
        let event = Event {
            place,
            author: self.actor(&command.user, command.member.as_deref()),
            message: interaction_id(command.id),
            reply_to: None,
            quoted: None,
            addressed: true,
            private,
            kind: Kind::Asked(request),
        };
        Some(Received::Event(Box::new(event), Interaction::command(command.id, &command.token)))
    }

    fn component(&self, component: &ComponentInteraction) -> Option<Received> {
        let chosen = match &component.data.kind {
            ComponentInteractionDataKind::StringSelect { values } => values.first()?,
            _ => &component.data.custom_id,
        };
        let press = Press::decode(chosen)?;
        let place = self.place_of(component.guild_id, component.channel.as_ref(), component.channel_id, component.context);
        // What comes of a message that one person sees is seen by that person alone.
        let ephemeral = component.message.flags.is_some_and(|flags| flags.contains(MessageFlags::EPHEMERAL));
        let updates = press.needs_manager();
        let event = Event {
            place,
            author: self.actor(&component.user, component.member.as_ref()),
            message: interaction_id(component.id),
            reply_to: Some(said_by_interaction_or_message(&component.message)),
            quoted: None,
            addressed: true,
            private: ephemeral.then_some(true),
            kind: Kind::Pressed(press),
        };
        Some(Received::Event(Box::new(event), Interaction::component(component.id, &component.token, updates)))
    }

    fn actor(&self, user: &User, member: Option<&Member>) -> Author {
        let permissions = member.and_then(|member| member.permissions).unwrap_or_default();
        Author { id: author_id(user.id), manager: permissions.intersects(Permissions::MANAGE_GUILD | Permissions::ADMINISTRATOR) }
    }

    fn place_of(
        &self,
        guild: Option<GuildId>,
        channel: Option<&PartialChannel>,
        id: ChannelId,
        context: Option<InteractionContext>,
    ) -> Place {
        let thread = channel.filter(|channel| channel.thread_metadata.is_some());
        if let Some(parent) = thread.and_then(|thread| thread.parent_id) {
            self.learn(id, parent);
        }
        let direct = guild.is_none() && context != Some(InteractionContext::PrivateChannel);
        Place { direct, whispers: true, ..self.place(guild, id, thread.is_some()) }
    }
}

/// The id under which the bot remembers a message: a reply to a command is known by the command, since Discord does not
/// say which message a command's answer became.
fn said_by_interaction_or_message(message: &Message) -> MessageId {
    match message.interaction_metadata.as_deref() {
        Some(MessageInteractionMetadata::Command(by)) => interaction_id(by.id),
        Some(MessageInteractionMetadata::Component(by)) => interaction_id(by.id),
        _ => message_id(message.channel_id, message.id),
    }
}

/// What a message says; a forwarded link or another bot's card says it in its embeds.
fn text_of(message: &Message) -> String {
    let embeds = message.embeds.iter().filter_map(|embed| embed.description.as_deref());
    let texts: Vec<&str> = std::iter::once(message.content.as_str()).chain(embeds).filter(|text| !text.is_empty()).collect();
    texts.join("\n")
}
