//! The knowledge: everything that the bot can say about a paper, written by curators.
//!
//! These types are the file format. A knowledge file is TOML; a folder of such files is read as one. Every list may be
//! missing: a plain question bank has entries with `id`, `ask` and `answer`, and nothing else.
//!
//! - An *entry* answers one question; its *ways of asking* are the phrasings that should find it.
//! - A *gap* is a topic that people ask about and the paper does not address.
//! - A *fact* is one atomic statement of the paper, with true ways of saying it and misreadings of it.
//! - An *unaddressed* statement is one near the topic that the paper neither makes nor excludes.
//! - A *term* is a name or notion with its aliases; an *absent* name is one the paper does not mention.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// All that a knowledge file, or a folder of them, says.
#[derive(Debug, Clone, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Knowledge {
    /// The paper's own data. Without it the bot speaks of "these notes".
    #[serde(default)]
    pub paper: Option<Paper>,
    /// The paper's paragraphs, in order; citations name them.
    #[serde(default, rename = "paragraph")]
    pub paragraphs: Vec<Paragraph>,
    /// Names and notions of the paper.
    #[serde(default, rename = "term")]
    pub terms: Vec<Term>,
    /// Names that people bring up and the paper does not mention.
    #[serde(default, rename = "absent")]
    pub absent: Vec<Absent>,
    /// Words that mean the same in talk about this paper.
    #[serde(default)]
    pub synonyms: Vec<Synonyms>,
    /// Words that turn a statement round.
    #[serde(default)]
    pub opposites: Vec<Opposites>,
    /// Questions and answers.
    #[serde(default, rename = "entry")]
    pub entries: Vec<Entry>,
    /// Atomic statements of the paper.
    #[serde(default, rename = "fact")]
    pub facts: Vec<Fact>,
    /// Statements that the paper neither makes nor excludes.
    #[serde(default)]
    pub unaddressed: Vec<Unaddressed>,
    /// Topics that the paper does not address.
    #[serde(default, rename = "gap")]
    pub gaps: Vec<Gap>,
    /// What people ask next, after an answer.
    #[serde(default, rename = "turn")]
    pub turns: Vec<Turn>,
    /// Dated events, for the timeline.
    #[serde(default, rename = "event")]
    pub events: Vec<Event>,
    /// Questions for a study group.
    #[serde(default)]
    pub discussion: Vec<Discussion>,
    /// Quiz questions.
    #[serde(default)]
    pub quiz: Vec<Quiz>,
}

/// The paper's own data.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Paper {
    /// Full title.
    pub title: String,
    /// How the paper is called in a sentence, e.g. "Strakes 2020".
    pub short: String,
    /// Author, as named in the paper.
    pub author: String,
    /// The author's posts, as named in the paper.
    #[serde(default)]
    pub posts: Vec<String>,
    /// Series in which it appeared.
    #[serde(default)]
    pub series: Option<String>,
    /// Number within the series.
    #[serde(default)]
    pub number: Option<String>,
    /// Date of publication, e.g. "2020-11-04".
    #[serde(default)]
    pub date: Option<String>,
    /// What the paper argues, in one sentence.
    pub argues: String,
    /// Where the paper can be read.
    #[serde(default)]
    pub url: Option<String>,
}

/// One paragraph of the paper.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Paragraph {
    /// Id that citations use, e.g. "p5".
    pub id: String,
    /// Number as a reader would count it; leave out for title, byline and the like.
    #[serde(default)]
    pub number: Option<u32>,
    /// What the paragraph is about, in a few words.
    pub label: String,
    /// What it says, in our own words.
    pub gist: String,
}

/// What a term or an absent name is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TermKind {
    /// A person.
    Person,
    /// An organisation, alliance or institution.
    Organization,
    /// A state or de facto state, also by its capital or people.
    State,
    /// A place that is not a state.
    Place,
    /// A treaty, charter, article or other text.
    Document,
    /// A military exercise or operation.
    Exercise,
    /// A weapon, vehicle or aircraft.
    Weapon,
    /// Something that happened.
    Event,
    /// A post that somebody holds.
    Office,
    /// A notion.
    Concept,
}

/// A name or notion of the paper.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Term {
    /// Stable id in kebab-case.
    pub id: String,
    /// What kind of thing it is.
    pub kind: TermKind,
    /// Full name.
    pub name: String,
    /// Other spellings, abbreviations, transliterations and common misspellings that mean this term and nothing else.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// What the paper says of it; the first sentence defines.
    pub definition: String,
    /// Paragraphs that the definition rests on.
    #[serde(default)]
    pub cites: Vec<String>,
    /// The entry that says most about it.
    #[serde(default)]
    pub entry: Option<String>,
}

/// A name that people bring up and the paper does not mention.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Absent {
    /// The name.
    pub name: String,
    /// What kind of thing it is.
    pub kind: TermKind,
    /// Other spellings.
    #[serde(default)]
    pub aliases: Vec<String>,
}

/// Words or short phrases that mean the same in talk about this paper.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Synonyms {
    /// Base forms; inflected forms are found by stemming.
    pub words: Vec<String>,
}

/// Two sets of words of which one turns a statement made with the other round.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Opposites {
    /// One side.
    pub a: Vec<String>,
    /// The other side.
    pub b: Vec<String>,
}

/// What kind of thing an entry answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A person, group or institution.
    Who,
    /// A date or year.
    When,
    /// A place.
    Where,
    /// A number or share.
    HowMany,
    /// Several things.
    List,
    /// What something is or means.
    Define,
    /// A reason.
    Why,
    /// A course of events or a mechanism.
    How,
    /// Likeness or difference.
    Compare,
    /// Yes or no.
    Yesno,
    /// What the author thinks.
    Stance,
    /// The gist.
    MainPoint,
    /// The paper itself.
    Meta,
}

/// One question and its answer.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Stable id in kebab-case; buttons, links and statistics use it.
    pub id: String,
    /// What kind of thing it answers.
    #[serde(default)]
    pub kind: Option<Kind>,
    /// The question as it is shown to people; the first way of asking if it is missing.
    #[serde(default)]
    pub question: Option<String>,
    /// Subjects, by name or alias of a term; follow-up questions lean on them.
    #[serde(default)]
    pub about: Vec<String>,
    /// The answer. Its first sentence answers by itself; at most about 60 words.
    pub answer: String,
    /// Paragraphs that the answer rests on, the best first.
    #[serde(default)]
    pub cites: Vec<String>,
    /// Entries that one would ask next.
    #[serde(default)]
    pub related: Vec<String>,
    /// Ways of asking, 25 to 30 of them, in really different voices.
    pub ask: Vec<String>,
    /// Ways of asking that lean on the conversation ("and when did it leave?").
    #[serde(default)]
    pub followups: Vec<String>,
}

impl Entry {
    /// All its ways of asking, the curator's question first.
    pub fn ways(&self) -> impl Iterator<Item = &String> {
        self.question.iter().chain(&self.ask)
    }

    /// The question as it is shown to people.
    pub fn title(&self) -> &str {
        self.question.as_deref().or(self.ask.first().map(String::as_str)).unwrap_or(&self.id)
    }
}

/// Who says a thing in the paper.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SaidBy {
    /// The author states or argues it.
    #[default]
    Author,
    /// Officials or others allege it, and the author disputes it.
    Officials,
    /// It is reported or suspected, and the author does not vouch for it.
    Reports,
    /// A ministry or secretariat is given as its source.
    Ministry,
    /// A treaty or charter says it.
    Treaty,
}

/// One atomic statement of the paper.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Fact {
    /// Stable id in kebab-case.
    pub id: String,
    /// The statement in our own words; verdicts quote it.
    pub statement: String,
    /// The entry that it belongs to.
    #[serde(default)]
    pub entry: Option<String>,
    /// Paragraphs that it rests on.
    #[serde(default)]
    pub cites: Vec<String>,
    /// Who says so.
    #[serde(default)]
    pub said_by: SaidBy,
    /// Who acts, or what the statement is about; by name.
    #[serde(default)]
    pub who: Vec<String>,
    /// What they do.
    #[serde(default)]
    pub did: Option<String>,
    /// To whom or what; by name.
    #[serde(default)]
    pub whom: Vec<String>,
    /// Where.
    #[serde(default, rename = "where")]
    pub places: Vec<String>,
    /// When.
    #[serde(default)]
    pub when: Vec<String>,
    /// How many, with what is counted.
    #[serde(default)]
    pub how_many: Vec<String>,
    /// Whether the names given are all there are, so that any other is excluded.
    #[serde(default)]
    pub closed: bool,
    /// True ways of saying it.
    #[serde(default, rename = "true")]
    pub truths: Vec<String>,
    /// Misreadings: each changes a number, date, name, direction, scope or attribution.
    #[serde(default, rename = "false")]
    pub misreadings: Vec<String>,
}

/// Statements near a topic that the paper neither makes nor excludes.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Unaddressed {
    /// What they are about, in a few words.
    pub topic: String,
    /// The entry that says what the paper has nearest to it.
    #[serde(default)]
    pub nearest: Option<String>,
    /// The statements.
    pub statements: Vec<String>,
}

/// A topic that people ask about and the paper does not address.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Gap {
    /// Stable id in kebab-case.
    pub id: String,
    /// What the paper does not address, as a noun phrase ("how the war of autumn 2020 ended").
    pub topic: String,
    /// The entry that says what the paper has nearest to it.
    #[serde(default)]
    pub nearest: Option<String>,
    /// Subjects, by name or alias of a term; follow-up questions lean on them.
    #[serde(default)]
    pub about: Vec<String>,
    /// Ways of asking, about 20.
    pub ask: Vec<String>,
    /// Ways of asking that lean on the conversation ("and how old is he?").
    #[serde(default)]
    pub followups: Vec<String>,
}

/// What people ask next, after an answer: words that mean nothing by themselves lead somewhere here.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Turn {
    /// The entry that was just given.
    pub after: String,
    /// The entry or gap that it leads to.
    pub to: String,
    /// What is asked then ("why not?", "and who else?").
    pub ask: Vec<String>,
}

/// A dated event.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Event {
    /// ISO date, as exact as the paper is: "1949", "2020-07", "2020-07-13".
    pub date: String,
    /// What happened.
    pub text: String,
    /// Paragraphs.
    #[serde(default)]
    pub cites: Vec<String>,
    /// The entry that says more.
    #[serde(default)]
    pub entry: Option<String>,
}

/// A question for a study group.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Discussion {
    /// The question.
    pub question: String,
    /// What in the paper bears on it, without deciding it.
    pub hint: String,
    /// Paragraphs.
    #[serde(default)]
    pub cites: Vec<String>,
}

/// A quiz question.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Quiz {
    /// The question.
    pub question: String,
    /// Two to ten choices.
    pub choices: Vec<String>,
    /// Index of the right one, from 0.
    pub answer: usize,
    /// Why it is right.
    pub explanation: String,
    /// Paragraphs.
    #[serde(default)]
    pub cites: Vec<String>,
    /// The entry that says more.
    #[serde(default)]
    pub entry: Option<String>,
}

impl Gap {
    /// All its ways of asking, the topic first.
    pub fn ways(&self) -> impl Iterator<Item = &String> {
        std::iter::once(&self.topic).chain(&self.ask)
    }
}

impl Knowledge {
    /// The ways of asking of each target: entries first, gaps after them, in the order of the file.
    pub fn ways(&self) -> impl Iterator<Item = Box<dyn Iterator<Item = &String> + '_>> {
        let entries = self.entries.iter().map(|e| Box::new(e.ways()) as Box<dyn Iterator<Item = &String>>);
        entries.chain(self.gaps.iter().map(|g| Box::new(g.ways()) as Box<dyn Iterator<Item = &String>>))
    }

    /// The statements that claims are judged by: of each fact its true ways, the statement itself first, and its
    /// misreadings; then of each topic outside the paper.
    pub fn statements(&self) -> impl Iterator<Item = Vec<&String>> {
        let sides =
            self.facts.iter().flat_map(|f| [std::iter::once(&f.statement).chain(&f.truths).collect(), f.misreadings.iter().collect()]);
        sides.chain(self.unaddressed.iter().map(|outside| outside.statements.iter().collect()))
    }

    /// Number of an entry by its id.
    pub fn entry_number(&self, id: &str) -> Option<u32> {
        self.entries.iter().position(|e| e.id == id).map(|i| i as u32)
    }

    /// Number of a target, an entry or a gap, by its id.
    pub fn target_number(&self, id: &str) -> Option<u32> {
        let gap = || self.gaps.iter().position(|g| g.id == id).map(|i| (self.entries.len() + i) as u32);
        self.entry_number(id).or_else(gap)
    }

    /// Takes over everything of another part.
    pub fn merge(&mut self, part: Self) {
        self.paper = self.paper.take().or(part.paper);
        self.paragraphs.extend(part.paragraphs);
        self.terms.extend(part.terms);
        self.absent.extend(part.absent);
        self.synonyms.extend(part.synonyms);
        self.opposites.extend(part.opposites);
        self.entries.extend(part.entries);
        self.facts.extend(part.facts);
        self.unaddressed.extend(part.unaddressed);
        self.gaps.extend(part.gaps);
        self.turns.extend(part.turns);
        self.events.extend(part.events);
        self.discussion.extend(part.discussion);
        self.quiz.extend(part.quiz);
    }
}
