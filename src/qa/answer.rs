//! Decisions: from a ranking to an [`Answer`].
//!
//! They rest on absolute scores. *Confidence* is the chance that the best entry is right, fitted on ways of asking kept
//! aside. Above one threshold the answer is given; above a lower one up to three questions are suggested; below it, or
//! where a gap wins, the bot declines and names the nearest thing that the paper does say.

use super::claim::Check;
use super::engine::{Engine, Part, Query};
use super::question;
use super::rank::{self, Ranked};
use super::smalltalk::Smalltalk;

/// Confidence from which an answer is given.
pub const ANSWER_AT: f32 = 0.4;
/// Share of it for a question that leans on the conversation: who asks further mostly asks what the paper says.
const LEANING: f32 = 0.65;
/// Confidence from which questions are suggested.
pub const SUGGEST_AT: f32 = 0.2;
/// BM25 from which an entry is near enough to be named in a decline.
const NEAR_AT: f32 = 0.1;
/// Confidence from which a statement is answered by a verdict.
const CHECK_AT: f32 = 0.6;
/// Share of the best score that a second entry needs to be added, if it shares a paragraph.
const SECOND_AT: f32 = 0.93;
/// Words that an answer may have with a second entry added.
const MAX_WORDS: usize = 110;
/// Citations that an answer may have.
const MAX_CITES: usize = 6;

/// What the core decided; `wording` puts it into sentences.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// One entry, or more where a message asks several things or two entries are close.
    Found {
        /// The entries, the best first. Only the first is given in full.
        entries: Vec<u32>,
        /// Whether the message asked several things, so that all entries are given in full.
        several: bool,
        /// Chance that the first is right.
        confidence: f32,
    },
    /// Not sure: up to three entries that may be meant.
    Suggested {
        /// The entries, the best first.
        entries: Vec<u32>,
        /// Chance that the first is right.
        confidence: f32,
    },
    /// The paper does not say.
    NotAddressed {
        /// The gap that the question is about, if it is a known one.
        gap: Option<u32>,
        /// The entry nearest to it.
        nearest: Option<u32>,
        /// Chance that the nearest entry would have been right.
        confidence: f32,
    },
    /// A claim was typed where a question was expected.
    Checked(Check),
    /// Nothing was asked.
    Smalltalk(Smalltalk),
    /// Another language than the knowledge file's.
    Foreign,
}

impl Engine {
    /// Decides what to say. `similarity` holds one value for each target, from an embedding of [`Query::text`].
    pub fn answer(&self, query: &Query, similarity: Option<&[f32]>) -> Answer {
        self.answer_at(query, similarity, ANSWER_AT)
    }

    /// Decides with another threshold for answers than [`ANSWER_AT`].
    pub fn answer_at(&self, query: &Query, similarity: Option<&[f32]>, answer_at: f32) -> Answer {
        if let Some(talk) = query.talk {
            return Answer::Smalltalk(talk);
        }
        if query.foreign {
            return Answer::Foreign;
        }
        let whole = self.decide(&query.parts[0], similarity, answer_at);
        let answer = match query.parts.len() {
            1 => whole,
            _ => self.join(whole, query, answer_at),
        };
        if query.states && !matches!(answer, Answer::Found { confidence, .. } if confidence > 0.8) {
            let check = self.check(&query.text, similarity);
            if check.verdict != super::Verdict::NotAddressed && check.confidence >= CHECK_AT {
                return Answer::Checked(check);
            }
        }
        answer
    }

    /// Chooses between a message read as a whole and its parts read one by one.
    fn join(&self, whole: Answer, query: &Query, answer_at: f32) -> Answer {
        let parts: Vec<Answer> = query.parts[1..].iter().map(|part| self.decide(part, None, answer_at)).collect();
        let mut found: Vec<u32> = Vec::new();
        let mut least = 1f32;
        for part in &parts {
            if let Answer::Found { entries, confidence, .. } = part
                && *confidence >= answer_at.max(0.7)
                && !found.contains(&entries[0])
            {
                found.push(entries[0]);
                least = least.min(*confidence);
            }
        }
        found.truncate(3);
        if found.len() > 1 && self.fits(&found) {
            return Answer::Found { entries: found, several: true, confidence: least };
        }
        // The last part usually asks; what comes before it explains.
        let sure = |answer: &Answer| match answer {
            Answer::Found { confidence, .. } => *confidence,
            _ => 0.0,
        };
        let best = parts.into_iter().rev().max_by(|a, b| sure(a).total_cmp(&sure(b)));
        match best {
            Some(part) if sure(&part) > sure(&whole).max(0.6) && !matches!(whole, Answer::NotAddressed { gap: Some(_), .. }) => part,
            _ => whole,
        }
    }

    fn decide(&self, part: &Part, similarity: Option<&[f32]>, answer_at: f32) -> Answer {
        let ranked = self.rank(part, similarity);
        let confidence = rank::confidence(&ranked, self.weights(part, similarity.is_some()), |t| self.gap(t).is_some());
        let entries: Vec<&Ranked> = ranked.iter().filter(|r| self.gap(r.target).is_none()).collect();
        let gap = ranked.first().map(|r| r.target).filter(|target| self.gap(*target).is_some());
        let related = gap.and_then(|g| self.targets[g as usize].related.first()).copied();
        let Some(best) = entries.first() else {
            return Answer::NotAddressed { gap, nearest: related, confidence: 0.0 };
        };
        if confidence >= if part.context.is_some() { answer_at * LEANING } else { answer_at } {
            let mut found = vec![best.target];
            if let Some(second) = entries.get(1)
                && second.score >= SECOND_AT * best.score
                && self.shares_paragraph(best.target, second.target)
                && self.fits_with_short(best.target, second.target)
            {
                found.push(second.target);
            }
            return Answer::Found { entries: found, several: false, confidence };
        }
        if gap.is_none() && confidence >= SUGGEST_AT {
            let entries = entries.iter().take(3).filter(|r| r.score >= 0.6 * best.score).map(|r| r.target).collect();
            return Answer::Suggested { entries, confidence };
        }
        // A gap without a nearest entry has nothing near: the curator would have named it.
        let nearest = if gap.is_some() { related } else { (best.evidence.bm25 > NEAR_AT).then_some(best.target) };
        Answer::NotAddressed { gap, nearest, confidence }
    }

    fn shares_paragraph(&self, a: u32, b: u32) -> bool {
        let (a, b) = (&self.targets[a as usize], &self.targets[b as usize]);
        a.cites.iter().any(|c| b.cites.contains(c))
    }

    /// Whether several answers in full keep to what a chat message may have.
    fn fits(&self, entries: &[u32]) -> bool {
        let words: usize = entries.iter().filter_map(|e| self.entry(*e)).map(|e| e.answer.split_whitespace().count()).sum();
        words <= MAX_WORDS && self.cites(entries).len() <= MAX_CITES
    }

    fn fits_with_short(&self, first: u32, second: u32) -> bool {
        let (Some(a), Some(b)) = (self.entry(first), self.entry(second)) else { return false };
        a.answer.split_whitespace().count() + first_sentence(&b.answer).split_whitespace().count() <= MAX_WORDS
            && self.cites(&[first, second]).len() <= MAX_CITES
    }

    /// The citations of several entries, each once.
    pub fn cites(&self, entries: &[u32]) -> Vec<String> {
        let mut cites: Vec<String> = Vec::new();
        for cite in entries.iter().filter_map(|e| self.entry(*e)).flat_map(|e| &e.cites) {
            if !cites.contains(cite) {
                cites.push(cite.clone());
            }
        }
        cites
    }

    /// The words of an answer: the first entry in full, others by their first sentence, or all in full.
    pub fn answer_text(&self, entries: &[u32], several: bool) -> String {
        let mut text = String::new();
        for (i, entry) in entries.iter().filter_map(|e| self.entry(*e)).enumerate() {
            let part = if i == 0 || several { &entry.answer } else { first_sentence(&entry.answer) };
            if !text.is_empty() {
                text.push_str(if several { "\n\n" } else { " " });
            }
            text.push_str(part.trim());
        }
        text
    }

    /// What a later question may lean on: the targets of an answer.
    pub fn targets_of(answer: &Answer) -> Vec<u32> {
        match answer {
            Answer::Found { entries, .. } => entries.clone(),
            Answer::Suggested { entries, .. } => entries.iter().take(1).copied().collect(),
            Answer::NotAddressed { gap, nearest, .. } => gap.iter().chain(nearest).copied().collect(),
            Answer::Checked(check) => check.entry.into_iter().collect(),
            Answer::Smalltalk(_) | Answer::Foreign => Vec::new(),
        }
    }
}

/// The first sentence of a curated answer.
pub fn first_sentence(text: &str) -> &str {
    question::sentences(text).into_iter().next().unwrap_or(text)
}
