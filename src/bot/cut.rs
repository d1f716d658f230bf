//! Cutting a text to a platform's limit, at the end of a sentence where there is one.

/// How a platform counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Count {
    /// Unicode characters, as Discord does.
    Characters,
    /// UTF-16 code units of the text without markup, as Telegram does.
    Utf16,
}

impl Count {
    /// The length of a text.
    pub fn of(self, text: &str) -> usize {
        text.chars().map(|c| self.width(c)).sum()
    }

    fn width(self, c: char) -> usize {
        match self {
            Self::Characters => 1,
            Self::Utf16 => c.len_utf16(),
        }
    }
}

/// What stands where something was left out.
const LEFT_OUT: char = '…';

/// The text if it is within the limit; otherwise its whole sentences that are, or its whole words if they would be less
/// than half of it, with an ellipsis.
pub fn cut(text: &str, limit: usize, count: Count) -> String {
    if count.of(text) <= limit {
        return text.to_owned();
    }
    let mut used = count.width(LEFT_OUT);
    if used > limit {
        return String::new();
    }
    // Places to cut at, and the length there.
    let (mut anywhere, mut word, mut sentence) = (0, 0, 0);
    let mut half = 0;
    let mut previous = ' ';
    for (i, c) in text.char_indices() {
        if c.is_whitespace() {
            word = i;
            if matches!(previous, '.' | '!' | '?' | ':' | ';') || c == '\n' {
                sentence = i;
            }
        }
        used += count.width(c);
        if used > limit {
            anywhere = i;
            break;
        }
        if used <= limit / 2 {
            half = i;
        }
        previous = c;
    }
    let at = [sentence, word].into_iter().find(|at| *at > half).unwrap_or(anywhere);
    let mut kept = text.get(..at).unwrap_or_default().trim_end().to_owned();
    kept.push(LEFT_OUT);
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn cuts_at_a_sentence_then_at_a_word() {
        let text = "The first sentence is here. The second one is too long.";
        assert_eq!(cut(text, 100, Count::Characters), text);
        assert_eq!(cut(text, 40, Count::Characters), "The first sentence is here.…");
        assert_eq!(cut(text, 20, Count::Characters), "The first sentence…");
        assert_eq!(cut("abcdefghij", 5, Count::Characters), "abcd…");
    }

    #[test]
    fn counts_as_the_platform_does() {
        assert_eq!(cut("😀😀😀😀", 4, Count::Characters), "😀😀😀😀");
        assert_eq!(cut("😀😀😀😀", 4, Count::Utf16), "😀…");
    }

    proptest! {
        #[test]
        fn is_never_longer(text in "(\\PC|\n|😀|\\. ){0,300}", limit in 0usize..200) {
            for count in [Count::Characters, Count::Utf16] {
                let kept = cut(&text, limit, count);
                prop_assert!(count.of(&kept) <= limit);
                prop_assert!(text.starts_with(kept.trim_end_matches(LEFT_OUT)));
            }
        }
    }
}
