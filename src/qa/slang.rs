//! What people type for short: chat abbreviations, contractions and British spellings, written out.
//!
//! Only what is unmistakable stands here; names and notions of a paper belong to its glossary.

use rustc_hash::FxHashMap;
use std::sync::LazyLock;

/// Expands one normalised word; `None` leaves it as it is.
pub fn expand(word: &str) -> Option<&'static str> {
    static LOOKUP: LazyLock<FxHashMap<&str, &str>> = LazyLock::new(|| TABLE.iter().copied().collect());
    LOOKUP.get(word).copied()
}

/// Cuts contractions and evens out British spellings: `didn't` is `did not`, `organisation` is `organization`.
pub fn respell(word: &str) -> Option<String> {
    if let Some(stem) = word.strip_suffix("n't") {
        let stem = match stem {
            "ca" => "can",
            "wo" => "will",
            "sha" => "shall",
            other => other,
        };
        return Some(format!("{stem} not"));
    }
    if !word.contains('\'') && !word.contains("is") {
        return None;
    }
    for ending in ["'re", "'ve", "'ll", "'d", "'m"] {
        if let Some(stem) = word.strip_suffix(ending) {
            return Some(stem.to_owned());
        }
    }
    if word.contains('\'') {
        return Some(word.replace('\'', ""));
    }
    for (british, american) in [("isation", "ization"), ("isations", "izations"), ("ising", "izing"), ("ised", "ized"), ("ise", "ize")] {
        if word.len() > british.len() + 3
            && let Some(stem) = word.strip_suffix(british)
        {
            return Some(format!("{stem}{american}"));
        }
    }
    None
}

/// Sorted by the short form, so that one sees what is there; a test watches over it.
static TABLE: &[(&str, &str)] = &[
    ("abt", "about"),
    ("acc", "according"),
    ("acct", "account"),
    ("afaik", ""),
    ("aint", "is not"),
    ("alr", "already"),
    ("alrdy", "already"),
    ("amb", "ambassador"),
    ("annd", "and"),
    ("approx", "about"),
    ("arent", "are not"),
    ("armour", "armor"),
    ("armoured", "armored"),
    ("art", "article"),
    ("asap", ""),
    ("atm", "now"),
    ("b4", "before"),
    ("bc", "because"),
    ("bcoz", "because"),
    ("bcs", "because"),
    ("bcz", "because"),
    ("becos", "because"),
    ("becoz", "because"),
    ("becuz", "because"),
    ("bout", "about"),
    ("bro", ""),
    ("bruh", ""),
    ("btw", ""),
    ("btwn", "between"),
    ("cant", "can not"),
    ("centre", "center"),
    ("centres", "centers"),
    ("cos", "because"),
    ("couldnt", "could not"),
    ("coz", "because"),
    ("cuz", "because"),
    ("da", "the"),
    ("defence", "defense"),
    ("defences", "defenses"),
    ("didnt", "did not"),
    ("diff", "difference"),
    ("diffs", "difference"),
    ("doesnt", "does not"),
    ("dont", "do not"),
    ("dr", "doctor"),
    ("dude", ""),
    ("dunno", "do not know"),
    ("em", "them"),
    ("ez", ""),
    ("fav", "favorite"),
    ("favour", "favor"),
    ("fr", ""),
    ("gen", "general"),
    ("gimme", "give me"),
    ("gonna", "going to"),
    ("gotta", "have to"),
    ("gov", "government"),
    ("govs", "governments"),
    ("govt", "government"),
    ("govts", "governments"),
    ("grey", "gray"),
    ("hadnt", "had not"),
    ("hasnt", "has not"),
    ("havent", "have not"),
    ("hes", "he is"),
    ("hows", "how is"),
    ("hv", "have"),
    ("idk", "i do not know"),
    ("iirc", ""),
    ("imo", ""),
    ("info", "information"),
    ("intl", "international"),
    ("isnt", "is not"),
    ("jul", "july"),
    ("kinda", "kind of"),
    ("labour", "labor"),
    ("lemme", "let me"),
    ("lmao", ""),
    ("lol", ""),
    ("mb", "maybe"),
    ("mil", "military"),
    ("mins", "minutes"),
    ("mtg", "meeting"),
    ("n", "and"),
    ("nah", "no"),
    ("nbr", "number"),
    ("neighbour", "neighbor"),
    ("neighbours", "neighbors"),
    ("ngl", ""),
    ("nope", "no"),
    ("nov", "november"),
    ("nr", "number"),
    ("num", "number"),
    ("ofc", "of course"),
    ("offence", "offense"),
    ("org", "organization"),
    ("orgs", "organizations"),
    ("outta", "out of"),
    ("para", "paragraph"),
    ("parag", "paragraph"),
    ("paras", "paragraphs"),
    ("ple", "people"),
    ("pls", "please"),
    ("plz", "please"),
    ("ppl", "people"),
    ("pres", "president"),
    ("prez", "president"),
    ("prob", "probably"),
    ("prolly", "probably"),
    ("pub", "published"),
    ("q", "question"),
    ("r", "are"),
    ("realy", "really"),
    ("rly", "really"),
    ("rn", "now"),
    ("sayin", "saying"),
    ("sb", "somebody"),
    ("sep", "september"),
    ("sept", "september"),
    ("shouldnt", "should not"),
    ("smb", "somebody"),
    ("smn", "someone"),
    ("smone", "someone"),
    ("smth", "something"),
    ("smthing", "something"),
    ("sth", "something"),
    ("tbh", ""),
    ("thats", "that is"),
    ("thay", "they"),
    ("theres", "there is"),
    ("theyre", "they are"),
    ("thier", "their"),
    ("thingy", "thing"),
    ("tho", "though"),
    ("thru", "through"),
    ("til", "until"),
    ("tmrw", "tomorrow"),
    ("u", "you"),
    ("ur", "your"),
    ("v", "versus"),
    ("vs", "versus"),
    ("waht", "what"),
    ("wanna", "want to"),
    ("wasnt", "was not"),
    ("wat", "what"),
    ("wats", "what is"),
    ("wdym", "what do you mean"),
    ("wen", "when"),
    ("werent", "were not"),
    ("whats", "what is"),
    ("whch", "which"),
    ("whens", "when is"),
    ("wheres", "where is"),
    ("whish", "which"),
    ("whos", "who is"),
    ("whta", "what"),
    ("whyd", "why did"),
    ("whys", "why is"),
    ("wich", "which"),
    ("wont", "will not"),
    ("wot", "what"),
    ("wouldnt", "would not"),
    ("wut", "what"),
    ("y", "why"),
    ("yall", "you"),
    ("yea", "yes"),
    ("yeah", "yes"),
    ("yep", "yes"),
    ("yo", ""),
    ("yr", "year"),
    ("yrs", "years"),
    ("yup", "yes"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted() {
        assert!(TABLE.is_sorted_by(|a, b| a.0 < b.0), "keep it sorted");
    }

    #[test]
    fn writes_short_forms_out() {
        assert_eq!(expand("wat"), Some("what"));
        assert_eq!(expand("what"), None);
        assert_eq!(respell("didn't").as_deref(), Some("did not"));
        assert_eq!(respell("won't").as_deref(), Some("will not"));
        assert_eq!(respell("organisation").as_deref(), Some("organization"));
        assert_eq!(respell("rise"), None);
    }
}
