//! The signs of a statement: what decides its direction beside the topic.
//!
//! Numbers, names in their order, negation, quantifiers, who says it, and which side of a pair of opposites it takes.

use crate::qa::lexicon::{Analysis, Lexicon, TermId, ThingId};
use serde::{Deserialize, Serialize};

/// What a statement's words give away about its direction.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Signs {
    /// Its numbers, as digits, and its months: both answer "how many" or "when".
    pub numbers: Vec<Box<str>>,
    /// The names it mentions, in order, each once.
    pub names: Vec<ThingId>,
    /// Whether its content is denied.
    pub denied: bool,
    /// Whether it speaks of all, only, every, always, never, fully.
    pub universal: bool,
    /// Whether it says that the author, or the paper, says or thinks it.
    pub by_author: bool,
    /// Whether it says that somebody alleges it.
    pub alleged: bool,
    /// Pairs of opposites it takes a side in: number of the pair, and whether it is the second side.
    pub sides: Vec<(u32, bool)>,
}

const UNIVERSAL: &[&str] = &[
    "all",
    "only",
    "every",
    "always",
    "never",
    "everyone",
    "everything",
    "entire",
    "entirely",
    "fully",
    "solely",
    "exclusively",
    "alone",
    "none",
    "any",
    "just",
    "whole",
    "completely",
    "nobody",
    "each",
    "total",
    "purely",
    "both",
];
const AUTHOR: &[&str] = &["author", "paper", "strakes", "writer", "text", "study", "essay", "he", "piece", "scholar", "him", "his"];
const SAYING: &[&str] = &[
    "say",
    "says",
    "said",
    "argue",
    "argues",
    "argued",
    "think",
    "thinks",
    "believe",
    "believes",
    "claim",
    "claims",
    "prove",
    "proves",
    "show",
    "shows",
    "see",
    "sees",
    "treat",
    "treats",
    "regard",
    "regards",
    "conclude",
    "concludes",
    "confirm",
    "confirms",
    "describe",
    "describes",
    "call",
    "calls",
    "view",
    "views",
    "view",
    "admit",
    "admits",
    "agree",
    "agrees",
    "hold",
    "holds",
    "state",
    "states",
    "find",
    "finds",
    "himself",
    "warns",
    "maintains",
    "opinion",
    "according",
    "writes",
    "presents",
    "consider",
    "considers",
    "accept",
    "accepts",
    "endorse",
    "endorses",
    "reject",
    "rejects",
];
const ALLEGING: &[&str] = &[
    "alleged",
    "allege",
    "alleges",
    "allegation",
    "allegations",
    "allegedly",
    "accuse",
    "accused",
    "accuses",
    "accusation",
    "claimed",
    "claiming",
    "supposedly",
    "supposed",
    "purported",
    "purportedly",
    "accusing",
    "alleging",
    "charged",
    "insisted",
    "contended",
    "asserted",
    "officials",
    "warned",
    "suggested",
    "spokesmen",
    "argued",
    "interpretation",
    "narrative",
    "claims",
    "figures",
    "commentators",
    "analysts",
    "pundits",
];
const MONTHS: &[&str] = &[
    "january",
    "february",
    "march",
    "april",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
    "spring",
    "winter",
];

/// Pairs of opposites, by the stems of their words.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct OppositeTable {
    words: rustc_hash::FxHashMap<TermId, Vec<(u32, bool)>>,
}

impl OppositeTable {
    /// Takes the curated pairs; phrases of several words stand for themselves only when their first word is content.
    pub fn new(knowledge: &crate::qa::Knowledge, lexicon: &Lexicon) -> Self {
        let mut table = Self::default();
        for (number, pair) in knowledge.opposites.iter().enumerate() {
            for (side, words) in [(false, &pair.a), (true, &pair.b)] {
                for word in words {
                    let read = lexicon.read(word);
                    if let [only] = read.as_slice()
                        && let Some(stem) = only.stem
                    {
                        table.words.entry(stem).or_default().push((number as u32, side));
                    }
                }
            }
        }
        table
    }
}

impl Signs {
    /// Reads the signs of an analysed statement.
    pub fn read(analysis: &Analysis, lexicon: &Lexicon, opposites: &OppositeTable) -> Self {
        let mut signs = Self::default();
        for word in &analysis.words {
            if word.number || MONTHS.contains(&&*word.text) {
                if !signs.numbers.contains(&word.text) {
                    signs.numbers.push(word.text.clone());
                }
            } else if let Some(sides) = word.stem.and_then(|stem| opposites.words.get(&stem)) {
                for side in sides {
                    if !signs.sides.contains(side) {
                        signs.sides.push(*side);
                    }
                }
            }
        }
        for mention in &analysis.mentions {
            if !lexicon.is_concept(mention.thing) && !signs.names.contains(&mention.thing) {
                signs.names.push(mention.thing);
            }
        }
        signs
    }

    /// The same signs, with who says it taken from the whole statement.
    pub fn said_as(self, whole: &Analysis) -> Self {
        Self { universal: whole.has(UNIVERSAL), by_author: whole.has(AUTHOR) && whole.has(SAYING), alleged: whole.has(ALLEGING), ..self }
    }

    /// Share of the pairs of names that both statements have, which stand in the other order.
    pub fn swapped(&self, other: &Self) -> f32 {
        let common: Vec<usize> = self.names.iter().filter_map(|n| other.names.iter().position(|o| o == n)).collect();
        let mut pairs = 0;
        let mut turned = 0;
        for (i, a) in common.iter().enumerate() {
            for b in &common[i + 1..] {
                pairs += 1;
                turned += usize::from(a > b);
            }
        }
        if pairs == 0 { 0.0 } else { turned as f32 / pairs as f32 }
    }

    /// Pairs of opposites in which the two statements take different sides, less those in which they agree.
    pub fn opposed(&self, other: &Self) -> f32 {
        let mut balance = 0f32;
        for (pair, side) in &self.sides {
            let same = other.sides.contains(&(*pair, *side));
            let opposite = other.sides.contains(&(*pair, !side));
            balance += f32::from(u8::from(opposite && !same)) - 0.5 * f32::from(u8::from(same));
        }
        balance.clamp(-1.0, 2.0)
    }
}
