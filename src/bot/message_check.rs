//! Checking somebody's whole message: its most check-worthy sentences, each with what the paper says of it.
//!
//! A sentence is *check-worthy* if it states something about what the paper names; where the paper decides it, it comes
//! first.

use super::{Bot, Heard, verdict_word};
use crate::message::{Finding, Outcome, Reply, Suggestion};
use crate::qa::question::sentences;
use crate::qa::{Check, Verdict};
use crate::wording;

/// Sentences of a message that are shown.
const SHOWN: usize = 3;
/// Sentences of a message that are read.
const READ: usize = 40;
/// Words that a sentence needs to state something.
const FEWEST_WORDS: usize = 3;

impl Bot {
    /// The sentences of a message that state something about what the paper names.
    pub(super) fn statements<'a>(&self, text: &'a str) -> Vec<&'a str> {
        (sentences(text).into_iter().take(READ))
            .filter(|sentence| !sentence.ends_with('?') && sentence.split_whitespace().count() >= FEWEST_WORDS)
            .filter(|sentence| self.names_something(sentence))
            .collect()
    }

    /// Checks the sentences of a message that are claims.
    pub(super) fn check_message(&self, text: &str, heard: &Heard) -> Reply {
        let knowledge = self.engine.knowledge();
        let mut worth: Vec<(usize, &str, Check)> = (self.statements(text).into_iter().enumerate())
            .map(|(place, sentence)| (place, sentence, self.engine.check(sentence, heard.of(sentence))))
            .filter(|(_, _, check)| check.verdict != Verdict::NotAddressed || check.near)
            .collect();
        worth.sort_by(|(_, _, a), (_, _, b)| {
            let decided = |check: &Check| check.verdict != Verdict::NotAddressed;
            decided(b).cmp(&decided(a)).then(b.confidence.total_cmp(&a.confidence))
        });
        worth.truncate(SHOWN);
        worth.sort_by_key(|(place, _, _)| *place);
        match worth.as_slice() {
            [] => Reply { outcome: Outcome::Declined, ..Reply::told(wording::nothing_to_check(knowledge)) },
            [(_, sentence, check)] => {
                let card = self.checked(check);
                let finding = self.finding(sentence, check);
                Reply { paragraphs: Vec::new(), findings: vec![finding], ..card }
            }
            several => {
                let findings = several.iter().map(|(_, sentence, check)| self.finding(sentence, check)).collect();
                let mut suggestions: Vec<Suggestion> = Vec::new();
                for suggestion in several.iter().flat_map(|(_, _, check)| self.checked(check).suggestions) {
                    if !suggestions.contains(&suggestion) {
                        suggestions.push(suggestion);
                    }
                }
                Reply { outcome: Outcome::Checked, findings, suggestions, offer: wording::RELATED, ..Reply::told(Vec::new()) }
            }
        }
    }

    /// Whether a sentence names anything that the paper does. Small talk comes near to some statement or other.
    fn names_something(&self, sentence: &str) -> bool {
        let lexicon = self.engine.lexicon();
        lexicon.things_in(sentence).into_iter().any(|thing| lexicon.thing(thing).in_paper)
    }

    fn finding(&self, sentence: &str, check: &Check) -> Finding {
        let card = self.checked(check);
        Finding { sentence: sentence.to_owned(), verdict: verdict_word(check.verdict), text: card.text(), citations: card.citations }
    }
}
