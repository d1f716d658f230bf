//! Text analysis, second half: from tokens to weighted terms.
//!
//! A *stem* is a word without its ending. A *mention* is a phrase that names a known thing: a glossary term, an absent
//! name, or a *concept*, which is a group of synonyms. A *term* is what the index counts: a stem, a mentioned thing, or
//! a pair of neighbouring ones. The lexicon knows the words and phrases of one knowledge file and reads every text,
//! curated or typed, the same way:
//!
//! normalise, tokenise, write slang out, correct spelling, stem, find mentions, weigh.

use super::function_words::is_function_word;
use super::knowledge::{Knowledge, TermKind};
use super::pairs::PairCounts;
use super::spelling::Spelling;
use super::{slang, text};
use rust_stemmers::{Algorithm, Stemmer};
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

/// Number of a term in the index.
pub type TermId = u32;

/// Number of a known thing: terms first, absent names after them, concepts last.
pub type ThingId = u32;

/// Weight of a stem that stands by itself.
const STEM: f32 = 1.0;
/// Weight of a stem inside a mention, beside the mention itself: the exact word still counts a little.
const STEM_IN_THING: f32 = 0.35;
const STEM_IN_CONCEPT: f32 = 0.5;
/// Weights of what is mentioned.
const THING: f32 = 1.0;
const CONCEPT: f32 = 0.85;
/// Weight of a pair of neighbours.
const PAIR: f32 = 0.5;
/// Factor for a word that was corrected, by letters changed.
const CORRECTED: [f32; 3] = [1.0, 0.9, 0.7];
/// A curated word in fewer texts than this, and in no answer or glossary, may be a deliberate misspelling.
const TRUSTED: u32 = 3;

/// Words of small talk that are never taken for misspelt names.
const POLITE: [&str; 16] = [
    "hello", "hiya", "howdy", "thanks", "thank", "thankyou", "cheers", "goodbye", "morning", "evening", "sorry", "great", "nice",
    "awesome", "perfect", "cool",
];

/// A known thing.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Thing {
    /// Name for people, and for explanations.
    pub name: String,
    /// What kind of thing, `None` for concepts.
    pub kind: Option<TermKind>,
    /// Whether the paper mentions it.
    pub in_paper: bool,
}

/// One word of a text, read.
#[derive(Debug, Clone)]
pub struct Word {
    /// The word, written out and corrected.
    pub text: Box<str>,
    /// Its stem's term, if any text of the knowledge has it.
    pub stem: Option<TermId>,
    /// Letters that spelling correction changed.
    pub distance: u8,
    /// Whether it is a word of grammar rather than of content.
    pub function: bool,
    /// Whether it is a number.
    pub number: bool,
}

/// A phrase that names a thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mention {
    /// The thing.
    pub thing: ThingId,
    /// First word.
    pub start: usize,
    /// One past the last word.
    pub end: usize,
}

/// A text, analysed.
#[derive(Debug, Clone, Default)]
pub struct Analysis {
    /// Its words in order.
    pub words: Vec<Word>,
    /// What it mentions, in order.
    pub mentions: Vec<Mention>,
    /// Its terms with their weights, sorted by term, each once.
    pub terms: Vec<(TermId, f32)>,
    /// Content words that no text of the knowledge has.
    pub unknown: usize,
}

impl Analysis {
    /// Whether a thing is mentioned.
    pub fn mentions(&self, thing: ThingId) -> bool {
        self.mentions.iter().any(|m| m.thing == thing)
    }

    /// Whether one of the given words occurs, written as given.
    pub fn has(&self, words: &[&str]) -> bool {
        self.words.iter().any(|w| words.contains(&&*w.text))
    }
}

/// The words, phrases and terms of one knowledge file.
#[derive(Serialize, Deserialize)]
pub struct Lexicon {
    #[serde(skip, default = "english")]
    stemmer: Stemmer,
    terms: Interner,
    /// Known surface words and their stems.
    words: FxHashMap<Box<str>, TermId>,
    /// Corrections of curated misspellings.
    misspelt: FxHashMap<Box<str>, Box<str>>,
    /// Phrases by their first stem, longest first.
    phrases: FxHashMap<TermId, Vec<Phrase>>,
    things: Vec<Thing>,
    thing_terms: Vec<TermId>,
    first_concept: ThingId,
    pairs: FxHashMap<(TermId, TermId), TermId>,
    spelling: Spelling,
}

#[derive(Serialize, Deserialize)]
struct Phrase {
    rest: Box<[TermId]>,
    thing: ThingId,
}

#[derive(Default, Serialize, Deserialize)]
struct Interner {
    ids: FxHashMap<Box<str>, TermId>,
    names: Vec<Box<str>>,
}

impl Interner {
    fn id(&mut self, name: &str) -> TermId {
        if let Some(id) = self.ids.get(name) {
            return *id;
        }
        let id = self.names.len() as TermId;
        self.names.push(name.into());
        self.ids.insert(name.into(), id);
        id
    }
}

impl Lexicon {
    /// Learns the words and phrases of a knowledge file.
    pub fn new(knowledge: &Knowledge) -> Self {
        let mut lexicon = Self {
            stemmer: english(),
            terms: Interner::default(),
            words: FxHashMap::default(),
            misspelt: FxHashMap::default(),
            phrases: FxHashMap::default(),
            things: Vec::new(),
            thing_terms: Vec::new(),
            first_concept: 0,
            pairs: FxHashMap::default(),
            spelling: Spelling::default(),
        };
        lexicon.learn_words(knowledge);
        for term in &knowledge.terms {
            let thing = lexicon.add_thing(&term.name, Some(term.kind), true);
            for phrase in std::iter::once(&term.name).chain(&term.aliases) {
                lexicon.add_phrase(phrase, thing);
            }
        }
        for name in &knowledge.absent {
            let thing = lexicon.add_thing(&name.name, Some(name.kind), false);
            for phrase in std::iter::once(&name.name).chain(&name.aliases) {
                lexicon.add_phrase(phrase, thing);
            }
        }
        lexicon.first_concept = lexicon.things.len() as ThingId;
        for group in &knowledge.synonyms {
            let Some(first) = group.words.first() else { continue };
            let thing = lexicon.add_thing(first, None, true);
            for phrase in &group.words {
                lexicon.add_phrase(phrase, thing);
            }
        }
        for phrases in lexicon.phrases.values_mut() {
            phrases.sort_by_key(|p| (std::cmp::Reverse(p.rest.len()), p.thing));
        }
        lexicon
    }

    /// Counts the surface words, tells trusted ones from curated misspellings, and sets up correction.
    fn learn_words(&mut self, knowledge: &Knowledge) {
        let mut trusted: FxHashMap<Box<str>, u32> = FxHashMap::default();
        let mut counted: FxHashMap<Box<str>, u32> = FxHashMap::default();
        let solid = (knowledge.entries.iter().map(|e| e.answer.as_str()))
            .chain(knowledge.entries.iter().filter_map(|e| e.question.as_deref()))
            .chain(knowledge.facts.iter().map(|f| f.statement.as_str()))
            .chain(knowledge.terms.iter().map(|t| t.name.as_str()))
            .chain(knowledge.terms.iter().map(|t| t.definition.as_str()))
            .chain(knowledge.terms.iter().flat_map(|t| t.aliases.iter().map(String::as_str)))
            .chain(knowledge.absent.iter().flat_map(|t| std::iter::once(t.name.as_str()).chain(t.aliases.iter().map(String::as_str))))
            .chain(knowledge.synonyms.iter().flat_map(|s| s.words.iter().map(String::as_str)))
            .chain(knowledge.opposites.iter().flat_map(|o| o.a.iter().chain(&o.b).map(String::as_str)));
        for curated in solid {
            for word in surface(curated) {
                *trusted.entry(word).or_default() += 1;
            }
        }
        let typed = (knowledge.entries.iter().flat_map(|e| e.ask.iter().chain(&e.followups)))
            .chain(knowledge.gaps.iter().flat_map(|g| g.ask.iter().chain(&g.followups)))
            .chain(knowledge.turns.iter().flat_map(|t| &t.ask))
            .chain(knowledge.facts.iter().flat_map(|f| f.truths.iter().chain(&f.misreadings)))
            .chain(knowledge.unaddressed.iter().flat_map(|u| &u.statements));
        for curated in typed {
            for word in surface(curated) {
                *counted.entry(word).or_default() += 1;
            }
        }
        let mut rare = Vec::new();
        for (word, count) in counted {
            match trusted.get_mut(&word) {
                Some(known) => *known += count,
                None if count >= TRUSTED => {
                    trusted.insert(word, count);
                }
                None => rare.push(word),
            }
        }
        self.spelling = Spelling::new(trusted.iter().map(|(w, c)| (&**w, *c)));
        for word in rare {
            let polite = is_function_word(&word) || POLITE.contains(&&*word);
            match self.spelling.within(&word, 1).filter(|_| !polite) {
                Some(correction) => {
                    let meant = correction.word.into();
                    self.misspelt.insert(word, meant);
                }
                None => {
                    trusted.insert(word, 1);
                }
            }
        }
        let mut words: Vec<Box<str>> = trusted.into_keys().collect();
        words.sort_unstable();
        for word in words {
            let stem = self.stemmer.stem(&word);
            let id = self.terms.id(&stem);
            self.words.insert(word, id);
        }
    }

    fn add_thing(&mut self, name: &str, kind: Option<TermKind>, in_paper: bool) -> ThingId {
        let id = self.things.len() as ThingId;
        let mark = if kind.is_some() { '@' } else { '~' };
        // The number keeps two groups apart that begin with the same word.
        let term = self.terms.id(&format!("{mark}{name}#{id}"));
        self.things.push(Thing { name: name.to_owned(), kind, in_paper });
        self.thing_terms.push(term);
        id
    }

    fn add_phrase(&mut self, phrase: &str, thing: ThingId) {
        let stems: Option<Vec<TermId>> = self.read(phrase).iter().map(|w| w.stem).collect();
        if let Some((first, rest)) = stems.as_deref().and_then(<[TermId]>::split_first) {
            let phrases = self.phrases.entry(*first).or_default();
            if !phrases.iter().any(|p| *p.rest == *rest && p.thing == thing) {
                phrases.push(Phrase { rest: rest.into(), thing });
            }
        }
    }

    /// Reads a text into words: slang written out, spelling corrected, stems looked up.
    pub fn read(&self, raw: &str) -> Vec<Word> {
        surface(raw).into_iter().map(|word| self.word(word)).collect()
    }

    fn word(&self, word: Box<str>) -> Word {
        let function = is_function_word(&word);
        let number = word.bytes().all(|b| b.is_ascii_digit());
        let known = |text: Box<str>, stem: TermId, distance: u8| Word { text, stem: Some(stem), distance, function, number };
        if let Some(stem) = self.words.get(&word) {
            return known(word, *stem, 0);
        }
        if let Some(meant) = self.misspelt.get(&word)
            && let Some(stem) = self.words.get(meant)
        {
            return known(meant.clone(), *stem, 1);
        }
        if let Some(stem) = self.terms.ids.get(&*self.stemmer.stem(&word)) {
            return known(word, *stem, 0);
        }
        // Words of grammar and of politeness are spelt right, whatever they resemble: "thanks" are no tanks.
        if !function
            && !POLITE.contains(&&*word)
            && let Some(correction) = self.spelling.correct(&word)
            && let Some(stem) = self.words.get(correction.word)
        {
            return known(correction.word.into(), *stem, correction.distance as u8);
        }
        Word { text: word, stem: None, distance: 0, function, number }
    }

    /// Analyses a typed text against what is known.
    pub fn analyze(&self, raw: &str) -> Analysis {
        let words = self.read(raw);
        self.analyze_words(words)
    }

    /// Analyses words that were read before, for instance those of one clause.
    pub fn analyze_words(&self, words: Vec<Word>) -> Analysis {
        let (mentions, mut terms, heads) = self.terms_of(&words);
        for pair in heads.windows(2) {
            if let Some(term) = self.pairs.get(&(pair[0], pair[1])) {
                terms.push((*term, PAIR));
            }
        }
        let unknown = words.iter().filter(|w| w.stem.is_none() && !w.function).count();
        Analysis { words, mentions, terms: merged(terms), unknown }
    }

    /// Makes terms of the pairs of neighbours that occur in several curated texts.
    pub fn learn_pairs<'a>(&mut self, texts: impl Iterator<Item = &'a [Word]>) {
        let mut counted = PairCounts::default();
        for words in texts {
            let (_, _, heads) = self.terms_of(words);
            counted.add(heads.windows(2).map(|pair| (pair[0], pair[1])));
        }
        self.pairs = counted.numbered(self.terms.names.len());
    }

    /// Mentions, weighted terms without pairs, and the heads (thing or stem) of the content words in order.
    fn terms_of(&self, words: &[Word]) -> (Vec<Mention>, Vec<(TermId, f32)>, Vec<TermId>) {
        let mentions = self.find_mentions(words);
        let mut terms = Vec::with_capacity(words.len() * 3);
        let mut heads: Vec<TermId> = Vec::with_capacity(words.len());
        let mut cover = vec![STEM; words.len()];
        for mention in &mentions {
            let concept = mention.thing >= self.first_concept;
            let (weight, inside) = if concept { (CONCEPT, STEM_IN_CONCEPT) } else { (THING, STEM_IN_THING) };
            let distance = words[mention.start..mention.end].iter().map(|w| w.distance).max().unwrap_or(0);
            terms.push((self.thing_terms[mention.thing as usize], weight * CORRECTED[usize::from(distance.min(2))]));
            for slot in &mut cover[mention.start..mention.end] {
                *slot = slot.min(inside);
            }
        }
        let mut next = 0;
        for (i, word) in words.iter().enumerate() {
            if let Some(stem) = word.stem {
                terms.push((stem, cover[i] * CORRECTED[usize::from(word.distance.min(2))]));
            }
            if i < next {
                continue;
            }
            match mentions.iter().find(|m| m.start == i) {
                Some(mention) => {
                    heads.push(self.thing_terms[mention.thing as usize]);
                    next = mention.end;
                }
                None => {
                    if let (Some(stem), false) = (word.stem, word.function) {
                        heads.push(stem);
                    }
                }
            }
        }
        (mentions, terms, heads)
    }

    /// Finds the longest phrases from left to right. A phrase may name several things (a word of two synonym groups).
    fn find_mentions(&self, words: &[Word]) -> Vec<Mention> {
        let mut mentions = Vec::new();
        let mut start = 0;
        while start < words.len() {
            let mut end = start + 1;
            if let Some(phrases) = words[start].stem.and_then(|stem| self.phrases.get(&stem)) {
                let matches = |p: &&Phrase| {
                    p.rest.len() < words.len() - start
                        && p.rest.iter().zip(&words[start + 1..]).all(|(stem, word)| word.stem == Some(*stem))
                };
                if let Some(longest) = phrases.iter().find(matches) {
                    end = start + 1 + longest.rest.len();
                    let same = phrases.iter().filter(|p| p.rest.len() == longest.rest.len()).filter(matches);
                    mentions.extend(same.map(|p| Mention { thing: p.thing, start, end }));
                }
            }
            start = end;
        }
        mentions
    }

    /// What some words mention.
    pub fn mentions_in(&self, words: &[Word]) -> Vec<Mention> {
        self.find_mentions(words)
    }

    /// The thing that a name or alias means, if it means one.
    pub fn thing_named(&self, name: &str) -> Option<ThingId> {
        let words = self.read(name);
        let whole = self.find_mentions(&words);
        whole.iter().find(|m| m.start == 0 && m.end == words.len() && m.thing < self.first_concept).map(|m| m.thing)
    }

    /// The glossary and absent things that a curated phrase mentions.
    pub fn things_in(&self, phrase: &str) -> Vec<ThingId> {
        let words = self.read(phrase);
        self.find_mentions(&words).into_iter().map(|m| m.thing).filter(|t| *t < self.first_concept).collect()
    }

    /// A thing by its number.
    pub fn thing(&self, id: ThingId) -> &Thing {
        &self.things[id as usize]
    }

    /// Whether a thing is a concept, that is a group of synonyms, rather than a name.
    pub fn is_concept(&self, id: ThingId) -> bool {
        id >= self.first_concept
    }

    /// The term of a thing.
    pub fn thing_term(&self, id: ThingId) -> TermId {
        self.thing_terms[id as usize]
    }

    /// Number of terms.
    pub fn len(&self) -> usize {
        self.terms.names.len() + self.pairs.len()
    }

    /// Whether there are no terms at all.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A term as it is shown in explanations: `drill`, `~exercise`, `@CSTO`, `@CSTO + member`.
    pub fn show(&self, term: TermId) -> String {
        if let Some(name) = self.terms.names.get(term as usize) {
            return name.split_once('#').map_or(&**name, |(name, _)| name).to_owned();
        }
        let halves = self.pairs.iter().find(|(_, id)| **id == term).map(|(pair, _)| *pair);
        halves.map_or_else(String::new, |(a, b)| format!("{} + {}", self.show(a), self.show(b)))
    }
}

fn english() -> Stemmer {
    Stemmer::create(Algorithm::English)
}

/// The words of a text: tokens with slang written out, and spelled-out abbreviations (`c s t o`) joined.
fn surface(raw: &str) -> Vec<Box<str>> {
    let tokens = text::tokenize(&text::normalize(raw));
    let mut words: Vec<Box<str>> = Vec::with_capacity(tokens.len() + 2);
    let mut at = 0;
    while at < tokens.len() {
        let letters = tokens[at..].iter().take_while(|t| t.text.len() == 1 && t.text.as_bytes()[0].is_ascii_lowercase()).count();
        if letters >= 3 {
            words.push(tokens[at..at + letters].iter().map(|t| t.text.as_str()).collect());
            at += letters;
            continue;
        }
        let word = tokens[at].text.as_str();
        at += 1;
        match slang::expand(word) {
            Some(long) => words.extend(long.split_whitespace().map(Box::from)),
            None => match slang::respell(word) {
                Some(long) => {
                    for part in long.split_whitespace() {
                        match slang::expand(part) {
                            Some(longer) => words.extend(longer.split_whitespace().map(Box::from)),
                            None => words.push(part.into()),
                        }
                    }
                }
                None => words.push(word.into()),
            },
        }
    }
    words
}

fn merged(mut terms: Vec<(TermId, f32)>) -> Vec<(TermId, f32)> {
    terms.sort_unstable_by_key(|(term, _)| *term);
    terms.dedup_by(|later, kept| {
        let same = later.0 == kept.0;
        if same {
            kept.1 = kept.1.max(later.1);
        }
        same
    });
    terms
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lexicon() -> Lexicon {
        let knowledge: Knowledge = toml::from_str(
            r#"
            [[term]]
            id = "csto"
            kind = "organization"
            name = "Collective Security Treaty Organization"
            aliases = ["CSTO", "ODKB"]
            definition = "A security organization."
            [[absent]]
            name = "Georgia"
            kind = "state"
            [[synonyms]]
            words = ["exercise", "drill", "war game"]
            [[entry]]
            id = "members"
            answer = "Six states are members of the secretariat."
            ask = ["who are the members"]
            "#,
        )
        .expect("the sample is right");
        Lexicon::new(&knowledge)
    }

    fn mentioned(text: &str) -> Vec<String> {
        let lexicon = lexicon();
        let analysis = lexicon.analyze(text);
        analysis.mentions.iter().map(|m| lexicon.thing(m.thing).name.clone()).collect()
    }

    #[test]
    fn finds_names_and_synonyms() {
        assert_eq!(mentioned("the C.S.T.O. drills"), ["Collective Security Treaty Organization", "exercise"]);
        assert_eq!(mentioned("collective security treaty organisation war games"), ["Collective Security Treaty Organization", "exercise"]);
        assert_eq!(mentioned("c s t o in gorgia"), ["Collective Security Treaty Organization", "Georgia"]);
        assert_eq!(mentioned("odkb"), ["Collective Security Treaty Organization"]);
    }

    #[test]
    fn a_name_is_found_whole() {
        let lexicon = lexicon();
        assert_eq!(lexicon.thing_named("CSTO"), Some(0));
        assert_eq!(lexicon.thing_named("CSTO members"), None);
        assert!(!lexicon.thing(1).in_paper);
    }

    #[test]
    fn misspelt_words_weigh_less() {
        let lexicon = lexicon();
        let right = lexicon.analyze("secretariat").terms;
        let wrong = lexicon.analyze("secratariat").terms;
        assert_eq!(right[0].0, wrong[0].0);
        assert!(wrong[0].1 < right[0].1);
    }
}
