//! How a statement is read for checking: its terms, its content, its polarity and its signs.
//!
//! To the terms of [`super::super::lexicon`] come *ordered pairs*: two heads (names, numbers, content words) in the order
//! in which they stand, and a name with the preposition before it. They tell who did something to whom.

use super::polarity;
use super::signs::{OppositeTable, Signs};
use crate::qa::lexicon::{Analysis, Lexicon, Mention, TermId, Word};
use crate::qa::text;
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

/// Weight of an ordered pair.
const ORDERED: f32 = 0.45;
/// Distance up to which two heads make an ordered pair.
const REACH: usize = 3;
/// Prepositions that give a name its part in what happened.
const PREPOSITIONS: [&str; 14] =
    ["by", "to", "from", "for", "of", "with", "against", "in", "at", "between", "through", "via", "over", "after"];

/// Ordered pairs that occur in curated statements, and their terms.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Pairs(FxHashMap<(TermId, TermId), TermId>);

impl Pairs {
    /// Number of pairs.
    pub fn len(&self) -> usize {
        self.0.len()
    }
}

/// A statement, read.
#[derive(Debug, Clone)]
pub struct Reading {
    /// The whole statement.
    pub analysis: Analysis,
    /// Terms and ordered pairs of the whole statement.
    pub terms: Vec<(TermId, f32)>,
    /// Its content.
    pub content_analysis: Analysis,
    /// Terms and ordered pairs of its content.
    pub content: Vec<(TermId, f32)>,
    /// Words of the content that no text of the knowledge has.
    pub unknown: usize,
    /// Whether the content is denied.
    pub denied: bool,
    /// Signs of the content; who says it is taken from the whole.
    pub signs: Signs,
}

impl Reading {
    /// Words and mentions of the whole statement.
    pub fn read_words(&self) -> (&[Word], &[Mention]) {
        (&self.analysis.words, &self.analysis.mentions)
    }

    /// Reads a claim.
    pub fn new(statement: &str, lexicon: &Lexicon, opposites: &OppositeTable, pairs: &Pairs) -> Self {
        Self::read(statement, lexicon, opposites, &mut |pair| pairs.0.get(&pair).copied())
    }

    /// Reads a curated statement; its ordered pairs become terms.
    pub fn learn(statement: &str, lexicon: &Lexicon, opposites: &OppositeTable, pairs: &mut Pairs) -> Self {
        Self::read(statement, lexicon, opposites, &mut |pair| {
            let next = (lexicon.len() + pairs.0.len()) as TermId;
            Some(*pairs.0.entry(pair).or_insert(next))
        })
    }

    fn read(
        statement: &str,
        lexicon: &Lexicon,
        opposites: &OppositeTable,
        number: &mut impl FnMut((TermId, TermId)) -> Option<TermId>,
    ) -> Self {
        let analysis = lexicon.analyze(statement);
        let normalized = text::normalize(statement);
        let cut = polarity::cut_apart(&normalized);
        let words = if cut == normalized { analysis.words.clone() } else { lexicon.read(&cut) };
        let polarity = polarity::read(&words.iter().map(|w| &*w.text).collect::<Vec<_>>());
        let content_words = words.into_iter().zip(&polarity.content).filter(|(_, kept)| **kept).map(|(word, _)| word).collect();
        let content = lexicon.analyze_words(content_words);
        let signs = Signs::read(&content, lexicon, opposites).said_as(&analysis);
        let terms = with_pairs(&analysis, lexicon, number);
        let content_terms = with_pairs(&content, lexicon, number);
        Self {
            analysis,
            terms,
            content: content_terms,
            unknown: content.unknown,
            content_analysis: content,
            denied: polarity.denied,
            signs,
        }
    }
}

/// The terms of an analysis with its ordered pairs.
fn with_pairs(analysis: &Analysis, lexicon: &Lexicon, number: &mut impl FnMut((TermId, TermId)) -> Option<TermId>) -> Vec<(TermId, f32)> {
    let mut pairs: Vec<(TermId, f32)> =
        ordered_pairs(analysis, lexicon).into_iter().filter_map(number).map(|term| (term, ORDERED)).collect();
    pairs.sort_unstable_by_key(|(term, _)| *term);
    pairs.dedup_by_key(|(term, _)| *term);
    let mut terms = analysis.terms.clone();
    terms.append(&mut pairs);
    terms
}

fn ordered_pairs(analysis: &Analysis, lexicon: &Lexicon) -> Vec<(TermId, TermId)> {
    let words = &analysis.words;
    let mut heads: Vec<TermId> = Vec::with_capacity(words.len());
    let mut pairs = Vec::with_capacity(words.len() * REACH);
    let mut skip = 0;
    for (i, word) in words.iter().enumerate() {
        if i < skip {
            continue;
        }
        match analysis.mentions.iter().find(|m| m.start == i) {
            Some(mention) => {
                let head = lexicon.thing_term(mention.thing);
                let before = words[..i].iter().rev().find(|w| &*w.text != "the");
                if let Some(stem) = before.filter(|w| PREPOSITIONS.contains(&&*w.text)).and_then(|w| w.stem)
                    && !lexicon.is_concept(mention.thing)
                {
                    pairs.push((stem, head));
                }
                heads.push(head);
                skip = mention.end;
            }
            None if !word.function || word.number => heads.extend(word.stem),
            None => {}
        }
    }
    for (i, a) in heads.iter().enumerate() {
        pairs.extend(heads[i + 1..].iter().take(REACH).filter(|b| *b != a).map(|b| (*a, *b)));
    }
    pairs
}
