//! The engine: a question in, an [`Answer`] out.
//!
//! [`Engine::query`] reads a question and the conversation before it; [`Engine::answer`] ranks and decides. An encoder,
//! where there is one, runs between the two: it embeds [`Query::text`], and its similarities join the evidence.
//!
//! Decisions rest on absolute scores. *Confidence* is the chance that the best target is right, fitted on ways of asking
//! kept aside. Above one threshold the answer is given; above a lower one up to three questions are suggested; below it,
//! or where a gap wins, the bot declines and names the nearest thing that the paper does say.

use super::claim::{Check, Claims};
use super::explain::Explanation;
use super::index::{Hit, Index, IndexBuilder};
use super::knowledge::{Entry, Gap, Kind, Knowledge};
use super::lexicon::{Analysis, Lexicon, TermId, ThingId, Word};
use super::question::{self, Smalltalk};
use super::rank::{self, Evidence, Ranked, WEIGHTS, Weights};
use rustc_hash::FxHashSet;
use serde::{Deserialize, Serialize};

/// Confidence from which an answer is given.
pub const ANSWER_AT: f32 = 0.50;
/// Confidence from which questions are suggested.
pub const SUGGEST_AT: f32 = 0.25;
/// Share of the best score that a second entry needs to be added, if it shares a paragraph.
const SECOND_AT: f32 = 0.93;
/// Words that an answer may have with a second entry added.
const MAX_WORDS: usize = 110;
/// Citations that an answer may have.
const MAX_CITES: usize = 6;
/// Leaning from which the conversation is heard.
const LEANS_AT: f32 = 0.3;
/// Exchanges of a conversation that are remembered.
pub const MEMORY: usize = 4;

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
    parts: Vec<Part>,
    talk: Option<Smalltalk>,
    foreign: bool,
    states: bool,
}

struct Part {
    analysis: Analysis,
    kind: Option<Kind>,
    context: Option<Context>,
}

/// What a leaning question takes from the conversation.
struct Context {
    leaning: f32,
    /// The question with what it leaves out taken from the one before.
    merged: Analysis,
    /// Targets of the last exchanges and how recent they are, 1 being the last.
    targets: Vec<(u32, f32)>,
}

/// What the core decided; `wording` puts it into sentences.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// One entry, or more where a message asks several things or two entries are close.
    Found {
        /// The entries, the best first. Only the first is given in full.
        entries: Vec<u32>,
        /// Whether the message asked several things, so that all entries are given in full.
        several: bool,
        /// Chance that the first is right.
        confidence: f32,
    },
    /// Not sure: up to three entries that may be meant.
    Suggested {
        /// The entries, the best first.
        entries: Vec<u32>,
        /// Chance that the first is right.
        confidence: f32,
    },
    /// The paper does not say.
    NotAddressed {
        /// The gap that the question is about, if it is a known one.
        gap: Option<u32>,
        /// The entry nearest to it.
        nearest: Option<u32>,
        /// Chance that the nearest entry would have been right.
        confidence: f32,
    },
    /// A claim was typed where a question was expected.
    Checked(Check),
    /// Nothing was asked.
    Smalltalk(Smalltalk),
    /// Another language than the knowledge file's.
    Foreign,
}

/// The knowledge of one paper, ready to answer. It serialises, so that the built-in paper's indexes are made when the
/// program is built and not each time it starts.
#[derive(Serialize, Deserialize)]
pub struct Engine {
    knowledge: Knowledge,
    lexicon: Lexicon,
    ways: Index,
    bodies: Index,
    followups: Index,
    targets: Vec<Target>,
    claims: Claims,
    #[serde(skip, default = "default_weights")]
    weights: Weights,
}

/// What the ranking knows about an entry or gap.
#[derive(Serialize, Deserialize)]
struct Target {
    kind: Option<Kind>,
    /// Names that its texts mention.
    things: FxHashSet<ThingId>,
    /// Numbers in its texts.
    numbers: FxHashSet<TermId>,
    /// Its subjects.
    about: Vec<ThingId>,
    cites: Vec<String>,
    related: Vec<u32>,
}

impl Engine {
    /// Builds the indexes. The knowledge must have been loaded by [`super::load`], which checks every reference.
    pub fn new(knowledge: Knowledge) -> Self {
        let mut lexicon = Lexicon::new(&knowledge);
        let count = knowledge.entries.len() + knowledge.gaps.len();
        let position = |id: &str| knowledge.entries.iter().position(|e| e.id == id).map(|i| i as u32);
        let mut ways = IndexBuilder::default();
        let mut bodies = IndexBuilder::default();
        let mut followups = IndexBuilder::default();
        let mut targets = Vec::with_capacity(count);
        for entry in &knowledge.entries {
            let number = targets.len() as u32;
            let mut target = Target {
                kind: entry.kind,
                things: FxHashSet::default(),
                numbers: FxHashSet::default(),
                about: entry.about.iter().flat_map(|name| lexicon.things_in(name)).collect(),
                cites: entry.cites.clone(),
                related: entry.related.iter().filter_map(|id| position(id)).collect(),
            };
            target.add_ways(&mut lexicon, &mut ways, number, entry.question.iter().chain(&entry.ask));
            for followup in &entry.followups {
                followups.add(number, &lexicon.learn(followup).terms);
            }
            let body = lexicon.learn(&format!("{} {}", entry.title(), entry.answer));
            target.note(&body);
            bodies.add(number, &body.terms);
            targets.push(target);
        }
        for gap in &knowledge.gaps {
            let number = targets.len() as u32;
            let nearest = gap.nearest.as_deref().and_then(position);
            let mut target = Target {
                kind: None,
                things: FxHashSet::default(),
                numbers: FxHashSet::default(),
                about: gap.about.iter().flat_map(|name| lexicon.things_in(name)).collect(),
                cites: nearest.map(|n| knowledge.entries[n as usize].cites.clone()).unwrap_or_default(),
                related: nearest.into_iter().collect(),
            };
            target.add_ways(&mut lexicon, &mut ways, number, std::iter::once(&gap.topic).chain(&gap.ask));
            for followup in &gap.followups {
                followups.add(number, &lexicon.learn(followup).terms);
            }
            targets.push(target);
        }
        let claims = Claims::new(&knowledge, &lexicon);
        let terms = lexicon.len();
        Self {
            ways: ways.build(terms, count),
            bodies: bodies.build(terms, count),
            followups: followups.build(terms, count),
            knowledge,
            lexicon,
            targets,
            claims,
            weights: WEIGHTS,
        }
    }

    /// The same engine with other weights, for calibration.
    pub fn with_weights(mut self, weights: Weights) -> Self {
        self.weights = weights;
        self
    }

    /// The knowledge behind the answers.
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
        let talk = question::smalltalk(&words);
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
        for (term, weight) in self.lexicon.analyze_words(kept).terms {
            add(term, weight * 0.5);
        }
        // What it was about stands in for "it", unless another name of that kind does.
        for target in last.targets.iter().take(1) {
            for thing in &self.targets[*target as usize].about {
                if !replaced(*thing) {
                    add(self.lexicon.thing_term(*thing), 0.6);
                }
            }
        }
        terms.sort_unstable_by_key(|(term, _)| *term);
        Analysis { words: analysis.words.clone(), mentions: analysis.mentions.clone(), terms, unknown: analysis.unknown }
    }

    /// Decides what to say. `similarity` holds one value for each target, from an embedding of [`Query::text`].
    pub fn answer(&self, query: &Query, similarity: Option<&[f32]>) -> Answer {
        self.answer_at(query, similarity, ANSWER_AT)
    }

    /// Decides with another threshold for answers than [`ANSWER_AT`].
    pub fn answer_at(&self, query: &Query, similarity: Option<&[f32]>, answer_at: f32) -> Answer {
        if let Some(talk) = query.talk {
            return Answer::Smalltalk(talk);
        }
        if query.foreign {
            return Answer::Foreign;
        }
        let whole = self.decide(&query.parts[0], similarity, answer_at);
        let answer = match query.parts.len() {
            1 => whole,
            _ => self.join(whole, query, answer_at),
        };
        if query.states && !matches!(answer, Answer::Found { confidence, .. } if confidence > 0.8) {
            let check = self.check(&query.text);
            if check.verdict != super::Verdict::NotAddressed {
                return Answer::Checked(check);
            }
        }
        answer
    }

    /// Chooses between a message read as a whole and its parts read one by one.
    fn join(&self, whole: Answer, query: &Query, answer_at: f32) -> Answer {
        let parts: Vec<Answer> = query.parts[1..].iter().map(|part| self.decide(part, None, answer_at)).collect();
        let mut found: Vec<u32> = Vec::new();
        let mut least = 1f32;
        for part in &parts {
            if let Answer::Found { entries, confidence, .. } = part
                && *confidence >= answer_at.max(0.7)
                && !found.contains(&entries[0])
            {
                found.push(entries[0]);
                least = least.min(*confidence);
            }
        }
        found.truncate(3);
        if found.len() > 1 && self.fits(&found) {
            return Answer::Found { entries: found, several: true, confidence: least };
        }
        // The last part usually asks; what comes before it explains.
        let sure = |answer: &Answer| match answer {
            Answer::Found { confidence, .. } => *confidence,
            _ => 0.0,
        };
        let best = parts.into_iter().rev().max_by(|a, b| sure(a).total_cmp(&sure(b)));
        match best {
            Some(part) if sure(&part) > sure(&whole).max(0.6) && !matches!(whole, Answer::NotAddressed { gap: Some(_), .. }) => part,
            _ => whole,
        }
    }

    fn decide(&self, part: &Part, similarity: Option<&[f32]>, answer_at: f32) -> Answer {
        let ranked = self.rank(part, similarity);
        let confidence = confidence(&ranked, |t| self.gap(t).is_some());
        let entries: Vec<&Ranked> = ranked.iter().filter(|r| self.gap(r.target).is_none()).collect();
        let (Some(first), Some(best)) = (ranked.first(), entries.first()) else {
            return Answer::NotAddressed { gap: None, nearest: None, confidence: 0.0 };
        };
        let gap = self.gap(first.target).is_some().then_some(first.target);
        if gap.is_none() && confidence >= answer_at {
            let mut found = vec![best.target];
            if let Some(second) = entries.get(1)
                && second.score >= SECOND_AT * best.score
                && self.shares_paragraph(best.target, second.target)
                && self.fits_with_short(best.target, second.target)
            {
                found.push(second.target);
            }
            return Answer::Found { entries: found, several: false, confidence };
        }
        if gap.is_none() && confidence >= SUGGEST_AT {
            let entries = entries.iter().take(3).filter(|r| r.score >= 0.6 * best.score).map(|r| r.target).collect();
            return Answer::Suggested { entries, confidence };
        }
        let nearest = match gap.and_then(|g| self.targets[g as usize].related.first()) {
            Some(nearest) => Some(*nearest),
            None => (best.score > 0.25).then_some(best.target),
        };
        Answer::NotAddressed { gap, nearest, confidence }
    }

    /// All targets with their evidence for a message read as a whole, the best first.
    pub fn ranked(&self, query: &Query) -> Vec<Ranked> {
        self.rank(&query.parts[0], None)
    }

    /// Ranks all targets for one part of a message.
    fn rank(&self, part: &Part, similarity: Option<&[f32]>) -> Vec<Ranked> {
        let mut evidence = vec![Evidence::default(); self.targets.len()];
        let analysis = &part.analysis;
        let gather = |evidence: &mut Vec<Evidence>, hits: Vec<Hit>, factor: f32| {
            for hit in hits {
                let slot = &mut evidence[hit.owner as usize];
                slot.best = slot.best.max(hit.best * factor);
                slot.top = slot.top.max(hit.top * factor);
                slot.bm25 = slot.bm25.max(hit.bm25 * factor);
            }
        };
        gather(&mut evidence, self.ways.search(&analysis.terms, analysis.unknown), 1.0);
        for hit in self.bodies.search(&analysis.terms, analysis.unknown) {
            evidence[hit.owner as usize].body = hit.best;
        }
        if let Some(context) = &part.context {
            gather(&mut evidence, self.ways.search(&context.merged.terms, analysis.unknown), 1.0);
            let near = self.nearness(&context.targets);
            for hit in self.followups.search(&analysis.terms, analysis.unknown) {
                evidence[hit.owner as usize].followup = hit.best * near[hit.owner as usize] * context.leaning;
            }
            for (slot, near) in evidence.iter_mut().zip(near) {
                slot.context = near * context.leaning;
            }
        }
        let things: Vec<ThingId> = analysis.mentions.iter().map(|m| m.thing).filter(|t| !self.lexicon.is_concept(*t)).collect();
        let numbers: Vec<Option<TermId>> = analysis.words.iter().filter(|w| w.number).map(|w| w.stem).collect();
        let named = things.len() + numbers.len();
        let mut ranked = Vec::with_capacity(evidence.len());
        for (number, (mut evidence, target)) in evidence.into_iter().zip(&self.targets).enumerate() {
            if evidence.best == 0.0 && evidence.followup == 0.0 && similarity.is_none() {
                continue;
            }
            evidence.kind = question::kind_agreement(part.kind, target.kind);
            if named > 0 {
                let known = things.iter().filter(|t| target.things.contains(t)).count()
                    + numbers.iter().filter(|n| n.is_some_and(|n| target.numbers.contains(&n))).count();
                evidence.names = known as f32 / named as f32 - 1.0;
            }
            evidence.similarity = similarity.map(|s| s[number]);
            ranked.push(Ranked { target: number as u32, score: evidence.score(&self.weights), evidence });
        }
        rank::sort(&mut ranked);
        ranked
    }

    /// How near each target is to what the conversation was about, 0 to 1.
    fn nearness(&self, recent: &[(u32, f32)]) -> Vec<f32> {
        let mut near = vec![0f32; self.targets.len()];
        for (target, recency) in recent {
            let last = &self.targets[*target as usize];
            for (number, other) in self.targets.iter().enumerate() {
                let number = number as u32;
                let mut value = 0.0f32;
                if other.cites.iter().any(|c| last.cites.contains(c)) {
                    value = 0.5;
                }
                if other.about.iter().any(|t| last.about.contains(t)) {
                    value += 0.3;
                }
                if last.related.contains(&number) || other.related.contains(target) {
                    value = value.max(0.8) + 0.1;
                }
                if number == *target {
                    value = 0.5; // the same again is rarely asked
                }
                near[number as usize] = near[number as usize].max(value * recency);
            }
        }
        near
    }

    fn shares_paragraph(&self, a: u32, b: u32) -> bool {
        let (a, b) = (&self.targets[a as usize], &self.targets[b as usize]);
        a.cites.iter().any(|c| b.cites.contains(c))
    }

    /// Whether several answers in full keep to what a chat message may have.
    fn fits(&self, entries: &[u32]) -> bool {
        let words: usize = entries.iter().filter_map(|e| self.entry(*e)).map(|e| e.answer.split_whitespace().count()).sum();
        words <= MAX_WORDS && self.cites(entries).len() <= MAX_CITES
    }

    fn fits_with_short(&self, first: u32, second: u32) -> bool {
        let (Some(a), Some(b)) = (self.entry(first), self.entry(second)) else { return false };
        a.answer.split_whitespace().count() + first_sentence(&b.answer).split_whitespace().count() <= MAX_WORDS
            && self.cites(&[first, second]).len() <= MAX_CITES
    }

    /// The citations of several entries, each once.
    pub fn cites(&self, entries: &[u32]) -> Vec<String> {
        let mut cites: Vec<String> = Vec::new();
        for cite in entries.iter().filter_map(|e| self.entry(*e)).flat_map(|e| &e.cites) {
            if !cites.contains(cite) {
                cites.push(cite.clone());
            }
        }
        cites
    }

    /// The words of an answer: the first entry in full, others by their first sentence, or all in full.
    pub fn answer_text(&self, entries: &[u32], several: bool) -> String {
        let mut text = String::new();
        for (i, entry) in entries.iter().filter_map(|e| self.entry(*e)).enumerate() {
            let part = if i == 0 || several { &entry.answer } else { first_sentence(&entry.answer) };
            if !text.is_empty() {
                text.push_str(if several { "\n\n" } else { " " });
            }
            text.push_str(part.trim());
        }
        text
    }

    /// What a later question may lean on: the targets of an answer.
    pub fn targets_of(answer: &Answer) -> Vec<u32> {
        match answer {
            Answer::Found { entries, .. } => entries.clone(),
            Answer::Suggested { entries, .. } => entries.iter().take(1).copied().collect(),
            Answer::NotAddressed { gap, nearest, .. } => gap.iter().chain(nearest).copied().collect(),
            Answer::Checked(check) => check.entry.into_iter().collect(),
            Answer::Smalltalk(_) | Answer::Foreign => Vec::new(),
        }
    }

    /// Checks a claim against the paper's facts.
    pub fn check(&self, claim: &str) -> Check {
        self.claims.check(&self.lexicon, claim)
    }

    /// The statements that claims are judged by.
    pub fn claims(&self) -> &Claims {
        &self.claims
    }

    /// Shows how a claim's verdict came about.
    pub fn explain_check(&self, claim: &str) -> Explanation {
        self.claims.explain(&self.lexicon, &self.knowledge, claim)
    }

    /// Shows how the best targets of a question came by their scores.
    pub fn explain(&self, query: &Query, similarity: Option<&[f32]>) -> Explanation {
        let part = &query.parts[0];
        let ranked = self.rank(part, similarity);
        let mut root = Explanation::new(
            confidence(&ranked, |t| self.gap(t).is_some()),
            format!("confidence; kind asked: {}", part.kind.map_or("any".into(), |k| format!("{k:?}").to_lowercase())),
        );
        let mut terms = Explanation::new(part.analysis.terms.len() as f32, "terms read");
        for (term, weight) in &part.analysis.terms {
            let idf = self.ways.idf(*term);
            terms.add(Explanation::new(weight * idf, format!("{} (weight {weight:.2}, idf {idf:.2})", self.lexicon.show(*term))));
        }
        terms.details.sort_by(|a, b| b.value.total_cmp(&a.value));
        root.add(terms);
        for ranked in ranked.iter().take(5) {
            let label = match (self.entry(ranked.target), self.gap(ranked.target)) {
                (Some(entry), _) => format!("entry {}", entry.id),
                (_, Some(gap)) => format!("gap {}", gap.id),
                _ => String::new(),
            };
            root.add(ranked.evidence.explain(&self.weights, label));
        }
        root
    }
}

impl Target {
    fn add_ways<'a>(&mut self, lexicon: &mut Lexicon, ways: &mut IndexBuilder, number: u32, texts: impl Iterator<Item = &'a String>) {
        for text in texts {
            let analysis = lexicon.learn(text);
            self.note(&analysis);
            ways.add(number, &analysis.terms);
        }
    }

    fn note(&mut self, analysis: &Analysis) {
        self.things.extend(analysis.mentions.iter().map(|m| m.thing));
        self.numbers.extend(analysis.words.iter().filter(|w| w.number).filter_map(|w| w.stem));
    }
}

fn default_weights() -> Weights {
    WEIGHTS
}

/// Chance that the best entry is right: it rises with its score and falls where a gap is near it.
fn confidence(ranked: &[Ranked], is_gap: impl Fn(u32) -> bool) -> f32 {
    let Some(best) = ranked.iter().find(|r| !is_gap(r.target)) else { return 0.0 };
    let gap = ranked.iter().find(|r| is_gap(r.target)).map_or(0.0, |r| r.score);
    let logit = -5.0 + 9.0 * best.score + 6.0 * (best.score - gap).clamp(-0.5, 0.3);
    1.0 / (1.0 + (-logit).exp())
}

/// The first sentence of a curated answer.
pub fn first_sentence(text: &str) -> &str {
    question::sentences(text).into_iter().next().unwrap_or(text)
}
