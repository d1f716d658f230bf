//! What is done about an event: when to answer, what an edit or a deletion means, and that nothing is answered twice.

use super::cut::{Count, cut};
use super::{Bot, lock};
use crate::command::{self, ParseError};
use crate::message::event::{Action, Event, Kind};
use crate::message::press::{Press, Scope, Setting};
use crate::message::{ConversationId, Incoming, MessageId, Outcome, Reply, Request};
use crate::qa::{Answer, question};
use crate::wording;

/// Confidence from which a question is answered that was not addressed to the bot.
const OVERHEARD_AT: f32 = 0.75;
/// Characters of a thread's name.
const THREAD_NAME: usize = 90;
/// What people write in reply to a message that they want checked.
const CHECK_IT: &[&str] = &[
    "",
    "check",
    "check it",
    "check this",
    "check that",
    "fact check",
    "fact-check",
    "factcheck",
    "fact check this",
    "is it true",
    "is this true",
    "is that true",
    "true",
    "is this right",
    "is that right",
    "really",
];

impl Bot {
    /// Decides what to do about an event. The adapter does it, and reports with [`Bot::sent`] what it sent.
    pub async fn handle(&self, event: &Event) -> Action {
        match &event.kind {
            Kind::Said(text) => self.said(event, text).await,
            Kind::Asked(request) => self.commanded(event, request).await,
            Kind::Edited(text) => self.edited(event, text).await,
            Kind::Deleted => match lock(&self.seen).forget(&event.message).and_then(|question| question.reply) {
                Some(message) => Action::Delete { message },
                None => Action::Ignore,
            },
            Kind::Pressed(press) if lock(&self.seen).first(&event.message) => self.pressed(event, press),
            Kind::Pressed(_) => Action::Ignore,
        }
    }

    /// Whether an event may come to anything; cheap, for adapters that hear everything that is said.
    pub fn concerns(&self, event: &Event) -> bool {
        let own_thread = || lock(&self.seen).own_thread(event.place.lane());
        !matches!(event.kind, Kind::Said(_)) || event.addressed || own_thread() || self.on(event, Setting::Listen)
    }

    /// Whether the reply to a command or a button is for one person alone, for platforms that have to say so before the
    /// reply is known.
    pub fn whispers(&self, event: &Event) -> bool {
        let whispered = match &event.kind {
            Kind::Asked(request) => *request == Request::Settings || self.private(event),
            Kind::Pressed(Press::Ask(_)) => self.private(event),
            Kind::Pressed(Press::Evidence(_)) => !event.place.direct,
            Kind::Pressed(_) => true,
            Kind::Said(_) | Kind::Edited(_) | Kind::Deleted => false,
        };
        event.place.whispers && whispered
    }

    /// What the bot is seen to be doing.
    pub fn presence(&self) -> &'static str {
        wording::PRESENCE
    }

    /// Notes which message replied to an event.
    pub fn sent(&self, question: &MessageId, reply: MessageId) {
        lock(&self.seen).sent(question, reply);
    }

    /// Notes that a thread was opened for a question, so that what is said there goes on with it.
    pub fn opened_thread(&self, question: &MessageId, thread: &str) {
        lock(&self.seen).opened(question, thread);
    }

    /// The line for a person whose message was shed.
    pub fn busy() -> Reply {
        Reply::told(wording::busy())
    }

    /// Notes that a server or channel has got another id.
    pub fn moved(&self, from: &str, to: &str) {
        lock(&self.settings).moved(from, to);
    }

    /// The line for a person whose button is no longer known.
    pub fn gone() -> String {
        wording::gone()
    }

    /// The apology for a reply that was lost.
    pub fn sorry() -> Reply {
        Reply::told(wording::sorry())
    }

    async fn said(&self, event: &Event, text: &str) -> Action {
        let Some(addressed) = self.minds(event, text) else { return Action::Ignore };
        if !lock(&self.seen).first(&event.message) {
            return Action::Ignore;
        }
        let conversation = lock(&self.seen).conversation(&event.place, &event.author.id, event.reply_to.as_ref());
        let request = read(event, text);
        let opens = addressed && event.place.opens_threads && event.place.thread.is_none() && !event.place.direct;
        let thread = (opens && matches!(request, Ok(Request::Ask(_))) && self.on(event, Setting::Threads))
            .then(|| cut(text.lines().next().unwrap_or_default(), THREAD_NAME, Count::Characters))
            .filter(|name| !name.is_empty());
        let reply = self.read_and_reply(event, &conversation, request).await;
        self.asked(event, &conversation, text);
        Action::Send { reply, private: false, thread }
    }

    async fn commanded(&self, event: &Event, request: &Request) -> Action {
        if !lock(&self.seen).first(&event.message) {
            return Action::Ignore;
        }
        let conversation = lock(&self.seen).conversation(&event.place, &event.author.id, event.reply_to.as_ref());
        let reply = self.read_and_reply(event, &conversation, Ok(request.clone())).await;
        self.asked(event, &conversation, "");
        Action::Send { reply, private: self.whispers(event), thread: None }
    }

    async fn edited(&self, event: &Event, text: &str) -> Action {
        let Some(question) = lock(&self.seen).question(&event.message).cloned() else { return Action::Ignore };
        // Platforms also tell of an edit when they add a preview to a message.
        if question.reads(text) {
            return Action::Ignore;
        }
        let Some(message) = question.reply else { return Action::Ignore };
        if self.minds(event, text).is_none() {
            lock(&self.seen).forget(&event.message);
            return Action::Delete { message };
        }
        let reply = self.read_and_reply(event, &question.conversation, read(event, text)).await;
        self.asked(event, &question.conversation, text);
        Action::Edit { message, reply }
    }

    /// Whether to answer a message, and if so whether it was addressed.
    fn minds(&self, event: &Event, text: &str) -> Option<bool> {
        let command = text.trim_start().starts_with('/');
        if !event.place.direct && !command && self.on(event, Setting::Quiet) {
            return None;
        }
        let own_thread = lock(&self.seen).own_thread(event.place.lane());
        if event.addressed || own_thread {
            return Some(true);
        }
        (self.on(event, Setting::Listen) && event.quoted.is_none() && self.overhears(text)).then_some(false)
    }

    /// Whether a text is a question that the paper answers for sure.
    fn overhears(&self, text: &str) -> bool {
        let asks = text.contains('?') || question::kind_asked(&self.engine.lexicon().read(text)).is_some();
        let answer = || self.engine.answer(&self.engine.query(text, &[]), None);
        asks && matches!(answer(), Answer::Found { confidence, .. } if confidence >= OVERHEARD_AT)
    }

    async fn read_and_reply(&self, event: &Event, conversation: &ConversationId, request: Result<Request, ParseError>) -> Reply {
        match request {
            Ok(Request::Settings) if event.place.server.is_some() && !event.author.manager => {
                Reply { outcome: Outcome::Declined, ..Reply::told(vec![wording::managers_only()]) }
            }
            Ok(Request::Settings) => self.settings_card(&event.place, Scope::Channel),
            Ok(request) => self.reply(&Incoming { conversation: conversation.clone(), request }).await,
            Err(error) => Reply::told(wording::misread(&error)),
        }
    }

    /// Remembers that an event was answered.
    pub(super) fn asked(&self, event: &Event, conversation: &ConversationId, text: &str) {
        lock(&self.seen).asked(&event.message, conversation, text);
    }

    fn on(&self, event: &Event, setting: Setting) -> bool {
        lock(&self.settings).on(&event.place, setting)
    }

    /// Whether only the person who asked sees the reply: as they said, otherwise as the place says.
    fn private(&self, event: &Event) -> bool {
        let here = || !event.place.direct && (self.on(event, Setting::Private) || self.on(event, Setting::Quiet));
        event.place.whispers && event.private.unwrap_or_else(here)
    }
}

/// Reads a message; in reply to somebody else's message, that message is what is checked or asked.
fn read(event: &Event, text: &str) -> Result<Request, ParseError> {
    let Some(quoted) = event.quoted.as_deref().filter(|quoted| !quoted.trim().is_empty()) else { return command::parse(text) };
    let bare = text.trim().trim_end_matches(['?', '!', '.']).to_lowercase();
    if CHECK_IT.contains(&bare.as_str()) {
        return Ok(Request::CheckMessage(quoted.to_owned()));
    }
    match command::parse(text) {
        Err(ParseError::MissingArgument("check")) => Ok(Request::CheckMessage(quoted.to_owned())),
        Err(ParseError::MissingArgument("ask")) => Ok(Request::AskMessage(quoted.to_owned())),
        request => request,
    }
}
