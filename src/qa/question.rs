//! What a person wants, as far as the words of grammar tell: the kind of thing asked, leaning, parts.
//!
//! - The *kind* is what an answer would be: a person, a date, a place, a number, a reason ...
//! - A question *leans* on the conversation when it cannot be understood without it: "and when did it leave?"
//! - A message has several *parts* when it asks more than one thing.

use super::knowledge::Kind;
use super::lexicon::{Analysis, Word};

/// The kind of thing asked for, if the wording tells.
pub fn kind_asked(words: &[Word]) -> Option<Kind> {
    let text: Vec<&str> = words.iter().map(|w| &*w.text).collect();
    let has = |options: &[&str]| text.iter().any(|w| options.contains(w));
    let pair = |first: &[&str], second: &[&str]| text.windows(2).any(|w| first.contains(&w[0]) && second.contains(&w[1]));
    let starts = |options: &[&str]| text.iter().take(2).any(|w| options.contains(w));
    const WHICH: &[&str] = &["what", "which", "wat"];
    if pair(&["how"], &["many", "much", "big", "large", "long", "often", "few", "numerous", "strong"])
        || pair(&["number", "amount", "size", "count", "share", "total"], &["of"])
        || has(&["headcount", "percentage", "percent", "numbers", "figures"])
    {
        return Some(Kind::HowMany);
    }
    if pair(&["stand", "stands", "short"], &["for"])
        || has(&["meaning", "acronym", "abbreviation", "define", "definition", "mean", "means"])
    {
        return Some(Kind::Define);
    }
    if has(&["when"]) || pair(WHICH, &["year", "date", "day", "month", "time", "yr"]) || has(&["year", "date", "month"]) && text.len() < 7 {
        return Some(Kind::When);
    }
    if has(&["where", "wherever", "location"])
        || pair(WHICH, &["country", "place", "city", "region", "area", "part", "state", "district", "airspace", "nation"])
    {
        return Some(Kind::Where);
    }
    if has(&["why", "reason", "reasons", "cause", "causes", "motive", "motivation", "rationale"])
        || pair(&["how"], &["come"])
        || pair(&["what"], &["for", "made", "drove", "prompted", "caused", "triggered", "led", "pushed"])
    {
        return Some(Kind::Why);
    }
    if has(&["who", "whom", "whose", "whos"]) || pair(WHICH, &["person", "people", "man", "official", "officials", "general"]) {
        return Some(Kind::Who);
    }
    if has(&[
        "difference",
        "differ",
        "differs",
        "different",
        "compare",
        "compared",
        "comparison",
        "versus",
        "contrast",
        "unlike",
        "alike",
        "similar",
    ]) {
        return Some(Kind::Compare);
    }
    if has(&["list", "enumerate", "names", "all"]) {
        return Some(Kind::List);
    }
    if has(&["summary", "summarize", "sum", "gist", "tldr", "thesis", "conclusion", "takeaway", "upshot"]) {
        return Some(Kind::MainPoint);
    }
    if has(&["think", "thinks", "opinion", "believe", "believes", "stance", "view", "views", "verdict", "agree", "buy"]) {
        return Some(Kind::Stance);
    }
    if has(&["how"]) {
        return Some(Kind::How);
    }
    if starts(AUXILIARIES) {
        return Some(Kind::Yesno);
    }
    has(&["what", "which", "explain", "describe"]).then_some(Kind::Define)
}

const AUXILIARIES: &[&str] =
    &["is", "are", "was", "were", "did", "does", "do", "has", "have", "had", "can", "could", "will", "would", "should", "isnt", "true"];

/// How well what an entry answers agrees with what is asked: 1 the same, -1 surely another thing.
pub fn kind_agreement(asked: Option<Kind>, answered: Option<Kind>) -> f32 {
    use Kind::*;
    let (Some(asked), Some(answered)) = (asked, answered) else { return 0.0 };
    if asked == answered {
        return 1.0;
    }
    let exact = |kind| matches!(kind, Who | When | Where | HowMany | Why);
    match (asked, answered) {
        (Who, List) | (Define, Who | How | List | Meta | Stance) | (List, Who | Define | HowMany) | (HowMany, List) => 0.3,
        (Why, How) | (How, Why | Define) | (Stance | MainPoint, Stance | MainPoint | Yesno | Compare) => 0.3,
        (Yesno, _) | (_, Yesno | Meta) => 0.0,
        (a, b) if exact(a) && exact(b) => -1.0,
        (a, _) if exact(a) => -0.4,
        _ => 0.0,
    }
}

/// How much a message leans on the conversation, 0 to 1.
pub fn leaning(analysis: &Analysis) -> f32 {
    let words: Vec<&str> = analysis.words.iter().map(|w| &*w.text).collect();
    if words.is_empty() {
        return 0.0;
    }
    let content = analysis.words.iter().filter(|w| !w.function).count();
    let mut lean: f32 = 0.0;
    let opener = matches!(words[0], "and" | "so" | "but" | "then" | "also" | "or" | "because" | "ok" | "okay")
        || words.len() > 1
            && matches!((words[0], words[1]), ("what" | "how", "about") | ("why" | "how" | "when" | "where" | "who" | "what", "then"));
    if opener {
        lean += 0.5;
    }
    const PRONOUNS: &[&str] = &[
        "it", "its", "he", "him", "his", "she", "her", "they", "them", "their", "that", "those", "these", "there", "this", "such", "same",
        "ones", "latter", "former",
    ];
    if words.iter().any(|w| PRONOUNS.contains(w)) {
        lean += 0.4;
    }
    lean += match content {
        0 | 1 => 0.5,
        2 => 0.35,
        3 => 0.2,
        _ => 0.0,
    };
    lean.min(1.0)
}

/// Splits a message into the questions that it asks, in order; a message with one question is one part.
pub fn parts(raw: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    for sentence in sentences(raw) {
        let mut rest = sentence;
        while let Some(at) = second_question(rest) {
            let (first, second) = rest.split_at(at);
            parts.push(first.trim());
            rest = second.trim_start_matches([' ', ',', ';']);
        }
        parts.push(rest.trim());
    }
    parts.retain(|p| p.chars().any(char::is_alphanumeric));
    parts
}

/// Words that end in a full stop without ending a sentence.
const ABBREVIATIONS: [&str; 8] = ["gen", "prof", "etc", "sec", "gov", "dept", "para", "art"];

/// Sentences of a text, with their closing marks.
pub fn sentences(raw: &str) -> Vec<&str> {
    let mut sentences = Vec::new();
    let mut start = 0;
    let bytes = raw.as_bytes();
    for (i, c) in raw.char_indices() {
        let end = match c {
            '?' | '!' | '\n' | ';' => true,
            // A full stop ends a sentence before white space and a longer word than an initial.
            '.' => {
                bytes.get(i + 1).is_none_or(u8::is_ascii_whitespace)
                    && raw[start..i]
                        .rsplit(|c: char| !c.is_alphanumeric())
                        .next()
                        .is_some_and(|word| word.chars().count() > 2 && !ABBREVIATIONS.contains(&word.to_ascii_lowercase().as_str()))
            }
            _ => false,
        };
        if end {
            let after = i + c.len_utf8();
            if raw[start..after].chars().any(char::is_alphanumeric) {
                sentences.push(raw[start..after].trim());
                start = after;
            }
        }
    }
    if raw[start..].chars().any(char::is_alphanumeric) {
        sentences.push(raw[start..].trim());
    }
    sentences
}

/// Where a second question begins within a sentence: ", and who ...", " and when ...".
fn second_question(sentence: &str) -> Option<usize> {
    const OPENERS: [&str; 12] = ["who", "when", "where", "why", "how", "what", "which", "whose", "did", "was", "does", "is"];
    let lower = sentence.to_ascii_lowercase();
    lower.match_indices(" and ").map(|(at, _)| at).find(|at| {
        let next = lower[at + 5..].split(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or("");
        OPENERS.contains(&next) && lower[..*at].split_whitespace().count() >= 3 && lower[at + 5..].split_whitespace().count() >= 2
    })
}

/// Words before the first that counts.
const OPENERS: &[&str] =
    &["so", "and", "but", "ok", "okay", "well", "then", "now", "bottom", "line", "wait", "hey", "also", "lol", "honestly"];

/// Whether a message states something rather than asks: no question mark, no question word, a verb, and some length.
pub fn states(raw: &str, words: &[Word]) -> bool {
    if raw.contains('?') || words.len() < 5 {
        return false;
    }
    let text: Vec<&str> = words.iter().map(|w| &*w.text).collect();
    const ASKING: &[&str] = &[
        "who",
        "whom",
        "whose",
        "when",
        "where",
        "why",
        "how",
        "what",
        "which",
        "tell",
        "give",
        "list",
        "explain",
        "name",
        "describe",
        "define",
        "show",
        "need",
        "remind",
        "please",
        "wondering",
        "curious",
        "question",
        "summarize",
        "sum",
        "whether",
        "want",
        "looking",
        "help",
        "compare",
        "wonder",
        "clarify",
        "settle",
        "confirm",
        "asking",
        "ask",
        "know",
        "meaning",
        "reason",
        "spell",
        "walk",
        "quick",
        "find",
        "settling",
    ];
    const VERBS: &[&str] = &[
        "is", "are", "was", "were", "has", "have", "had", "does", "did", "do", "can", "will", "would", "joined", "left", "signed",
        "invited", "sold", "sells", "sent", "says", "said", "claims", "wants", "wanted", "became", "asked", "alleged", "argues", "argued",
        "proves", "withdrew", "quit", "buys", "bought", "supplies", "happened", "started", "took", "chairs", "belongs", "means", "stands",
        "flew", "came", "made", "got", "thinks",
    ];
    // "so is it true", "ok but are they", "are they coming or not": questions without their mark.
    let first = text.iter().find(|w| !OPENERS.contains(w)).unwrap_or(&"");
    let asks = AUXILIARIES.contains(first) || text.windows(2).any(|w| matches!(w, ["or", "not" | "no" | "nah"]));
    !asks && !text.iter().any(|w| ASKING.contains(w)) && text.iter().any(|w| VERBS.contains(w))
}

/// Whether a message is in another language than English: mostly in another script, or recognised as such while hardly
/// any of its words are known.
pub fn foreign(raw: &str, analysis: &Analysis) -> bool {
    let letters = raw.chars().filter(|c| c.is_alphabetic()).count();
    let latin = raw.chars().filter(|c| c.is_alphabetic() && (c.is_ascii() || matches!(*c, '\u{c0}'..='\u{24f}'))).count();
    if letters >= 4 && latin * 2 < letters {
        return analysis.mentions.is_empty();
    }
    let words = analysis.words.len();
    let english = analysis.words.iter().filter(|w| w.function || (w.stem.is_some() && w.distance == 0)).count();
    if words < 4 || english * 2 > words {
        return false;
    }
    whatlang::detect(raw).is_some_and(|info| info.lang() != whatlang::Lang::Eng && info.confidence() > 0.7)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::qa::knowledge::Knowledge;
    use crate::qa::lexicon::Lexicon;

    fn words(text: &str) -> Vec<Word> {
        Lexicon::new(&Knowledge::default()).read(text)
    }

    #[test]
    fn tells_the_kind_asked() {
        for (text, kind) in [
            ("who chairs it", Some(Kind::Who)),
            ("wat year did they leave", Some(Kind::When)),
            ("how many states were invited", Some(Kind::HowMany)),
            ("how come they quit", Some(Kind::Why)),
            ("in which country is it", Some(Kind::Where)),
            ("is it a member", Some(Kind::Yesno)),
            ("csto stands for?", Some(Kind::Define)),
            ("csto", None),
        ] {
            assert_eq!(kind_asked(&words(text)), kind, "{text}");
        }
    }

    #[test]
    fn splits_several_questions() {
        assert_eq!(parts("Who chairs it, and when did Armenia appeal?"), ["Who chairs it,", "and when did Armenia appeal?"]);
        assert_eq!(parts("Hi. I have a question. What is the LoC?"), ["Hi. I have a question.", "What is the LoC?"]);
        assert_eq!(parts("Gen. Zas and his post"), ["Gen. Zas and his post"]);
    }

    #[test]
    fn tells_statements() {
        assert!(states("Azerbaijan left the treaty in 1999", &words("Azerbaijan left the treaty in 1999")));
        assert!(!states("when did Azerbaijan leave the treaty", &words("when did Azerbaijan leave the treaty")));
        assert!(!states("csto meeting delayed reason", &words("csto meeting delayed reason")));
        for asked in ["so was it also made against some enemy", "bottom line are the russians coming or not"] {
            assert!(!states(asked, &words(asked)), "{asked}");
        }
    }
}
