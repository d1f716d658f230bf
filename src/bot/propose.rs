//! What a person is shown while still typing: curated questions, terms of the glossary, and whole answers.

use super::cut::{Count, cut};
use super::{Bot, suggest};
use crate::message::{Reply, Suggestion};
use crate::qa::Answer;
use crate::wording;

/// Characters that a proposal may have where the platform limits it; a question is recognised when cut to this.
pub const PROPOSAL: usize = 100;

/// An answer found while a person types.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// The same for the same answer, at most 64 bytes.
    pub id: String,
    /// The question that it answers, or the claim that was checked.
    pub title: String,
    /// The answer.
    pub reply: Reply,
}

impl Bot {
    /// Curated questions near to what was typed so far, the nearest first.
    pub fn propose_questions(&self, typed: &str, limit: usize) -> Vec<Suggestion> {
        self.nearest(typed, limit).into_iter().filter_map(|number| self.engine.entry(number)).map(suggest).collect()
    }

    /// Names of the glossary that what was typed begins, or begins a word of; all while nothing is typed.
    pub fn propose_terms(&self, typed: &str, limit: usize) -> Vec<String> {
        let typed = typed.trim().to_lowercase();
        let fits = |name: &String| {
            let name = name.to_lowercase();
            let start = name.starts_with(&typed);
            (start || name.split_whitespace().any(|word| word.starts_with(&typed))).then_some(!start)
        };
        let mut named: Vec<(bool, &str)> = (self.engine.knowledge().terms.iter())
            .filter_map(|term| {
                let best = std::iter::once(&term.name).chain(&term.aliases).filter_map(fits).min()?;
                Some((best, term.name.as_str()))
            })
            .collect();
        named.sort_unstable();
        named.into_iter().take(limit).map(|(_, name)| cut(name, PROPOSAL, Count::Characters)).collect()
    }

    /// Answers to what was typed, the best first; after "check:" the verdict on the rest.
    pub fn search(&self, typed: &str, limit: usize) -> Vec<Found> {
        let typed = typed.trim();
        let check = typed.get(..6).filter(|start| start.eq_ignore_ascii_case("check:")).and_then(|_| typed.get(6..));
        if let Some(claim) = check {
            let claim = claim.trim();
            if claim.is_empty() {
                return Vec::new();
            }
            return vec![Found { id: "check".into(), title: wording::check_title(claim), reply: self.check(claim, None) }];
        }
        (self.nearest(typed, limit).into_iter())
            .filter_map(|number| {
                let entry = self.engine.entry(number)?;
                let answer = Answer::Found { entries: vec![number], several: false, confidence: 1.0 };
                let id = super::press::short_id(&entry.id);
                Some(Found { id, title: entry.title().to_owned(), reply: self.word(&answer) })
            })
            .collect()
    }

    /// The entry whose question this is, as it is shown to people.
    pub(super) fn titled(&self, text: &str) -> Option<u32> {
        let text = text.trim();
        let is = |title: &str| title == text || (text.ends_with('…') && cut(title, PROPOSAL, Count::Characters) == text);
        (0..).zip(&self.engine.knowledge().entries).find(|(_, entry)| is(entry.title())).map(|(number, _)| number)
    }

    /// Entries near to a text: what a question with it would find, then what contains its words as they are typed.
    fn nearest(&self, typed: &str, limit: usize) -> Vec<u32> {
        let typed = typed.trim();
        let entries = &self.engine.knowledge().entries;
        if typed.is_empty() {
            return (0..entries.len().min(limit) as u32).collect();
        }
        let query = self.engine.query(typed, &[]);
        let ranked = self.engine.ranked(&query, None);
        let mut found: Vec<(f32, u32)> =
            ranked.iter().filter(|r| self.engine.entry(r.target).is_some()).map(|r| (r.score, r.target)).collect();
        let lower = typed.to_lowercase();
        let last = lower.rsplit(char::is_whitespace).next().unwrap_or_default();
        for (score, number) in &mut found {
            let title = entries.get(*number as usize).map(|e| e.title().to_lowercase()).unwrap_or_default();
            // A word that is still being typed is no term yet; a question that begins so is most likely meant.
            if title.starts_with(&lower) {
                *score += 1.0;
            } else if last.len() > 2 && title.split_whitespace().any(|word| word.starts_with(last)) {
                *score += 0.1;
            }
        }
        found.retain(|(score, _)| *score > 0.1);
        found.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        found.into_iter().take(limit).map(|(_, number)| number).collect()
    }
}
