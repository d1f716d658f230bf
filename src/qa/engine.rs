//! The engine: the knowledge of one paper, indexed and ready.
//!
//! [`Engine::query`] reads a question and the conversation before it; [`Engine::answer`] ranks the *targets* (entries and
//! gaps) and decides. An encoder, where there is one, runs between the two: it embeds [`Query::text`], and its
//! similarities take the place of the table's.

use super::claim::{Check, Claims, Sense, Similarity};
use super::explain::Explanation;
use super::index::{Index, IndexBuilder};
use super::knowledge::{Entry, Gap, Kind, Knowledge};
use super::lexicon::{Analysis, Lexicon, TermId, ThingId, Word};
use super::meaning::{Meaning, MeaningBuilder, kept};
use super::question;
use super::smalltalk::{Smalltalk, smalltalk};
use super::table::Table;
use super::turns::Turns;
use rustc_hash::FxHashSet;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// Leaning from which the conversation is heard.
const LEANS_AT: f32 = 0.3;
/// Exchanges of a conversation that are remembered.
pub const MEMORY: usize = 4;
/// Weight of a word that is taken over from the question before, and of what that was about.
const TAKEN_OVER: f32 = 0.5;
const ABOUT: f32 = 0.6;

/// A question and what it was answered with.
#[derive(Debug, Clone)]
pub struct Exchange {
    /// What the person typed.
    pub text: String,
    /// The targets that it was about, the best first.
    pub targets: Vec<u32>,
}

/// A question, read.
pub struct Query {
    /// What an encoder should embed.
    pub text: String,
    /// The parts of the message that ask, each on its own; at least one.
    pub(super) parts: Vec<Part>,
    pub(super) talk: Option<Smalltalk>,
    pub(super) foreign: bool,
    pub(super) states: bool,
}

impl Query {
    /// Whether the message, read as a whole, leans on the conversation before it.
    pub fn leans(&self) -> bool {
        self.parts[0].context.is_some()
    }
}

/// One question of a message.
pub(super) struct Part {
    pub analysis: Analysis,
    pub kind: Option<Kind>,
    pub context: Option<Context>,
}

/// What a leaning question takes from the conversation.
pub(super) struct Context {
    pub leaning: f32,
    /// The question with what it leaves out taken from the one before.
    pub merged: Analysis,
    /// Targets of the last exchanges and how recent they are, 1 being the last.
    pub targets: Vec<(u32, f32)>,
}

/// The knowledge of one paper, ready to answer. It serialises, so that the built-in paper's indexes are made when the
/// program is built and not each time it starts.
#[derive(Serialize, Deserialize)]
#[serde(bound(deserialize = "'de: 'static"))]
pub struct Engine {
    pub(super) knowledge: Knowledge,
    pub(super) lexicon: Lexicon,
    pub(super) ways: Index,
    pub(super) bodies: Index,
    pub(super) followups: Index,
    pub(super) turns: Turns,
    pub(super) targets: Vec<Target>,
    pub(super) claims: Claims,
    /// How many vectors each class keeps beside its prototype.
    kept: Vec<u32>,
    /// Whether the texts that were only needed for indexing were taken out.
    light: bool,
    /// Vectors of meaning, where there is a table.
    #[serde(skip)]
    pub(super) meaning: Option<Meaning>,
}

/// What the ranking knows about an entry or gap.
#[derive(Serialize, Deserialize)]
pub(super) struct Target {
    pub kind: Option<Kind>,
    /// Names that its texts mention.
    pub things: FxHashSet<ThingId>,
    /// Numbers in its texts.
    pub numbers: FxHashSet<TermId>,
    /// Its subjects.
    pub about: Vec<ThingId>,
    pub cites: Vec<String>,
    pub related: Vec<u32>,
}

impl Engine {
    /// Builds the indexes. The knowledge must have been loaded by [`super::load`], which checks every reference. With a
    /// table of word-piece vectors, meaning joins the ranking.
    pub fn new(knowledge: Knowledge, table: Option<Table>) -> Self {
        let mut lexicon = Lexicon::new(&knowledge);
        let count = knowledge.entries.len() + knowledge.gaps.len();
        let mut ways = IndexBuilder::default();
        let mut bodies = IndexBuilder::default();
        let mut followups = IndexBuilder::default();
        let mut meanings = table.map(MeaningBuilder::new);
        let mut targets: Vec<Target> = Vec::with_capacity(count);
        let mut texts: Vec<Texts> = Vec::with_capacity(count);
        for entry in &knowledge.entries {
            let related = entry.related.iter().filter_map(|id| knowledge.entry_number(id)).collect();
            targets.push(Target::new(&lexicon, entry.kind, &entry.about, entry.cites.clone(), related));
            texts.push(Texts::read(&lexicon, entry.ways(), &entry.followups, Some(format!("{} {}", entry.title(), entry.answer))));
        }
        for gap in &knowledge.gaps {
            let nearest = gap.nearest.as_deref().and_then(|id| knowledge.entry_number(id));
            let cites = nearest.map(|n| knowledge.entries[n as usize].cites.clone()).unwrap_or_default();
            targets.push(Target::new(&lexicon, None, &gap.about, cites, nearest.into_iter().collect()));
            texts.push(Texts::read(&lexicon, gap.ways(), &gap.followups, None));
        }
        lexicon.learn_pairs(texts.iter().flat_map(|t| t.ways.iter().chain(&t.followups).chain(&t.body)).map(Vec::as_slice));
        for ((number, texts), target) in (0..).zip(texts).zip(&mut targets) {
            let asked: Vec<Analysis> = texts.ways.into_iter().map(|way| lexicon.analyze_words(way)).collect();
            for analysis in &asked {
                target.note(analysis);
                ways.add(number, &analysis.terms);
            }
            for followup in texts.followups {
                followups.add(number, &lexicon.analyze_words(followup).terms);
            }
            if let Some(body) = texts.body.map(|body| lexicon.analyze_words(body)) {
                target.note(&body);
                bodies.add(number, &body.terms);
            }
            if let Some(meanings) = &mut meanings {
                meanings.add(&lexicon, asked.iter().map(|analysis| (analysis.words.as_slice(), analysis.mentions.as_slice())));
            }
        }
        let turns = Turns::new(&knowledge.turns, &lexicon, |id| knowledge.target_number(id));
        let claims = Claims::new(&knowledge, &lexicon, meanings.as_mut());
        let terms = lexicon.len();
        let meaning = meanings.map(MeaningBuilder::build);
        Self {
            kept: kept(&knowledge).map(|count| count as u32).collect(),
            light: false,
            ways: ways.build(terms, count),
            bodies: bodies.build(terms, count),
            followups: followups.build(terms, count),
            turns,
            knowledge,
            lexicon,
            targets,
            claims,
            meaning,
        }
    }

    /// Joins the vectors that [`Engine::meaning`] had to an engine that was read back; says whether they fit.
    pub fn join_vectors(&mut self, table: Table, bytes: Cow<'static, [u8]>) -> bool {
        self.meaning = Meaning::new(table, &self.kept, self.targets.len(), bytes);
        self.meaning.is_some()
    }

    /// The table and its vectors of all targets, where there is a table.
    pub fn meaning(&self) -> Option<&Meaning> {
        self.meaning.as_ref()
    }

    /// Whether a table of word-piece vectors is in use.
    pub fn has_table(&self) -> bool {
        self.meaning.is_some()
    }

    /// Takes out the ways of asking and the statements: they are indexed, and as texts they would be most of the memory.
    pub fn lighten(&mut self) {
        let asked = (self.knowledge.entries.iter_mut()).map(|e| (e.question.is_none(), &mut e.ask, &mut e.followups));
        for (titled, ask, followups) in asked.chain(self.knowledge.gaps.iter_mut().map(|g| (false, &mut g.ask, &mut g.followups))) {
            ask.truncate(usize::from(titled));
            followups.clear();
        }
        for fact in &mut self.knowledge.facts {
            fact.truths.clear();
            fact.misreadings.clear();
        }
        self.knowledge.unaddressed.iter_mut().for_each(|topic| topic.statements.clear());
        self.knowledge.turns.clear();
        self.light = true;
    }

    /// Whether [`Engine::lighten`] was called.
    pub fn is_light(&self) -> bool {
        self.light
    }

    /// The knowledge behind the answers; without ways of asking and statements if the engine is light.
    pub fn knowledge(&self) -> &Knowledge {
        &self.knowledge
    }

    /// The lexicon of the knowledge.
    pub fn lexicon(&self) -> &Lexicon {
        &self.lexicon
    }

    /// An entry, if the target is one.
    pub fn entry(&self, target: u32) -> Option<&Entry> {
        self.knowledge.entries.get(target as usize)
    }

    /// A gap, if the target is one.
    pub fn gap(&self, target: u32) -> Option<&Gap> {
        (target as usize).checked_sub(self.knowledge.entries.len()).and_then(|i| self.knowledge.gaps.get(i))
    }

    /// Reads a message in the light of the conversation before it, the latest exchange last.
    pub fn query(&self, text: &str, history: &[Exchange]) -> Query {
        let words = self.lexicon.read(text);
        let talk = smalltalk(&words);
        let states = question::states(text, &words);
        let whole = self.lexicon.analyze_words(words);
        let foreign = talk.is_none() && question::foreign(text, &whole);
        let asked = question::parts(text);
        let mut parts = vec![self.part(whole, history)];
        if asked.len() > 1 {
            parts.extend(asked.iter().map(|part| self.part(self.lexicon.analyze(part), history)));
        }
        Query { text: text.to_owned(), parts, talk, foreign, states }
    }

    fn part(&self, analysis: Analysis, history: &[Exchange]) -> Part {
        let kind = question::kind_asked(&analysis.words);
        let leaning = question::leaning(&analysis);
        let context = history.last().filter(|_| leaning >= LEANS_AT).map(|last| {
            let mut targets: Vec<(u32, f32)> = Vec::new();
            let mut recency = 1.0;
            for exchange in history.iter().rev().take(MEMORY) {
                for target in exchange.targets.iter().take(2) {
                    if !targets.iter().any(|(t, _)| t == target) {
                        targets.push((*target, recency));
                    }
                }
                recency *= 0.5;
            }
            Context { leaning, merged: self.merge(&analysis, last), targets }
        });
        Part { analysis, kind, context }
    }

    /// Completes a leaning question by the one before: its words at a lower weight, less the names that a name of the
    /// same kind now replaces ("Who arms Azerbaijan?" - "What about Belarus?").
    fn merge(&self, analysis: &Analysis, last: &Exchange) -> Analysis {
        let before = self.lexicon.analyze(&last.text);
        let replaced = |thing: ThingId| {
            let kind = self.lexicon.thing(thing).kind;
            kind.is_some() && analysis.mentions.iter().any(|m| self.lexicon.thing(m.thing).kind == kind)
        };
        let mut terms: Vec<(TermId, f32)> = analysis.terms.clone();
        let mut kept: Vec<Word> = Vec::new();
        for (i, word) in before.words.iter().enumerate() {
            let out = before.mentions.iter().any(|m| (m.start..m.end).contains(&i) && replaced(m.thing));
            if !out && !word.function {
                kept.push(word.clone());
            }
        }
        let mut add = |term: TermId, weight: f32| {
            if !terms.iter().any(|(t, _)| *t == term) {
                terms.push((term, weight));
            }
        };
        let words: Vec<Word> = analysis.words.iter().chain(&kept).cloned().collect();
        let mentions = self.lexicon.mentions_in(&words);
        for (term, weight) in self.lexicon.analyze_words(kept).terms {
            add(term, weight * TAKEN_OVER);
        }
        // What it was about stands in for "it", unless another name of that kind does.
        for target in last.targets.iter().take(1) {
            for thing in &self.targets[*target as usize].about {
                if !replaced(*thing) {
                    add(self.lexicon.thing_term(*thing), ABOUT);
                }
            }
        }
        terms.sort_unstable_by_key(|(term, _)| *term);
        Analysis { words, mentions, terms, unknown: analysis.unknown }
    }

    /// Checks a claim against the paper's facts. `similarity` has an encoder's value for each class.
    pub fn check(&self, claim: &str, similarity: Option<&[f32]>) -> Check {
        self.claims.check(&self.lexicon, claim, self.sense(similarity), self.sense(None))
    }

    /// What is told about a claim beside its statements.
    pub fn sense<'a>(&'a self, similarity: Option<&'a [f32]>) -> Sense<'a> {
        let meaning = match (similarity.and_then(|values| values.get(self.targets.len()..)), &self.meaning) {
            (Some(of_statements), _) if !of_statements.is_empty() => Similarity::Encoder(of_statements),
            (_, Some(meaning)) => Similarity::Table(meaning),
            (_, None) => Similarity::Words,
        };
        Sense { meaning, ways: &self.ways, first_gap: self.knowledge.entries.len() as u32 }
    }

    /// The statements that claims are judged by.
    pub fn claims(&self) -> &Claims {
        &self.claims
    }

    /// Shows how a claim's verdict came about.
    pub fn explain_check(&self, claim: &str, similarity: Option<&[f32]>) -> Explanation {
        self.claims.explain(&self.lexicon, &self.knowledge, claim, self.sense(similarity))
    }
}

/// The texts of a target, read into words.
struct Texts {
    ways: Vec<Vec<Word>>,
    followups: Vec<Vec<Word>>,
    body: Option<Vec<Word>>,
}

impl Texts {
    fn read<'a>(lexicon: &Lexicon, ways: impl Iterator<Item = &'a String>, followups: &[String], body: Option<String>) -> Self {
        let read = |text: &String| lexicon.read(text);
        Self { ways: ways.map(read).collect(), followups: followups.iter().map(read).collect(), body: body.as_ref().map(read) }
    }
}

impl Target {
    fn new(lexicon: &Lexicon, kind: Option<Kind>, about: &[String], cites: Vec<String>, related: Vec<u32>) -> Self {
        let about = about.iter().flat_map(|name| lexicon.things_in(name)).collect();
        Self { kind, things: FxHashSet::default(), numbers: FxHashSet::default(), about, cites, related }
    }

    fn note(&mut self, analysis: &Analysis) {
        self.things.extend(analysis.mentions.iter().map(|m| m.thing));
        self.numbers.extend(analysis.words.iter().filter(|w| w.number).filter_map(|w| w.stem));
    }
}
