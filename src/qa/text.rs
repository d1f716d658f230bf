//! Text analysis, first half: from what a person typed to clean tokens.
//!
//! *Normalising* makes spellings that look alike equal: Unicode compatibility forms, case, accents, quotes, dashes,
//! invisible characters. A *token* is one word or number of the normalised text, with its byte range in it.
//! What the tokens mean (stems, aliases, synonyms) is the business of [`super::lexicon`].

use std::borrow::Cow;
use std::ops::Range;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;
use unicode_segmentation::UnicodeSegmentation;

/// Characters of a message that are read; a chat message has at most 4,096, a pasted book should not stall the bot.
pub const MAX_CHARACTERS: usize = 6_000;

/// Tokens that are kept of a long message: its beginning and, because questions come last, more of its end.
pub const MAX_TOKENS: usize = 240;
const KEEP_HEAD: usize = 60;

/// One word or number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// The normalised word; numbers stand as plain digits (`80,000`, `80k` and `eighty thousand` are all `80000`).
    pub text: String,
    /// Byte range in the normalised text.
    pub span: Range<usize>,
}

impl Token {
    /// Whether the token is a number.
    pub fn is_number(&self) -> bool {
        self.text.as_bytes().first().is_some_and(u8::is_ascii_digit) && self.text.bytes().all(|b| b.is_ascii_digit())
    }
}

/// Folds a text to its plain form. Idempotent: folding twice changes nothing more.
pub fn normalize(text: &str) -> String {
    if text.is_ascii() {
        return normalize_ascii(text);
    }
    let mut out = String::with_capacity(text.len().min(4 * MAX_CHARACTERS));
    let mut space = true;
    for c in text.chars().take(MAX_CHARACTERS).nfkd().take(MAX_CHARACTERS) {
        for c in c.to_lowercase().nfkd() {
            let folded: &str = match c {
                c if is_combining_mark(c) => "",
                '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{ad}' => "",
                '’' | '‘' | '‛' | '`' | '´' | 'ʼ' | '′' => "'",
                '“' | '”' | '„' | '«' | '»' | '″' => "\"",
                '‐' | '‑' | '‒' | '–' | '—' | '―' | '−' => "-",
                'ı' => "i",
                'ə' => "a",
                'ø' => "o",
                'ł' => "l",
                'đ' => "d",
                'ß' => "ss",
                'æ' => "ae",
                'œ' => "oe",
                '⁄' => "/",
                c if c.is_whitespace() || c.is_control() => {
                    if !space {
                        out.push(' ');
                    }
                    space = true;
                    continue;
                }
                c => {
                    out.push(c);
                    space = false;
                    continue;
                }
            };
            if !folded.is_empty() {
                out.push_str(folded);
                space = false;
            }
        }
    }
    out.truncate(out.trim_end().len());
    out
}

/// The same for plain ASCII, which most messages are: many times faster, and tested to agree.
fn normalize_ascii(text: &str) -> String {
    let mut out = String::with_capacity(text.len().min(MAX_CHARACTERS));
    for byte in text.bytes().take(MAX_CHARACTERS) {
        match byte {
            b'`' => out.push('\''),
            byte if byte.is_ascii_whitespace() || byte.is_ascii_control() => {
                if !out.is_empty() && !out.ends_with(' ') {
                    out.push(' ');
                }
            }
            byte => out.push(char::from(byte.to_ascii_lowercase())),
        }
    }
    out.truncate(out.trim_end().len());
    out
}

/// Splits a normalised text into tokens, spells numbers as digits and drops possessive endings.
pub fn tokenize(normalized: &str) -> Vec<Token> {
    let mut tokens: Vec<Token> = Vec::new();
    for (start, word) in normalized.unicode_word_indices() {
        let span = start..start + word.len();
        for (part, range) in split_word(word, span) {
            push(&mut tokens, part, range, normalized);
        }
    }
    if tokens.len() > MAX_TOKENS {
        let tail = tokens.len() - (MAX_TOKENS - KEEP_HEAD);
        tokens.drain(KEEP_HEAD..tail);
    }
    tokens
}

/// `il76` is two tokens, as `il-76` is; `80k` is one number; `azerbaijan's` loses its ending.
fn split_word(word: &str, span: Range<usize>) -> Vec<(Cow<'_, str>, Range<usize>)> {
    let bare = word.strip_suffix("'s").unwrap_or(word);
    if let Some(number) = digits(bare) {
        return vec![(number, span)];
    }
    // Underscores join words for Unicode; nobody means that in a question.
    if let Some(at) = bare.find('_') {
        let mut parts = Vec::new();
        if at > 0 {
            parts.extend(split_word(&bare[..at], span.start..span.start + at));
        }
        if at + 1 < bare.len() {
            parts.extend(split_word(&bare[at + 1..], span.start + at + 1..span.end));
        }
        return parts;
    }
    // `c.s.t.o` is one word, `asia.then` are two.
    if let Some(at) = bare.find('.').filter(|_| bare.chars().all(|c| c == '.' || c.is_alphabetic())) {
        if bare.split('.').all(|letter| letter.chars().count() == 1) {
            return vec![(Cow::Owned(bare.replace('.', "")), span)];
        }
        let mut parts = split_word(&bare[..at], span.start..span.start + at);
        parts.extend(split_word(&bare[at + 1..], span.start + at + 1..span.end));
        return parts;
    }
    let boundary = bare
        .char_indices()
        .skip(1)
        .find(|(i, c)| c.is_ascii_digit() && bare[..*i].chars().all(char::is_alphabetic) && bare[*i..].bytes().all(|b| b.is_ascii_digit()));
    match boundary {
        Some((at, _)) => {
            vec![(Cow::Borrowed(&bare[..at]), span.start..span.start + at), (Cow::Borrowed(&bare[at..]), span.start + at..span.end)]
        }
        None => vec![(Cow::Borrowed(bare), span)],
    }
}

/// Reads `1,798`, `80.000`, `80k`, `3rd` as digits; anything else is not a number.
fn digits(word: &str) -> Option<Cow<'_, str>> {
    if !word.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let bare = word
        .strip_suffix("st")
        .or_else(|| word.strip_suffix("nd"))
        .or_else(|| word.strip_suffix("rd"))
        .or_else(|| word.strip_suffix("th"))
        .unwrap_or(word);
    let (bare, zeros) = match bare.strip_suffix('k') {
        Some(thousands) => (thousands, "000"),
        None => (bare, ""),
    };
    let groups: Vec<&str> = bare.split(['.', ',']).collect();
    if groups.iter().any(|g| g.is_empty() || !g.bytes().all(|b| b.is_ascii_digit())) {
        return None;
    }
    let grouped = groups.len() > 1 && groups[1..].iter().all(|g| g.len() == 3);
    if groups.len() > 1 && !grouped {
        return None;
    }
    let joined = format!("{}{zeros}", groups.concat());
    if joined.len() == 3 && joined.starts_with('0') {
        return Some(Cow::Owned(joined)); // the rest of a number with a space in it
    }
    let trimmed = joined.trim_start_matches('0');
    Some(Cow::Owned(if trimmed.is_empty() { "0".into() } else { trimmed.into() }))
}

/// Adds a token; number words become digits and join what stands before them (`eighty` `thousand`, `80` `000`).
fn push(tokens: &mut Vec<Token>, word: Cow<'_, str>, span: Range<usize>, text: &str) {
    let value = number_word(&word);
    if let (Some(previous), Some(scale)) = (tokens.last_mut(), multiplier(&word)) {
        let adjacent = text[previous.span.end..span.start].chars().all(|c| c == ' ' || c == '-');
        if adjacent
            && let Ok(count) = previous.text.parse::<u64>()
            && count < 1_000
        {
            previous.text = (count * scale).to_string();
            previous.span.end = span.end;
            return;
        }
    }
    if word.len() == 3
        && word.bytes().all(|b| b.is_ascii_digit())
        && let Some(previous) = tokens.last_mut()
        && previous.text.len() <= 3
        && previous.is_number()
        && text[previous.span.end..span.start] == *" "
    {
        previous.text.push_str(&word);
        previous.span.end = span.end;
        return;
    }
    if let (Some(unit @ 1..=9), Some(previous)) = (value, tokens.last_mut())
        && matches!(previous.text.as_str(), "20" | "30" | "40" | "50" | "60" | "70" | "80" | "90")
        && text[previous.span.clone()].starts_with(|c: char| c.is_alphabetic())
        && text[previous.span.end..span.start].chars().all(|c| c == ' ' || c == '-')
        && let Ok(tens) = previous.text.parse::<u64>()
    {
        previous.text = (tens + unit).to_string();
        previous.span.end = span.end;
        return;
    }
    let text = match value {
        // "one" is a pronoun more often than a number.
        Some(value) if value != 1 || word == "first" => value.to_string(),
        _ => word.into_owned(),
    };
    tokens.push(Token { text, span });
}

fn multiplier(word: &str) -> Option<u64> {
    match word {
        "hundred" => Some(100),
        "thousand" | "thousands" => Some(1_000),
        "million" => Some(1_000_000),
        _ => None,
    }
}

/// The value of a cardinal or ordinal word up to ninety.
fn number_word(word: &str) -> Option<u64> {
    if !(3..=11).contains(&word.len()) || !matches!(word.as_bytes()[0], b'z' | b'o' | b't' | b'f' | b's' | b'e' | b'n' | b'd') {
        return None;
    }
    Some(match word {
        "zero" => 0,
        "one" | "first" => 1,
        "two" | "second" => 2,
        "three" | "third" => 3,
        "four" | "fourth" => 4,
        "five" | "fifth" => 5,
        "six" | "sixth" => 6,
        "seven" | "seventh" => 7,
        "eight" | "eighth" => 8,
        "nine" | "ninth" => 9,
        "ten" | "tenth" => 10,
        "eleven" | "eleventh" => 11,
        "twelve" | "twelfth" | "dozen" => 12,
        "thirteen" | "thirteenth" => 13,
        "fourteen" | "fourteenth" => 14,
        "fifteen" | "fifteenth" => 15,
        "sixteen" | "sixteenth" => 16,
        "seventeen" | "seventeenth" => 17,
        "eighteen" | "eighteenth" | "eightteen" => 18,
        "nineteen" | "nineteenth" => 19,
        "twenty" => 20,
        "thirty" => 30,
        "forty" | "fourty" => 40,
        "fifty" => 50,
        "sixty" => 60,
        "seventy" => 70,
        "eighty" => 80,
        "ninety" => 90,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn words(text: &str) -> Vec<String> {
        tokenize(&normalize(text)).into_iter().map(|t| t.text).collect()
    }

    #[test]
    fn folds_what_looks_alike() {
        for (typed, folded) in [
            ("Hacıyev’s “aide”", "haciyev's \"aide\""),
            ("Kavkaz–2020", "kavkaz-2020"),
            ("\u{202e}CSTO\u{200b}", "csto"),
            ("  a\u{0}\n\tb  ", "a b"),
            ("ＩＬ－７６", "il-76"),
            ("Türkiye, Tavuş, Qarabağ", "turkiye, tavus, qarabag"),
        ] {
            assert_eq!(normalize(typed), folded);
        }
    }

    #[test]
    fn spells_numbers_as_digits() {
        for (typed, tokens) in [
            ("80,000 or 80.000 or 80k", vec!["80000", "or", "80000", "or", "80000"]),
            ("eighty thousand; 80 000", vec!["80000", "80000"]),
            ("the sixth, the 6th", vec!["the", "6", "the", "6"]),
            ("IL76 il-76", vec!["il", "76", "il", "76"]),
            ("twenty-one of them", vec!["21", "of", "them"]),
            ("which one", vec!["which", "one"]),
            ("July 12, 2020", vec!["july", "12", "2020"]),
            ("3.14", vec!["3.14"]),
            ("csto_members", vec!["csto", "members"]),
            ("C.S.T.O. in Asia.Then", vec!["csto", "in", "asia", "then"]),
        ] {
            assert_eq!(words(typed), tokens, "{typed}");
        }
    }

    #[test]
    fn a_long_text_keeps_its_end() {
        let long = format!("{} who chairs it", "word ".repeat(1_100));
        let tokens = words(&long);
        assert_eq!(tokens.len(), MAX_TOKENS);
        assert_eq!(tokens.last().map(String::as_str), Some("it"));
    }

    proptest! {
        #[test]
        fn normalizing_is_idempotent(text in "\\PC{0,80}|[a-zA-Z0-9 ’–ıİßǅﬁ²\u{300}\u{200b}]{0,60}") {
            let once = normalize(&text);
            prop_assert_eq!(normalize(&once), once);
        }

        #[test]
        fn the_ascii_path_agrees(text in "[ -~\\t\\n\\x00\\x07]{0,80}") {
            // A letter beyond ASCII at the end takes the other path.
            let long = normalize(&format!("{text} é"));
            let short = format!("{} e", normalize(&text));
            prop_assert_eq!(short.trim_start(), long);
        }

        #[test]
        fn spans_lie_on_character_boundaries(text in "\\PC{0,120}") {
            let normalized = normalize(&text);
            for token in tokenize(&normalized) {
                prop_assert!(normalized.get(token.span.clone()).is_some());
            }
        }
    }
}
