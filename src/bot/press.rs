//! What a pressed button does.

use super::{Bot, lock};
use crate::message::event::{Action, Event, Place};
use crate::message::press::{Key, Press, Scope, Setting, Subject};
use crate::message::{Button, Outcome, Reply};
use crate::wording;

/// The buttons under a reply about something.
pub(super) fn about(subject: &Subject, evidence: bool) -> Vec<Button> {
    let evidence = evidence.then(|| Button { label: wording::EVIDENCE.into(), press: Press::Evidence(subject.clone()) });
    let rate = |label: &str, yes| Button { label: label.into(), press: Press::Rate(subject.clone(), yes) };
    evidence.into_iter().chain([rate(wording::HELPFUL, true), rate(wording::NOT_HELPFUL, false)]).collect()
}

/// An id for a platform that wants one of at most 64 bytes.
pub(super) fn short_id(id: &str) -> String {
    Press::ask(id).encode()
}

impl Bot {
    /// Does what a button says.
    pub(super) fn pressed(&self, event: &Event, press: &Press) -> Action {
        if press.needs_manager() && !event.author.manager {
            return Action::Note(wording::managers_only());
        }
        match press {
            Press::Ask(key) => match self.entry_of(key) {
                Some((number, _)) => {
                    let conversation = lock(&self.seen).conversation(&event.place, &event.author.id, event.reply_to.as_ref());
                    let reply = self.entry(&conversation, number);
                    self.asked(event, &conversation, "");
                    Action::Send { reply, private: self.whispers(event), thread: None }
                }
                None => Action::Note(wording::gone()),
            },
            Press::Evidence(subject) => match self.evidence(subject) {
                Some(reply) => Action::Send { reply, private: self.whispers(event), thread: None },
                None => Action::Note(wording::gone()),
            },
            Press::Rate(subject, helpful) => {
                let reply = event.reply_to.as_ref().unwrap_or(&event.message);
                if !lock(&self.seen).rated(&event.author.id, reply) {
                    return Action::Note(wording::rated_before());
                }
                tracing::info!(?subject, helpful, "reply rated");
                Action::Note(wording::rated(*helpful))
            }
            Press::Settings(scope) => Action::Update(self.settings_card(&event.place, *scope)),
            Press::Set(scope, setting, on) => {
                lock(&self.settings).set(*scope, &event.place, *setting, *on);
                Action::Update(self.settings_card(&event.place, *scope))
            }
        }
    }

    /// The paragraphs that a reply rests on, in the curators' words.
    fn evidence(&self, subject: &Subject) -> Option<Reply> {
        let knowledge = self.engine.knowledge();
        let cites = match subject {
            Subject::Entry(key) => &self.entry_of(key)?.1.cites,
            Subject::Fact(key) => &knowledge.facts.iter().find(|f| key.is(&f.id))?.cites,
            Subject::Gap(key) => {
                let nearest = knowledge.gaps.iter().find(|g| key.is(&g.id))?.nearest.as_deref()?;
                &self.entry_of(&Key::of(nearest))?.1.cites
            }
        };
        let shown = cites.iter().filter_map(|id| knowledge.paragraphs.iter().find(|p| p.id == *id));
        let paragraphs: Vec<String> = shown.map(wording::paragraph).collect();
        (!paragraphs.is_empty()).then(|| Reply { outcome: Outcome::Told, ..Reply::told(paragraphs) })
    }

    /// How the bot behaves in a place, with a button to turn each setting.
    pub(super) fn settings_card(&self, place: &Place, scope: Scope) -> Reply {
        if place.server.is_none() {
            return Reply::told(wording::settings_elsewhere());
        }
        let settings = lock(&self.settings);
        let possible = |setting: &Setting| match setting {
            Setting::Threads => place.opens_threads,
            Setting::Private => place.whispers,
            Setting::Listen => place.hears_all,
            Setting::Quiet => true,
        };
        let mut buttons = Vec::new();
        let mut lines = Vec::new();
        for setting in Setting::ALL.into_iter().filter(possible) {
            let on = match scope {
                Scope::Channel => settings.on(place, setting),
                Scope::Server => settings.said(scope, place, setting).unwrap_or(false),
            };
            lines.push(wording::setting_line(setting, on));
            buttons.push(Button { label: wording::setting_button(setting, on), press: Press::Set(scope, setting, !on) });
        }
        let other = if scope == Scope::Channel { Scope::Server } else { Scope::Channel };
        // A group without channels has but one scope.
        if place.server.as_ref() != Some(&place.channel) || place.opens_threads {
            buttons.push(Button { label: wording::scope_button(other), press: Press::Settings(other) });
        }
        Reply { buttons, ..Reply::told(wording::settings(scope, lines)) }
    }
}
