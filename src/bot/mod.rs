//! The application service: what adapters call. It remembers conversations, asks the core, and words the reply.
//!
//! [`Bot::respond`] answers a request; [`Bot::handle`] decides what to do about an event on a platform. [`queue`] keeps
//! order and bounds; [`cut`] cuts to a platform's limit.

mod conversation;
pub mod cut;
mod handle;
mod message_check;
mod press;
mod propose;
pub mod queue;
mod seen;
mod settings;
#[cfg(test)]
mod tests;

use crate::command;
use crate::message::press::{Key, Subject};
use crate::message::{Citation, ConversationId, Incoming, Outcome, Reply, Request, Suggestion};
use crate::qa::answer::first_sentence;
use crate::qa::knowledge::Entry;
use crate::qa::smalltalk::Smalltalk;
use crate::qa::{Answer, Check, Engine, Exchange, Explanation, Verdict};
use crate::wording;
use anyhow::Result;
use conversation::Conversations;
use futures_util::future::{BoxFuture, join_all};
pub use propose::Found;
use seen::Seen;
use settings::Settings;
use std::sync::{Mutex, MutexGuard, Once};

/// Questions offered after an answer.
const RELATED: usize = 3;

/// Gives the similarity of a text to each class of the engine, as [`Engine::answer`] and [`Engine::check`] take it.
pub type Similarity = Box<dyn Fn(&str) -> BoxFuture<'static, Result<Vec<f32>>> + Send + Sync>;

/// What an encoder said of the texts of a request.
#[derive(Default)]
struct Heard(Vec<(String, Vec<f32>)>);

impl Heard {
    /// The similarities of a text, if the encoder was asked about it and answered.
    fn of(&self, text: &str) -> Option<&[f32]> {
        self.0.iter().find(|(heard, _)| heard == text).map(|(_, similarity)| similarity.as_slice())
    }
}

/// The bot, shared by all adapters.
pub struct Bot {
    engine: Engine,
    similarity: Option<Similarity>,
    /// That the encoder fails is logged once.
    encoder_failed: Once,
    conversations: Mutex<Conversations>,
    seen: Mutex<Seen>,
    settings: Mutex<Settings>,
}

/// Locks what is shared. A poisoned lock only means that another message panicked; what was remembered is still good.
fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

impl Bot {
    /// A bot that answers from an engine.
    pub fn new(engine: Engine) -> Self {
        Self {
            engine,
            similarity: None,
            encoder_failed: Once::new(),
            conversations: Mutex::new(Conversations::default()),
            seen: Mutex::new(Seen::default()),
            settings: Mutex::new(Settings::default()),
        }
    }

    /// The same bot, which also hears an encoder when it handles events.
    pub fn with_similarity(self, similarity: Similarity) -> Self {
        Self { similarity: Some(similarity), ..self }
    }

    /// The engine behind the answers.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Answers a line as a person typed it, with or without a slash command.
    pub fn line(&self, conversation: &ConversationId, line: &str) -> Reply {
        match command::parse(line) {
            Ok(request) => self.respond(&Incoming { conversation: conversation.clone(), request }),
            Err(error) => Reply::told(wording::misread(&error)),
        }
    }

    /// Answers a message.
    pub fn respond(&self, incoming: &Incoming) -> Reply {
        match self.similarity {
            Some(_) => pollster::block_on(self.reply(incoming)),
            None => self.respond_with(incoming, &Heard::default()),
        }
    }

    /// Answers a message after an encoder, if there is one, was heard.
    async fn reply(&self, incoming: &Incoming) -> Reply {
        let mut heard = Heard::default();
        if let Some(encode) = &self.similarity {
            let texts: Vec<&str> = match &incoming.request {
                Request::Ask(text) | Request::AskMessage(text) | Request::Check(text) => vec![text.as_str()],
                Request::CheckMessage(text) => self.statements(text),
                _ => Vec::new(),
            };
            // All at once, so that the encoder takes them as one batch.
            for (text, similarity) in texts.iter().zip(join_all(texts.iter().map(|text| encode(text))).await) {
                match similarity {
                    Ok(values) => heard.0.push(((*text).to_owned(), values)),
                    Err(error) => {
                        self.encoder_failed.call_once(|| tracing::warn!("the encoder fails, so the table and words decide: {error:#}"));
                    }
                }
            }
        }
        self.respond_with(incoming, &heard)
    }

    fn respond_with(&self, incoming: &Incoming, heard: &Heard) -> Reply {
        let reply = match &incoming.request {
            Request::Ask(text) | Request::AskMessage(text) => self.ask(&incoming.conversation, text, heard.of(text)),
            Request::Check(claim) => self.check(claim, heard.of(claim)),
            Request::CheckMessage(text) => self.check_message(text, heard),
            Request::Define(term) => self.define(term),
            Request::Timeline => self.timeline(),
            Request::Sources(paragraph) => self.sources(paragraph.as_deref()),
            Request::Help => Reply::told(wording::help(self.engine.knowledge())),
            Request::About => Reply::told(wording::about(self.engine.knowledge())),
            Request::Start(id) => match id.as_deref().and_then(|id| self.entry_of(&Key::of(id))) {
                Some((number, _)) => self.entry(&incoming.conversation, number),
                None => Reply::told(wording::start(self.engine.knowledge())),
            },
            Request::Settings => Reply::told(wording::settings_elsewhere()),
        };
        tracing::info!(
            outcome = reply.outcome.word(),
            entry = reply.entry.as_deref().unwrap_or("-"),
            confidence = reply.confidence,
            "message handled"
        );
        reply
    }

    /// Why a question was answered as it was.
    pub fn explain(&self, question: &str) -> Explanation {
        let query = self.engine.query(question, &[]);
        self.engine.explain(&query, self.hear(question).as_deref())
    }

    /// What the encoder says of a text; for those who can wait.
    fn hear(&self, text: &str) -> Option<Vec<f32>> {
        self.similarity.as_ref().and_then(|encode| pollster::block_on(encode(text)).ok())
    }

    /// Why a claim was judged as it was.
    pub fn explain_check(&self, claim: &str) -> Explanation {
        self.engine.explain_check(claim, self.hear(claim).as_deref())
    }

    fn ask(&self, conversation: &ConversationId, text: &str, similarity: Option<&[f32]>) -> Reply {
        if let Some(number) = self.titled(text) {
            return self.entry(conversation, number);
        }
        let mut conversations = lock(&self.conversations);
        let history = conversations.history(conversation);
        let query = self.engine.query(text, history);
        let mut answer = self.engine.answer(&query, similarity);
        if answer == Answer::Foreign && !conversations.tell_language(conversation) {
            answer = Answer::NotAddressed { gap: None, nearest: None, confidence: 0.0 };
        }
        let targets = Engine::targets_of(&answer);
        if !targets.is_empty() {
            conversations.remember(conversation, Exchange { text: text.to_owned(), targets });
        }
        drop(conversations);
        self.word(&answer)
    }

    /// The answer of an entry that a person chose, which later questions may lean on.
    fn entry(&self, conversation: &ConversationId, number: u32) -> Reply {
        let text = self.engine.entry(number).map(|e| e.title().to_owned()).unwrap_or_default();
        lock(&self.conversations).remember(conversation, Exchange { text, targets: vec![number] });
        self.word(&Answer::Found { entries: vec![number], several: false, confidence: 1.0 })
    }

    /// The entry that a key stands for, and its number.
    fn entry_of(&self, key: &Key) -> Option<(u32, &Entry)> {
        (0..).zip(&self.engine.knowledge().entries).find(|(_, entry)| key.is(&entry.id))
    }

    /// Puts a decision into sentences.
    fn word(&self, answer: &Answer) -> Reply {
        let knowledge = self.engine.knowledge();
        match answer {
            Answer::Found { entries, several, confidence } => Reply {
                outcome: Outcome::Answered,
                citations: self.citations(&self.engine.cites(entries)),
                entry: entries.first().and_then(|e| self.engine.entry(*e)).map(|e| e.id.clone()),
                suggestions: self.related(entries),
                offer: wording::RELATED,
                buttons: match entries.first().and_then(|e| self.engine.entry(*e)) {
                    Some(entry) => press::about(&Subject::Entry(Key::of(&entry.id)), !entry.cites.is_empty()),
                    None => Vec::new(),
                },
                confidence: *confidence,
                ..Reply::told(vec![self.engine.answer_text(entries, *several)])
            },
            Answer::Suggested { entries, confidence } => Reply {
                outcome: Outcome::Suggested,
                suggestions: entries.iter().filter_map(|e| self.suggestion(*e)).collect(),
                offer: wording::MEANT,
                confidence: *confidence,
                ..Reply::told(wording::suggested(knowledge))
            },
            Answer::NotAddressed { gap, nearest, confidence } => {
                let gap = gap.and_then(|g| self.engine.gap(g));
                let topic = gap.map(|g| g.topic.as_str());
                let entry = nearest.and_then(|e| self.engine.entry(e));
                Reply {
                    outcome: Outcome::Declined,
                    citations: entry.map(|e| self.citations(&e.cites)).unwrap_or_default(),
                    suggestions: nearest.and_then(|e| self.suggestion(e)).into_iter().collect(),
                    offer: wording::NEAREST,
                    buttons: gap.map(|g| press::about(&Subject::Gap(Key::of(&g.id)), false)).unwrap_or_default(),
                    confidence: 1.0 - confidence,
                    ..Reply::told(wording::declined(knowledge, topic, entry.map(|e| first_sentence(&e.answer))))
                }
            }
            Answer::Checked(check) => self.checked(check),
            Answer::Smalltalk(talk) => {
                let outcome = if *talk == Smalltalk::Abuse { Outcome::Declined } else { Outcome::Told };
                Reply { outcome, ..Reply::told(wording::smalltalk(knowledge, *talk)) }
            }
            Answer::Foreign => Reply { outcome: Outcome::Declined, ..Reply::told(wording::foreign(knowledge)) },
        }
    }

    fn check(&self, claim: &str, similarity: Option<&[f32]>) -> Reply {
        self.checked(&self.engine.check(claim, similarity))
    }

    fn checked(&self, check: &Check) -> Reply {
        let knowledge = self.engine.knowledge();
        let shown = check.fact.filter(|_| check.near || check.verdict != Verdict::NotAddressed);
        let fact = shown.and_then(|f| knowledge.facts.get(f as usize));
        let entry = check.entry.filter(|_| fact.is_some());
        Reply {
            outcome: Outcome::Checked,
            citations: fact.map(|f| self.citations(&f.cites)).unwrap_or_default(),
            entry: entry.and_then(|e| self.engine.entry(e)).map(|e| e.id.clone()),
            suggestions: entry.and_then(|e| self.suggestion(e)).into_iter().collect(),
            offer: wording::RELATED,
            buttons: fact.map(|f| press::about(&Subject::Fact(Key::of(&f.id)), !f.cites.is_empty())).unwrap_or_default(),
            verdict: Some(verdict_word(check.verdict)),
            confidence: check.confidence,
            ..Reply::told(wording::checked(knowledge, check, fact.map(|f| f.statement.as_str())))
        }
    }

    fn define(&self, text: &str) -> Reply {
        let knowledge = self.engine.knowledge();
        let things = self.engine.lexicon().things_in(text);
        let Some(term) = things.iter().find_map(|t| knowledge.terms.get(*t as usize)) else {
            return Reply { outcome: Outcome::Declined, ..Reply::told(wording::no_term(knowledge, text)) };
        };
        let entry = term.entry.as_deref();
        Reply {
            outcome: Outcome::Answered,
            citations: self.citations(&term.cites),
            entry: entry.map(str::to_owned),
            suggestions: knowledge.entries.iter().filter(|e| Some(e.id.as_str()) == entry).map(suggest).collect(),
            offer: wording::RELATED,
            ..Reply::told(vec![format!("{}: {}", term.name, term.definition)])
        }
    }

    fn timeline(&self) -> Reply {
        let knowledge = self.engine.knowledge();
        if knowledge.events.is_empty() {
            return Reply { outcome: Outcome::Declined, ..Reply::told(wording::no_timeline()) };
        }
        let sign = |cites: &[String]| self.citations(cites).first().map(|c| format!(" ({})", c.sign)).unwrap_or_default();
        let lines = knowledge.events.iter().map(|e| format!("{} - {}{}", wording::long_date(&e.date), e.text, sign(&e.cites)));
        Reply::told(vec![lines.collect::<Vec<_>>().join("\n")])
    }

    fn sources(&self, asked: Option<&str>) -> Reply {
        let knowledge = self.engine.knowledge();
        let Some(asked) = asked else {
            let lines = knowledge.paragraphs.iter().map(|p| format!("{} {}", wording::sign(p), p.label));
            let list = lines.collect::<Vec<_>>().join("\n");
            return if list.is_empty() { Reply::told(wording::no_paragraph(knowledge, "")) } else { Reply::told(vec![list]) };
        };
        let wanted = asked.trim().trim_start_matches('¶').to_lowercase();
        let number: Option<u32> = wanted.trim_start_matches(|c: char| !c.is_ascii_digit()).parse().ok();
        let found = knowledge.paragraphs.iter().find(|p| p.id == wanted || (p.number.is_some() && p.number == number));
        match found {
            Some(paragraph) => Reply {
                outcome: Outcome::Answered,
                citations: self.citations(std::slice::from_ref(&paragraph.id)),
                ..Reply::told(vec![format!("In our words: {}", paragraph.gist)])
            },
            None => Reply { outcome: Outcome::Declined, ..Reply::told(wording::no_paragraph(knowledge, asked)) },
        }
    }

    fn citations(&self, ids: &[String]) -> Vec<Citation> {
        let paragraphs = &self.engine.knowledge().paragraphs;
        (ids.iter())
            .filter_map(|id| paragraphs.iter().find(|p| p.id == *id))
            .map(|p| Citation { id: p.id.clone(), sign: wording::sign(p), label: p.label.clone() })
            .collect()
    }

    fn suggestion(&self, entry: u32) -> Option<Suggestion> {
        self.engine.entry(entry).map(suggest)
    }

    /// What one would ask next: the related entries of those given, without them.
    fn related(&self, entries: &[u32]) -> Vec<Suggestion> {
        let given: Vec<&str> = entries.iter().filter_map(|e| self.engine.entry(*e)).map(|e| e.id.as_str()).collect();
        let first = entries.first().and_then(|e| self.engine.entry(*e));
        let related = first.map(|e| e.related.as_slice()).unwrap_or_default();
        (related.iter().filter(|id| !given.contains(&id.as_str())))
            .filter_map(|id| self.engine.knowledge().entries.iter().find(|e| e.id == *id))
            .map(suggest)
            .take(RELATED)
            .collect()
    }
}

/// The word of the interface for a verdict.
fn verdict_word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Supported => "supported",
        Verdict::Contradicted => "contradicted",
        Verdict::NotAddressed => "not_addressed",
    }
}

fn suggest(entry: &Entry) -> Suggestion {
    Suggestion { entry: entry.id.clone(), question: entry.title().to_owned() }
}
