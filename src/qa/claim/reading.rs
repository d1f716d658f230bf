//! How a statement is read for checking: its terms, its content, its polarity and its signs.
//!
//! To the terms of [`super::super::lexicon`] come *ordered pairs*: two heads (names, numbers, content words) in the order
//! in which they stand, and a name with the preposition before it. They tell who did something to whom.

use super::polarity;
use super::signs::{OppositeTable, Signs};
use crate::qa::lexicon::{Analysis, Lexicon, Mention, TermId, Word};
use crate::qa::pairs::PairCounts;
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
    /// Takes the pairs that several statements have.
    pub fn new<'a>(readings: impl Iterator<Item = &'a Reading>, lexicon: &Lexicon) -> Self {
        let mut counted = PairCounts::default();
        readings.for_each(|reading| counted.add(ordered_pairs(&reading.analysis, lexicon).into_iter()));
        Self(counted.numbered(lexicon.len()))
    }

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
    pub content: Analysis,
    /// Terms and ordered pairs of its content.
    pub content_terms: Vec<(TermId, f32)>,
    /// Words of the content that no text of the knowledge has.
    pub unknown: usize,
    /// Signs of the content; who says it is taken from the whole.
    pub signs: Signs,
}

impl Reading {
    /// Words and mentions of the whole statement.
    pub fn read_words(&self) -> (&[Word], &[Mention]) {
        (&self.analysis.words, &self.analysis.mentions)
    }

    /// Reads a statement, without its ordered pairs yet.
    pub fn new(statement: &str, lexicon: &Lexicon, opposites: &OppositeTable) -> Self {
        let analysis = lexicon.analyze(statement);
        let normalized = text::normalize(statement);
        let cut = polarity::cut_apart(&normalized);
        let words = if cut == normalized { analysis.words.clone() } else { lexicon.read(&cut) };
        let polarity = polarity::read(&words.iter().map(|w| &*w.text).collect::<Vec<_>>());
        let content_words = words.into_iter().zip(&polarity.content).filter(|(_, kept)| **kept).map(|(word, _)| word).collect();
        let content = lexicon.analyze_words(content_words);
        let signs = Signs { denied: polarity.denied, ..Signs::read(&content, lexicon, opposites).said_as(&analysis) };
        let (terms, unknown) = (analysis.terms.clone(), content.unknown);
        Self { terms, content_terms: content.terms.clone(), analysis, content, unknown, signs }
    }

    /// The same with the ordered pairs that curated statements have.
    pub fn with_pairs(mut self, lexicon: &Lexicon, pairs: &Pairs) -> Self {
        for (terms, analysis) in [(&mut self.terms, &self.analysis), (&mut self.content_terms, &self.content)] {
            let mut known: Vec<TermId> = ordered_pairs(analysis, lexicon).iter().filter_map(|pair| pairs.0.get(pair).copied()).collect();
            known.sort_unstable();
            known.dedup();
            terms.extend(known.into_iter().map(|term| (term, ORDERED)));
        }
        self
    }
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
