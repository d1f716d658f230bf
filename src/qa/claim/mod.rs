//! Checking claims: supported, contradicted, or not addressed by the paper.
//!
//! A claim is compared with every curated *statement*: true ways of saying a fact, misreadings of it, and statements that
//! the paper does not address. Finding the fact is the easier half. The *direction* needs two witnesses who do not copy
//! each other: the nearest statements, and the record compared sign by sign (see [`signs`]). Where they do not agree the
//! verdict is "not addressed as you put it", together with what the paper does say; a wrong direction is worse than none.

mod evidence;
mod polarity;
mod reading;
mod signs;
pub mod witness;

use super::explain::Explanation;
use super::index::{Index, IndexBuilder};
use super::knowledge::{Fact, Knowledge, SaidBy};
use super::lexicon::{Lexicon, ThingId};
use super::meaning::MeaningBuilder;
use super::question;
use super::rank::chance;
pub use evidence::{Evidence, Sense, Similarity};
use reading::{Pairs, Reading};
use rustc_hash::{FxHashMap, FxHashSet};
use serde::{Deserialize, Serialize};
use signs::{OppositeTable, Signs};
use witness::{ADDRESSED_NAMES, DIRECTION_NAMES, ENCODER, LEXICAL, Models, TABLE};

/// Chance from which a claim counts as addressed.
pub const ADDRESSED_AT: f32 = 0.5;
/// Smoothing of counts.
const SMOOTH: f32 = 1.0;
/// Chance from which a direction is given, for either side.
pub const DIRECTION_AT: f32 = 0.55;
/// Confidence from which a claim falls with one of its clauses; a clause is judged out of its setting.
const CLAUSE_AT: f32 = 0.9;

/// What the paper says of a claim; never a finding about the world.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The paper says so.
    Supported,
    /// The paper says otherwise.
    Contradicted,
    /// The paper does not say, or not in a way that decides the claim.
    NotAddressed,
}

/// The outcome of checking a claim.
#[derive(Debug, Clone, PartialEq)]
pub struct Check {
    /// The verdict.
    pub verdict: Verdict,
    /// The fact that decides it, or the nearest one.
    pub fact: Option<u32>,
    /// The entry that says more about it.
    pub entry: Option<u32>,
    /// Whether the paper speaks of the matter, though not so that it decides the claim.
    pub near: bool,
    /// Chance that the verdict is right.
    pub confidence: f32,
}

/// The statements of a knowledge file, ready to judge claims.
#[derive(Serialize, Deserialize)]
#[serde(bound(deserialize = "'de: 'static"))]
pub struct Claims {
    /// Four owners a fact: true ways, those of them that deny their content, misreadings, those of them that deny; then the
    /// topics outside the paper. A misreading that denies its content, as a true way that does not, has content that fits.
    index: Index,
    /// Signs of each document of `index`.
    signs: Vec<Signs>,
    facts: Vec<FactSigns>,
    opposites: OppositeTable,
    pairs: Pairs,
    /// Entry number of each fact.
    entries: Vec<Option<u32>>,
    count: usize,
}

/// What all statements of one fact have in common. Names and numbers are those of contents: *fitting* where they agree
/// with the fact, *unfit* where they do not.
#[derive(Serialize, Deserialize)]
struct FactSigns {
    said_by: SaidBy,
    closed: bool,
    record: FxHashSet<ThingId>,
    /// Names that most of its statements have, true or not: what it is about.
    subjects: Vec<ThingId>,
    fitting_names: FxHashSet<ThingId>,
    unfit_names: FxHashSet<ThingId>,
    fitting_numbers: FxHashSet<Box<str>>,
    unfit_numbers: FxHashSet<Box<str>>,
    /// Per name of its statements, and per number: how much likelier content that has it fits, and content without it.
    name_odds: Vec<(ThingId, Odds)>,
    number_odds: Vec<(Box<str>, Odds)>,
    /// Names and numbers of all facts that share a paragraph with this one: people add the neighbouring fact.
    near_names: FxHashSet<ThingId>,
    near_numbers: FxHashSet<Box<str>>,
    /// Share of the true ways that speak of all or only, and that deny.
    universal: f32,
    denied: f32,
    truths: Vec<u32>,
}

/// What a name or number tells of content, as logarithms of odds (naive Bayes).
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Odds {
    present: f32,
    absent: f32,
}

impl Odds {
    /// From how many fitting and unfit contents have it, of how many there are.
    fn new(counts: [f32; 2], all: [f32; 2]) -> Self {
        let share = |side: usize| (counts[side] + SMOOTH) / (all[side] + 2.0 * SMOOTH);
        let (fit, unfit) = (share(0), share(1));
        Self { present: (fit / unfit).ln(), absent: ((1.0 - fit) / (1.0 - unfit)).ln() }
    }

    /// Those of all names, or numbers, in order.
    fn all<T: Ord>(counts: FxHashMap<T, [f32; 2]>, all: [f32; 2]) -> Vec<(T, Self)> {
        let mut odds: Vec<(T, Self)> = counts.into_iter().map(|(sign, counts)| (sign, Self::new(counts, all))).collect();
        odds.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        odds
    }

    /// Sums over those that a claim has, and over those that it leaves out.
    fn sums<'a, T: 'a>(all: &'a [(T, Self)], has: impl Fn(&T) -> bool) -> [f32; 2] {
        let mut sums = [0.0; 2];
        for (sign, odds) in all {
            if has(sign) { sums[0] += odds.present } else { sums[1] += odds.absent }
        }
        sums
    }
}

impl Claims {
    /// Indexes all statements.
    pub fn new(knowledge: &Knowledge, lexicon: &Lexicon, mut meanings: Option<&mut MeaningBuilder>) -> Self {
        let count = knowledge.facts.len();
        let mut claims = Self {
            index: Index::default(),
            signs: Vec::new(),
            facts: Vec::with_capacity(count),
            opposites: OppositeTable::new(knowledge, lexicon),
            pairs: Pairs::default(),
            entries: knowledge.facts.iter().map(|f| f.entry.as_deref().and_then(|id| knowledge.entry_number(id))).collect(),
            count,
        };
        let read = |texts: Vec<&String>| texts.into_iter().map(|text| Reading::new(text, lexicon, &claims.opposites)).collect();
        let mut sides: Vec<Vec<Reading>> = knowledge.statements().map(read).collect();
        claims.pairs = Pairs::new(sides.iter().flatten(), lexicon);
        let mut index = IndexBuilder::default();
        for (side, readings) in (0..).zip(&mut sides) {
            if let Some(meanings) = meanings.as_deref_mut() {
                meanings.add_statements(lexicon, readings.iter().map(Reading::read_words));
            }
            *readings = std::mem::take(readings).into_iter().map(|reading| reading.with_pairs(lexicon, &claims.pairs)).collect();
            let facts = 2 * count as u32;
            // The index numbers documents by owner; the signs have to come in the same order.
            readings.sort_by_key(|reading| side < facts && reading.signs.denied);
            for reading in readings {
                let owner = if side < facts { 2 * side + u32::from(reading.signs.denied) } else { facts + side };
                index.add(owner, &reading.terms);
                claims.signs.push(if side < facts { reading.signs.clone() } else { Signs::default() });
            }
        }
        let mut first = 0;
        for (fact, sides) in knowledge.facts.iter().zip(sides.chunks_exact(2)) {
            claims.add_fact(fact, sides, first, lexicon);
            first += sides.iter().map(Vec::len).sum::<usize>() as u32;
        }
        claims.add_neighbours(&knowledge.facts);
        let owners = 4 * count + knowledge.unaddressed.len();
        let terms = lexicon.len() + claims.pairs.len();
        claims.index = index.build(terms, owners);
        claims
    }

    /// Gathers what the statements of a fact, its true ways and its misreadings, have in common; they are documents from
    /// `first` on.
    fn add_fact(&mut self, fact: &Fact, sides: &[Vec<Reading>], first: u32, lexicon: &Lexicon) {
        let mut common = FactSigns {
            said_by: fact.said_by,
            closed: fact.closed,
            record: FxHashSet::default(),
            subjects: Vec::new(),
            fitting_names: FxHashSet::default(),
            unfit_names: FxHashSet::default(),
            fitting_numbers: FxHashSet::default(),
            unfit_numbers: FxHashSet::default(),
            name_odds: Vec::new(),
            number_odds: Vec::new(),
            near_names: FxHashSet::default(),
            near_numbers: FxHashSet::default(),
            universal: 0.0,
            denied: 0.0,
            truths: (first..first + sides[0].len() as u32).collect(),
        };
        for name in fact.who.iter().chain(&fact.whom).chain(&fact.places) {
            common.record.extend(lexicon.things_in(name));
        }
        for figure in fact.when.iter().chain(&fact.how_many) {
            common.fitting_numbers.extend(Signs::read(&lexicon.analyze(figure), lexicon, &self.opposites).numbers);
        }
        common.fitting_names.extend(&common.record);
        let mut named: FxHashMap<ThingId, usize> = FxHashMap::default();
        let mut contents = [0.0; 2];
        let mut names_in: FxHashMap<ThingId, [f32; 2]> = FxHashMap::default();
        let mut numbers_in: FxHashMap<Box<str>, [f32; 2]> = FxHashMap::default();
        for (side, readings) in sides.iter().enumerate() {
            let share = 1.0 / readings.len().max(1) as f32;
            for reading in readings {
                let content_side = side ^ usize::from(reading.signs.denied);
                let (names, numbers) = match content_side {
                    0 => (&mut common.fitting_names, &mut common.fitting_numbers),
                    _ => (&mut common.unfit_names, &mut common.unfit_numbers),
                };
                contents[content_side] += 1.0;
                reading.signs.names.iter().for_each(|name| names_in.entry(*name).or_default()[content_side] += 1.0);
                reading.signs.numbers.iter().for_each(|number| numbers_in.entry(number.clone()).or_default()[content_side] += 1.0);
                reading.signs.names.iter().for_each(|name| *named.entry(*name).or_default() += 1);
                names.extend(&reading.signs.names);
                numbers.extend(reading.signs.numbers.iter().cloned());
                if side == 0 {
                    common.universal += share * f32::from(u8::from(reading.signs.universal));
                    common.denied += share * f32::from(u8::from(reading.signs.denied));
                }
            }
        }
        let statements = sides.iter().map(Vec::len).sum::<usize>();
        common.subjects = named.into_iter().filter(|(_, count)| 2 * count > statements).map(|(name, _)| name).collect();
        common.subjects.sort_unstable();
        common.name_odds = Odds::all(names_in, contents);
        common.number_odds = Odds::all(numbers_in, contents);
        self.facts.push(common);
    }

    fn add_neighbours(&mut self, facts: &[Fact]) {
        for (number, fact) in facts.iter().enumerate() {
            let shares = |other: &&Fact| other.cites.iter().any(|c| fact.cites.contains(c));
            let near: Vec<usize> = facts.iter().enumerate().filter(|(_, other)| shares(other)).map(|(i, _)| i).collect();
            let names = near.iter().flat_map(|i| &self.facts[*i].fitting_names).copied().collect();
            let numbers = near.iter().flat_map(|i| &self.facts[*i].fitting_numbers).cloned().collect();
            self.facts[number].near_names = names;
            self.facts[number].near_numbers = numbers;
        }
    }

    /// Judges a claim.
    pub fn check(&self, lexicon: &Lexicon, claim: &str, sense: Sense, of_clauses: Sense) -> Check {
        let whole = self.judge(lexicon, claim, sense);
        let clauses = clauses(claim);
        if whole.verdict == Verdict::Contradicted || clauses.len() < 2 {
            return whole;
        }
        // A claim of several clauses falls with the first that the paper contradicts.
        let parts: Vec<Check> = clauses.iter().map(|clause| self.judge(lexicon, clause, of_clauses)).collect();
        let wrong = parts.into_iter().filter(|c| c.verdict == Verdict::Contradicted && c.confidence >= CLAUSE_AT);
        match wrong.max_by(|a, b| a.confidence.total_cmp(&b.confidence)) {
            Some(wrong) if whole.confidence < wrong.confidence => wrong,
            _ => whole,
        }
    }

    fn judge(&self, lexicon: &Lexicon, claim: &str, sense: Sense) -> Check {
        let models = models(sense);
        let evidence = self.evidence(lexicon, claim, sense, models);
        let addressed = models.addressed.chance(&evidence.addressed);
        let Some((first, _, _)) = evidence.facts.first() else {
            return Check { verdict: Verdict::NotAddressed, fact: None, entry: None, near: false, confidence: 1.0 };
        };
        let (chance, loudest) = verdict_chance(&evidence, models);
        let agree = |fact: u32| Check {
            verdict: if chance >= 0.5 { Verdict::Supported } else { Verdict::Contradicted },
            fact: Some(fact),
            entry: self.entries[fact as usize],
            near: true,
            confidence: addressed * chance.max(1.0 - chance),
        };
        if addressed < ADDRESSED_AT {
            let near = evidence.addressed[1] > 0.3;
            return Check {
                verdict: Verdict::NotAddressed,
                fact: Some(*first),
                entry: self.entries[*first as usize],
                near,
                confidence: 1.0 - addressed,
            };
        }
        if chance.max(1.0 - chance) < DIRECTION_AT {
            return Check { verdict: Verdict::NotAddressed, confidence: 1.0 - chance.max(1.0 - chance), ..agree(*first) };
        }
        agree(loudest)
    }

    /// Shows how a verdict came about.
    pub fn explain(&self, lexicon: &Lexicon, knowledge: &Knowledge, claim: &str, sense: Sense) -> Explanation {
        let models = models(sense);
        let evidence = self.evidence(lexicon, claim, sense, models);
        let mut root = Explanation::new(models.addressed.chance(&evidence.addressed), "chance that the paper addresses the claim");
        for ((name, weight), value) in ADDRESSED_NAMES.iter().zip(models.addressed.0).zip(evidence.addressed) {
            root.add(Explanation::new(weight * value, format!("{name}: {weight:.2} × {value:.3}")));
        }
        for (fact, say, features) in &evidence.facts {
            let mut node = Explanation::new(
                models.direction.chance(features),
                format!("chance of support by fact {} (say {say:.2})", knowledge.facts[*fact as usize].id),
            );
            for ((name, moved), value) in DIRECTION_NAMES.iter().zip(models.direction.moved(features)).zip(features) {
                if moved != 0.0 {
                    node.add(Explanation::new(moved, format!("{name}: {value:.3}")));
                }
            }
            root.add(node);
        }
        root
    }
}

/// The chance that the claim is supported, from all facts heard, and the fact that said most for the outcome.
fn verdict_chance(evidence: &Evidence, models: &Models) -> (f32, u32) {
    let total: f32 = evidence.facts.iter().map(|(_, say, _)| say).sum();
    let logits: Vec<f32> = evidence.facts.iter().map(|(_, _, features)| models.direction.logit(features).clamp(-6.0, 6.0)).collect();
    let logit: f32 = evidence.facts.iter().zip(&logits).map(|((_, say, _), logit)| say * logit).sum::<f32>() / total.max(1e-6);
    let loudest = (evidence.facts.iter().zip(&logits))
        .filter(|(_, l)| (**l >= 0.0) == (logit >= 0.0))
        .max_by(|a, b| a.0.1.total_cmp(&b.0.1))
        .map_or(0, |((fact, _, _), _)| *fact);
    (chance(logit), loudest)
}

/// The models that fit the evidence there is.
pub fn models(sense: Sense) -> &'static Models {
    match sense.meaning {
        Similarity::Words => &LEXICAL,
        Similarity::Table(_) => &TABLE,
        Similarity::Encoder(_) => &ENCODER,
    }
}

/// Clauses of a claim that could be true or false by themselves.
fn clauses(claim: &str) -> Vec<String> {
    let mut clauses = Vec::new();
    for sentence in question::sentences(claim) {
        for clause in sentence.split([',', ';', ':']).flat_map(|s| s.split(" and ")).flat_map(|s| s.split(" but ")) {
            if clause.split_whitespace().count() >= 4 {
                clauses.push(clause.trim().to_owned());
            }
        }
    }
    clauses
}
