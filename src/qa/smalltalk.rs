//! *Small talk*: a message that asks nothing of the paper, such as a greeting, thanks, abuse, "what can you do".

use super::function_words::is_function_word;
use super::lexicon::Word;

/// A message that asks nothing of the paper.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Smalltalk {
    /// Nothing readable: empty, an emoji, punctuation.
    Nothing,
    /// Hello.
    Greeting,
    /// Thanks, praise.
    Thanks,
    /// Goodbye.
    Farewell,
    /// "ok", "I see".
    Acknowledged,
    /// Who are you, what can you do, help.
    Abilities,
    /// How are you.
    HowAreYou,
    /// Insults at the bot.
    Abuse,
}

/// Recognises it. Every word has to belong to it, so that "hi, who wrote this?" stays a question.
pub fn smalltalk(words: &[Word]) -> Option<Smalltalk> {
    if words.is_empty() {
        return Some(Smalltalk::Nothing);
    }
    if words.len() > 12 {
        return None;
    }
    let text: Vec<&str> = words.iter().map(|w| &*w.text).collect();
    let has = |options: &[&str]| text.iter().any(|w| options.contains(w));
    let only = |options: &[&str]| {
        text.iter()
            .all(|w| options.contains(w) || (is_function_word(w) && !matches!(*w, "who" | "when" | "where" | "why")) || FILLERS.contains(w))
    };
    let phrase = |options: &[&[&str]]| options.iter().any(|p| text.windows(p.len()).any(|w| w == *p));

    const ABUSE: &[&str] = &[
        "stupid",
        "idiot",
        "dumb",
        "useless",
        "trash",
        "garbage",
        "crap",
        "sucks",
        "suck",
        "shit",
        "shitty",
        "fuck",
        "fucking",
        "moron",
        "worthless",
        "shut",
        "hate",
        "loser",
        "rubbish",
        "bitch",
        "ass",
        "asshole",
        "damn",
        "stfu",
        "pathetic",
        "worst",
        "annoying",
        "clown",
        "bad",
        "bullshit",
    ];
    if has(ABUSE) && only(&[ABUSE, &["bot", "piece", "fool", "such", "off", "answer", "answers", "robot", "go", "away"]].concat()) {
        return Some(Smalltalk::Abuse);
    }
    if phrase(&[
        &["what", "can", "you"],
        &["who", "are", "you"],
        &["what", "are", "you"],
        &["how", "do", "you", "work"],
        &["what", "do", "you", "do"],
        &["are", "you", "a", "bot"],
        &["are", "you", "human"],
        &["how", "does", "this", "work"],
        &["how", "to", "use"],
        &["are", "you", "an", "ai"],
        &["how", "do", "i", "use"],
        &["what", "is", "this", "bot"],
        &["your", "commands"],
        &["what", "can", "i", "ask"],
        &["who", "made", "you"],
        &["are", "you", "chatgpt"],
        &["are", "you", "real"],
        &["what", "do", "you", "know"],
    ]) && text.iter().all(|w| is_function_word(w) || FILLERS.contains(w) || ABILITY.contains(w))
        || (text.len() <= 3 && has(&["help", "commands", "menu", "usage"]) && only(ABILITY))
    {
        return Some(Smalltalk::Abilities);
    }
    const THANKS: &[&str] = &[
        "thanks",
        "thank",
        "thx",
        "ty",
        "tysm",
        "tnx",
        "cheers",
        "appreciated",
        "appreciate",
        "merci",
        "grateful",
        "helpful",
        "great",
        "awesome",
        "nice",
        "perfect",
        "good",
        "cool",
        "love",
        "brilliant",
        "amazing",
        "excellent",
        "legend",
        "wow",
        "best",
        "clever",
        "smart",
        "impressive",
    ];
    if has(&["thanks", "thank", "thx", "ty", "tysm", "tnx", "cheers", "appreciated", "appreciate"])
        && only(
            &[
                THANKS,
                &[
                    "lot",
                    "bot",
                    "help",
                    "answer",
                    "answers",
                    "answering",
                    "bunch",
                    "million",
                    "1000000",
                    "ton",
                    "man",
                    "mate",
                    "job",
                    "work",
                ],
            ]
            .concat(),
        )
    {
        return Some(Smalltalk::Thanks);
    }
    if phrase(&[
        &["how", "are", "you"],
        &["how", "is", "it", "going"],
        &["how", "you", "doing"],
        &["what", "is", "up"],
        &["whatsup"],
        &["sup"],
    ]) && only(&["going", "doing", "today", "sup", "whatsup", "bot", "up"])
    {
        return Some(Smalltalk::HowAreYou);
    }
    const BYE: &[&str] = &["bye", "goodbye", "cya", "goodnight", "farewell", "later", "night"];
    if has(BYE) && only(&[BYE, &["see", "good", "bot", "tomorrow"]].concat()) {
        return Some(Smalltalk::Farewell);
    }
    const HELLO: &[&str] = &[
        "hello",
        "hi",
        "hey",
        "heya",
        "hiya",
        "hallo",
        "greetings",
        "morning",
        "evening",
        "afternoon",
        "howdy",
        "salut",
        "yo",
        "sup",
        "gm",
    ];
    if has(HELLO) && only(&[HELLO, &["good", "bot", "day"]].concat()) {
        return Some(Smalltalk::Greeting);
    }
    if has(THANKS) && text.len() <= 4 && only(&[THANKS, &["bot", "job", "work", "answer", "stuff", "one"]].concat()) {
        return Some(Smalltalk::Thanks);
    }
    const ACK: &[&str] = &[
        "ok",
        "okay",
        "k",
        "kk",
        "understood",
        "alright",
        "interesting",
        "see",
        "got",
        "gotcha",
        "fine",
        "sure",
        "hm",
        "hmm",
        "ah",
        "oh",
        "right",
        "haha",
        "test",
        "testing",
        "ping",
    ];
    if has(ACK) && text.len() <= 4 && only(ACK) && !has(&["what", "which", "how"]) {
        return Some(Smalltalk::Acknowledged);
    }
    // Nothing but fillers ("lol", "bro") is left after slang was dropped.
    text.iter().all(|w| FILLERS.contains(w)).then_some(Smalltalk::Acknowledged)
}

const FILLERS: &[&str] =
    &["haha", "hahaha", "lol", "xd", "man", "mate", "friend", "buddy", "guys", "everyone", "folks", "sir", "again", "oh", "well"];
const ABILITY: &[&str] = &[
    "help", "commands", "command", "menu", "usage", "use", "work", "works", "bot", "ask", "able", "human", "robot", "ai", "chatgpt",
    "real", "made", "need", "list", "show", "best",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::qa::knowledge::Knowledge;
    use crate::qa::lexicon::Lexicon;

    fn words(text: &str) -> Vec<Word> {
        Lexicon::new(&Knowledge::default()).read(text)
    }

    #[test]
    fn knows_small_talk_from_questions() {
        for (text, talk) in [
            ("", Some(Smalltalk::Nothing)),
            ("🙃", Some(Smalltalk::Nothing)),
            ("hey there!", Some(Smalltalk::Greeting)),
            ("thanks a lot, very helpful", Some(Smalltalk::Thanks)),
            ("what can you do?", Some(Smalltalk::Abilities)),
            ("you stupid bot", Some(Smalltalk::Abuse)),
            ("ok got it", Some(Smalltalk::Acknowledged)),
            ("hi, who wrote this?", None),
            ("what are you saying about belarus", None),
        ] {
            assert_eq!(smalltalk(&words(text)), talk, "{text}");
        }
    }
}
