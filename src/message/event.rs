//! What happens on a platform, and what is done about it.
//!
//! An *event* is a message, command or pressed button in a form that all platforms share; its ids are opaque texts that
//! the adapter makes and recognises. An *action* is the effect that the bot wants, as data.

use super::press::Press;
use super::{AuthorId, MessageId, Reply, Request};

/// Where something happened.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Place {
    /// The server or group; none in a conversation between one person and the bot.
    pub server: Option<String>,
    /// The channel, chat or forum topic. Unique over all platforms.
    pub channel: String,
    /// A branch of the channel that is one conversation, as Discord's threads are.
    pub thread: Option<String>,
    /// Whether only one person and the bot are here.
    pub direct: bool,
    /// Whether a reply can open a thread here.
    pub opens_threads: bool,
    /// Whether a reply can be seen by one person alone here.
    pub whispers: bool,
    /// Whether the bot hears what is not addressed to it here; platforms may not let it.
    pub hears_all: bool,
}

impl Place {
    /// The thread if there is one, the channel otherwise. Events of one lane are dealt with in order.
    pub fn lane(&self) -> &str {
        self.thread.as_deref().unwrap_or(&self.channel)
    }
}

/// Who did something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Author {
    /// Who it is.
    pub id: AuthorId,
    /// Whether this person may change settings here. An adapter that has to ask its platform may leave this false for
    /// anything but [`Request::Settings`] and presses of settings.
    pub manager: bool,
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Where.
    pub place: Place,
    /// Who did it.
    pub author: Author,
    /// The message or interaction. Each kind of event is dealt with once for each id.
    pub message: MessageId,
    /// The message it replies to, or whose button was pressed.
    pub reply_to: Option<MessageId>,
    /// The text of that message, unless the bot wrote it.
    pub quoted: Option<String>,
    /// Whether the bot was meant: named, replied to, given a command, or alone with the person.
    pub addressed: bool,
    /// Whether the person asked for a reply that only they see; none if they did not say.
    pub private: Option<bool>,
    /// What happened.
    pub kind: Kind,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// A message was written. The text is without the bot's name, and may be a command.
    Said(String),
    /// A command was given through the platform's own menu.
    Asked(Request),
    /// A message was edited, and now says this.
    Edited(String),
    /// A message was deleted.
    Deleted,
    /// A button was pressed.
    Pressed(Press),
}

/// What is done about an event.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// Nothing.
    Ignore,
    /// A reply to the event. The adapter then calls [`crate::bot::Bot::sent`] with the id of what it sent.
    Send {
        /// What is said.
        reply: Reply,
        /// Only for the person who asked, where the platform can do that.
        private: bool,
        /// In a new thread of this name, where the platform has threads.
        thread: Option<String>,
    },
    /// A reply sent earlier says something else now.
    Edit {
        /// The reply.
        message: MessageId,
        /// What it says now.
        reply: Reply,
    },
    /// A reply sent earlier goes.
    Delete {
        /// The reply.
        message: MessageId,
    },
    /// The message whose button was pressed says something else now.
    Update(Reply),
    /// A line only for the person who pressed.
    Note(String),
}
