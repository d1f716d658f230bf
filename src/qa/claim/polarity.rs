//! The polarity of a statement: what it states, less what it only sets that apart from, and whether it denies it.
//!
//! "Serbia has an observer's seat, not membership", "not membership but an observer's seat" and "an observer's seat rather
//! than membership" state the same; what they set it apart from would mislead whoever counts words. What is left is
//! *denied* where an odd number of negations stands in it: "it isn't wrong" denies nothing.

use crate::qa::question;

/// What begins the part of a statement that it sets itself apart from.
const APART: [&str; 12] = [
    "not ",
    "and not ",
    "rather than ",
    "instead of ",
    "as opposed to ",
    "nor ",
    "unlike ",
    "contrary to ",
    "far from ",
    "never ",
    "and never ",
    "as distinct from ",
];
/// The same within a part.
const APART_INSIDE: [&str; 7] =
    [" rather than ", " instead of ", " as opposed to ", " and not ", " and never ", " as distinct from ", " far from being "];

/// "It was not A, it was B": what begins the part that goes, and the part that stays.
const NOT_THIS: [&str; 10] = [
    "it is not ",
    "it's not ",
    "it isn't ",
    "it was not ",
    "it wasn't ",
    "that is not ",
    "that's not ",
    "this is not ",
    "they are not ",
    "they're not ",
];
const BUT_THAT: [&str; 8] = ["it is ", "it's ", "it was ", "but ", "rather ", "that's ", "they are ", "they're "];

/// Words that deny. `n't` was written out before.
const DENYING: [&str; 20] = [
    "not",
    "no",
    "never",
    "none",
    "nobody",
    "nothing",
    "neither",
    "nor",
    "without",
    "hardly",
    "cannot",
    "nowhere",
    "untrue",
    "false",
    "incorrect",
    "barely",
    "scarcely",
    "ain't",
    "nope",
    "non",
];
/// Words that deny only what another person might deny: with a denial before them, both fall away.
const DOUBTING: [&str; 9] = ["deny", "denies", "denying", "doubt", "doubts", "dispute", "disputes", "wrong", "mistaken"];
/// Words after which a denial is none: "not only", "no doubt", "nothing but", "no less than".
const SOFTENING: [&str; 12] = ["only", "just", "merely", "doubt", "less", "but", "until", "simply", "more", "other", "matter", "wonder"];

/// A statement's content and its polarity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Polarity {
    /// Which words stand in the content: those that deny, and what the statement is set apart from, do not.
    pub content: Vec<bool>,
    /// Whether the content is denied.
    pub denied: bool,
}

/// What a statement is set apart from, cut out of its text. The text must be normalised and `n't` written out or not.
pub fn cut_apart(text: &str) -> String {
    let begins = |part: &str, with: &[&str]| with.iter().any(|start| part.starts_with(start));
    let mut kept: Vec<String> = Vec::new();
    for sentence in question::sentences(text) {
        let sentence = sentence.trim_end_matches(['.', '!', '?', ';']);
        let mut parts: Vec<String> = Vec::new();
        let whole: Vec<&str> = sentence.split([',', ':', '(', ')']).flat_map(|part| part.split(" - ")).map(str::trim).collect();
        for (i, part) in whole.iter().copied().enumerate() {
            let set_right =
                begins(part, &NOT_THIS) && whole.get(i + 1).is_some_and(|next| begins(next, &BUT_THAT) && !begins(next, &NOT_THIS));
            if part.is_empty() || set_right {
                continue;
            }
            // "not A but B": A goes.
            let part = match part.split_once(" but ") {
                Some((before, after)) => match before.rfind(" not ").filter(|at| before[at + 5..].split_whitespace().count() <= 8) {
                    Some(at) if !before[at + 5..].starts_with("only ") => format!("{} {after}", &before[..at]),
                    _ => part.to_owned(),
                },
                None => part.to_owned(),
            };
            let begins_apart = begins(&part, &APART) && !part.starts_with("not only ");
            if begins_apart && (!parts.is_empty() || begins(&part, &["rather than ", "contrary to ", "far from ", "instead of "])) {
                continue;
            }
            let end = APART_INSIDE.iter().filter_map(|apart| part.find(apart)).min().unwrap_or(part.len());
            parts.push(part[..end].to_owned());
        }
        kept.extend(parts);
    }
    if kept.is_empty() { text.to_owned() } else { kept.join(", ") }
}

/// Reads the polarity of words in their order.
pub fn read(words: &[&str]) -> Polarity {
    let mut content = vec![true; words.len()];
    let mut denials = 0usize;
    for (i, word) in words.iter().enumerate() {
        // "It did not come until 2002": it came.
        let softened =
            words.get(i + 1).is_some_and(|next| SOFTENING.contains(next)) || words[i + 1..].iter().any(|w| matches!(*w, "until" | "till"));
        if DENYING.contains(word) && !softened {
            content[i] = false;
            denials += 1;
        } else if DOUBTING.contains(word) {
            // "nobody denies that", "I would not doubt", "not wrong to say".
            let denied_before = words[i.saturating_sub(3)..i].iter().any(|w| DENYING.contains(w) || *w == "one");
            if denied_before && denials > 0 {
                content[i] = false;
                denials += 1;
            }
        }
    }
    Polarity { content, denied: denials % 2 == 1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_set_apart_goes() {
        for (text, left) in [
            ("serbia has an observer's seat, not membership", "serbia has an observer's seat"),
            ("what it was given was not membership but an observer's seat", "what it was given was an observer's seat"),
            ("he sees misconceptions rather than a threat", "he sees misconceptions"),
            ("rather than arms, it wants a position", "it wants a position"),
            ("it did not leave in 2002", "it did not leave in 2002"),
            ("it wasn't baku, it was yerevan that asked", "it was yerevan that asked"),
            ("it's not that they fight, it's that they misread", "it's that they misread"),
            ("it is not a member, it is not an observer", "it is not a member, it is not an observer"),
            ("not in 1999", "not in 1999"),
        ] {
            assert_eq!(cut_apart(text), left);
        }
    }

    #[test]
    fn counts_denials() {
        for (text, denied) in [
            ("it did not leave", true),
            ("it is not untrue that it left", false),
            ("nobody denies that it left", false),
            ("not only russia arms it", false),
            ("it left", false),
            ("it is no full member", true),
            ("it did not become one until 2002", false),
        ] {
            let words: Vec<&str> = text.split(' ').collect();
            assert_eq!(read(&words).denied, denied, "{text}");
        }
    }
}
