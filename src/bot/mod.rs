//! The application service: what adapters call. It remembers conversations, asks the core, and words the reply.

mod conversation;

use crate::command;
use crate::message::{Citation, ConversationId, Incoming, Outcome, Reply, Request, Suggestion};
use crate::qa::answer::first_sentence;
use crate::qa::{Answer, Check, Engine, Exchange, Explanation, Verdict, question};
use crate::wording;
use conversation::Conversations;
use std::sync::Mutex;

/// Questions offered after an answer.
const RELATED: usize = 3;

/// The bot, shared by all adapters.
pub struct Bot {
    engine: Engine,
    conversations: Mutex<Conversations>,
}

impl Bot {
    /// A bot that answers from an engine.
    pub fn new(engine: Engine) -> Self {
        Self { engine, conversations: Mutex::new(Conversations::default()) }
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
        let reply = match &incoming.request {
            Request::Ask(text) => self.ask(&incoming.conversation, text),
            Request::Check(claim) => self.check(claim),
            Request::Define(term) => self.define(term),
            Request::Timeline => self.timeline(),
            Request::Sources(paragraph) => self.sources(paragraph.as_deref()),
            Request::Help => Reply::told(wording::help(self.engine.knowledge())),
            Request::About => Reply::told(wording::about(self.engine.knowledge())),
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
        self.engine.explain(&query, None)
    }

    /// Why a claim was judged as it was.
    pub fn explain_check(&self, claim: &str) -> Explanation {
        self.engine.explain_check(claim)
    }

    fn ask(&self, conversation: &ConversationId, text: &str) -> Reply {
        // A poisoned lock only means that another message panicked; what was remembered is still good.
        let mut conversations = self.conversations.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let history = conversations.history(conversation);
        let query = self.engine.query(text, history);
        let mut answer = self.engine.answer(&query, None);
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

    /// Puts a decision into sentences.
    fn word(&self, answer: &Answer) -> Reply {
        let knowledge = self.engine.knowledge();
        match answer {
            Answer::Found { entries, several, confidence } => Reply {
                outcome: Outcome::Answered,
                paragraphs: vec![self.engine.answer_text(entries, *several)],
                citations: self.citations(&self.engine.cites(entries)),
                entry: entries.first().and_then(|e| self.engine.entry(*e)).map(|e| e.id.clone()),
                suggestions: self.related(entries),
                verdict: None,
                confidence: *confidence,
            },
            Answer::Suggested { entries, confidence } => Reply {
                outcome: Outcome::Suggested,
                suggestions: entries.iter().filter_map(|e| self.suggestion(*e)).collect(),
                confidence: *confidence,
                ..Reply::told(wording::suggested(knowledge))
            },
            Answer::NotAddressed { gap, nearest, confidence } => {
                let topic = gap.and_then(|g| self.engine.gap(g)).map(|g| g.topic.as_str());
                let entry = nearest.and_then(|e| self.engine.entry(e));
                Reply {
                    outcome: Outcome::Declined,
                    citations: entry.map(|e| self.citations(&e.cites)).unwrap_or_default(),
                    suggestions: nearest.and_then(|e| self.suggestion(e)).into_iter().collect(),
                    confidence: 1.0 - confidence,
                    ..Reply::told(wording::declined(knowledge, topic, entry.map(|e| first_sentence(&e.answer))))
                }
            }
            Answer::Checked(check) => self.checked(check),
            Answer::Smalltalk(talk) => {
                let outcome = if *talk == question::Smalltalk::Abuse { Outcome::Declined } else { Outcome::Told };
                Reply { outcome, ..Reply::told(wording::smalltalk(knowledge, *talk)) }
            }
            Answer::Foreign => Reply { outcome: Outcome::Declined, ..Reply::told(wording::foreign(knowledge)) },
        }
    }

    fn check(&self, claim: &str) -> Reply {
        self.checked(&self.engine.check(claim))
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
            verdict: Some(match check.verdict {
                Verdict::Supported => "supported",
                Verdict::Contradicted => "contradicted",
                Verdict::NotAddressed => "not_addressed",
            }),
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

fn suggest(entry: &crate::qa::knowledge::Entry) -> Suggestion {
    Suggestion { entry: entry.id.clone(), question: entry.title().to_owned() }
}
