//! Spelling correction against the knowledge's own vocabulary.
//!
//! The *distance* of two words is the number of letters to insert, delete, replace or swap (optimal string alignment).
//! A scan over all words would cost more than the whole ranking, so each word carries a *signature*, the set of its
//! letters as bits: words within distance d differ in at most 2 d bits, and most words fall out by one comparison.

use serde::{Deserialize, Serialize};
use strsim::osa_distance;

/// Words that a misspelt one may have meant.
#[derive(Debug, Default, Clone, Serialize, Deserialize)]
pub struct Spelling {
    /// Grouped by length in characters; words longer than the last group are not corrected.
    groups: Vec<Group>,
}

/// Words of one length, the most frequent first. The signatures lie together, since all of them are looked at.
#[derive(Debug, Default, Clone, Serialize, Deserialize)]
struct Group {
    signatures: Vec<u32>,
    words: Vec<(Box<str>, u32)>,
}

/// A correction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Correction<'a> {
    /// The known word.
    pub word: &'a str,
    /// Letters that differ.
    pub distance: usize,
}

const LONGEST: usize = 24;

impl Spelling {
    /// Takes the vocabulary: words with the number of texts that they occur in.
    pub fn new<'a>(words: impl IntoIterator<Item = (&'a str, u32)>) -> Self {
        let mut groups = vec![Group::default(); LONGEST + 1];
        for (word, frequency) in words {
            let length = word.chars().count();
            // Short words have too many neighbours to be anybody's intended word.
            if (4..=LONGEST).contains(&length) && word.chars().all(char::is_alphabetic) {
                groups[length].words.push((word.into(), frequency));
            }
        }
        for group in &mut groups {
            group.words.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
            group.signatures = group.words.iter().map(|(word, _)| signature(word)).collect();
        }
        Self { groups }
    }

    /// The nearest known word: one letter off for words of four and five letters, two for words from seven on.
    /// Of several the one that occurs in most texts.
    pub fn correct(&self, word: &str) -> Option<Correction<'_>> {
        self.within(word, if word.chars().count() < 7 { 1 } else { 2 })
    }

    /// The nearest known word with at most `allowed` letters off.
    pub fn within(&self, word: &str, allowed: usize) -> Option<Correction<'_>> {
        let length = word.chars().count();
        if !(4..=LONGEST).contains(&length) || !word.chars().all(char::is_alphabetic) {
            return None;
        }
        let sign = signature(word);
        let first = word.chars().next();
        let mut best: Option<(Correction<'_>, u32)> = None;
        for other in length.saturating_sub(allowed)..=(length + allowed).min(LONGEST) {
            let Some(group) = self.groups.get(other) else { continue };
            for (number, signature) in group.signatures.iter().enumerate() {
                if (signature ^ sign).count_ones() as usize > 2 * allowed {
                    continue;
                }
                let (candidate, frequency) = &group.words[number];
                let same_start = candidate.chars().next() == first;
                if !same_start && length < 5 {
                    continue;
                }
                let distance = osa_distance(word, candidate);
                // People get the first letter right, unless they swap it with the second.
                if distance == 0 || distance > allowed || (!same_start && distance > 1) {
                    continue;
                }
                if best.is_none_or(|(b, known)| distance < b.distance || (distance == b.distance && *frequency > known)) {
                    best = Some((Correction { word: candidate, distance }, *frequency));
                }
            }
        }
        best.map(|(correction, _)| correction)
    }
}

/// The set of a word's letters as bits; letters outside a-z share the upper bits.
fn signature(word: &str) -> u32 {
    word.chars().fold(0, |bits, c| bits | 1 << if c.is_ascii_lowercase() { c as u32 - 'a' as u32 } else { 26 + c as u32 % 6 })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn corrects_what_is_near() {
        let spelling = Spelling::new([("secretariat", 9), ("treaty", 20), ("observer", 4), ("observers", 2), ("chair", 3)]);
        for (typed, meant) in [
            ("secratariat", Some("secretariat")),
            ("secretariet", Some("secretariat")),
            ("traety", Some("treaty")),
            ("obsrever", Some("observer")),
            ("hcair", Some("chair")),
            ("weather", None),
            ("the", None),
        ] {
            assert_eq!(spelling.correct(typed).map(|c| c.word), meant, "{typed}");
        }
    }

    proptest! {
        /// The signature must never hide a word that a plain scan would find.
        #[test]
        fn agrees_with_a_plain_scan(words in proptest::collection::vec("[a-f]{4,9}", 1..30), typed in "[a-f]{4,9}") {
            let spelling = Spelling::new(words.iter().map(|w| (w.as_str(), 1)));
            let allowed = if typed.len() < 7 { 1 } else { 2 };
            let plain = words.iter().map(|w| (osa_distance(&typed, w), w)).filter(|(d, w)| {
                *d > 0 && *d <= allowed && (w[..1] == typed[..1] || (*d == 1 && typed.len() >= 5))
            }).map(|(d, _)| d).min();
            prop_assert_eq!(spelling.correct(&typed).map(|c| c.distance), plain);
        }
    }
}
