//! Checking claims: supported, contradicted, or not addressed by the paper.
//!
//! A claim is compared with every curated *statement*: true ways of saying a fact, misreadings of it, and statements that
//! the paper does not address. Finding the fact is the easier half. The *direction* needs two witnesses who do not copy
//! each other: the nearest statements, and the record compared sign by sign (see [`signs`]). Where they do not agree the
//! verdict is "not addressed as you put it", together with what the paper does say; a wrong direction is worse than none.

mod signs;
pub mod witness;

use super::explain::Explanation;
use super::index::{Hit, Index, IndexBuilder};
use super::knowledge::{Fact, Knowledge, SaidBy};
use super::lexicon::{Analysis, Lexicon, TermId, ThingId};
use super::question;
use rustc_hash::{FxHashMap, FxHashSet};
use serde::{Deserialize, Serialize};
use signs::{OppositeTable, Signs};
use witness::{ADDRESSED, ADDRESSED_MODEL, ADDRESSED_NAMES, DIRECTION, DIRECTION_MODEL, DIRECTION_NAMES};

/// Chance from which a claim counts as addressed.
pub const ADDRESSED_AT: f32 = 0.5;
/// Chance from which a direction is given, for either side.
pub const DIRECTION_AT: f32 = 0.58;
/// Facts whose voices are heard.
const FACTS_HEARD: usize = 3;
/// Steepness of a fact's say in its similarity to the claim.
const SAY: f32 = 16.0;
/// Smoothing of word counts.
const SMOOTH: f32 = 0.4;
/// Weight of an ordered pair of heads.
const ORDERED: f32 = 0.45;
/// Distance up to which two heads make an ordered pair.
const REACH: usize = 3;

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
pub struct Claims {
    index: Index,
    /// Signs of each document.
    signs: Vec<Signs>,
    facts: Vec<FactSigns>,
    opposites: OppositeTable,
    pairs: FxHashMap<(TermId, TermId), TermId>,
    /// Questions of the gaps.
    gaps: Index,
    /// Entry number of each fact.
    entries: Vec<Option<u32>>,
    count: usize,
}

/// What all statements of one fact have in common.
#[derive(Serialize, Deserialize)]
struct FactSigns {
    said_by: SaidBy,
    closed: bool,
    record: FxHashSet<ThingId>,
    true_names: FxHashSet<ThingId>,
    false_names: FxHashSet<ThingId>,
    true_numbers: FxHashSet<Box<str>>,
    false_numbers: FxHashSet<Box<str>>,
    /// Names and numbers of all facts that share a paragraph with this one: people add the neighbouring fact.
    near_names: FxHashSet<ThingId>,
    near_numbers: FxHashSet<Box<str>>,
    universal: f32,
    negated: f32,
    /// Per term: how much likelier it is in a true way than in a misreading, as a logarithm.
    leaning: FxHashMap<TermId, f32>,
    truths: Vec<u32>,
}

/// A claim's evidence, kept for explanations and calibration.
pub struct Evidence {
    /// Features of being addressed.
    pub addressed: [f32; ADDRESSED],
    /// The facts heard: number, say, features of the direction.
    pub facts: Vec<(u32, f32, [f32; DIRECTION])>,
}

impl Claims {
    /// Indexes all statements.
    pub fn new(knowledge: &Knowledge, lexicon: &Lexicon) -> Self {
        let opposites = OppositeTable::new(knowledge, lexicon);
        let count = knowledge.facts.len();
        let mut claims = Self {
            index: Index::default(),
            signs: Vec::new(),
            facts: Vec::with_capacity(count),
            opposites,
            pairs: FxHashMap::default(),
            gaps: Index::default(),
            entries: knowledge.facts.iter().map(|f| position(knowledge, f.entry.as_deref())).collect(),
            count,
        };
        let mut builder = IndexBuilder::default();
        for (number, fact) in knowledge.facts.iter().enumerate() {
            claims.add_fact(fact, number as u32, lexicon, &mut builder);
        }
        claims.add_neighbours(&knowledge.facts);
        for (number, outside) in knowledge.unaddressed.iter().enumerate() {
            for statement in &outside.statements {
                let analysis = lexicon.analyze(statement);
                let terms = claims.learn(&analysis, lexicon);
                builder.add((2 * count + number) as u32, &terms);
                claims.signs.push(Signs::default());
            }
        }
        let mut gaps = IndexBuilder::default();
        for (number, gap) in knowledge.gaps.iter().enumerate() {
            for way in &gap.ask {
                gaps.add(number as u32, &lexicon.analyze(way).terms);
            }
        }
        claims.gaps = gaps.build(lexicon.len(), knowledge.gaps.len());
        claims.index = builder.build(lexicon.len() + claims.pairs.len(), 2 * count + knowledge.unaddressed.len());
        claims
    }

    fn add_fact(&mut self, fact: &Fact, number: u32, lexicon: &Lexicon, builder: &mut IndexBuilder) {
        let mut common = FactSigns {
            said_by: fact.said_by,
            closed: fact.closed,
            record: FxHashSet::default(),
            true_names: FxHashSet::default(),
            false_names: FxHashSet::default(),
            true_numbers: FxHashSet::default(),
            false_numbers: FxHashSet::default(),
            near_names: FxHashSet::default(),
            near_numbers: FxHashSet::default(),
            universal: 0.0,
            negated: 0.0,
            leaning: FxHashMap::default(),
            truths: Vec::new(),
        };
        for name in fact.who.iter().chain(&fact.whom).chain(&fact.places) {
            common.record.extend(lexicon.things_in(name));
        }
        for figure in fact.when.iter().chain(&fact.how_many) {
            let analysis = lexicon.analyze(figure);
            common.true_numbers.extend(Signs::read(&analysis, lexicon, &self.opposites).numbers);
        }
        common.true_names.extend(&common.record);
        let mut counts: FxHashMap<TermId, [f32; 2]> = FxHashMap::default();
        let truths: Vec<&String> = std::iter::once(&fact.statement).chain(&fact.truths).collect();
        for (side, statements) in [(0, truths), (1, fact.misreadings.iter().collect())] {
            let share = 1.0 / statements.len().max(1) as f32;
            for statement in statements {
                let analysis = lexicon.analyze(statement);
                let terms = self.learn(&analysis, lexicon);
                for (term, _) in &terms {
                    counts.entry(*term).or_default()[side] += share;
                }
                let signs = Signs::read(&analysis, lexicon, &self.opposites);
                let (names, numbers) = match side {
                    0 => (&mut common.true_names, &mut common.true_numbers),
                    _ => (&mut common.false_names, &mut common.false_numbers),
                };
                names.extend(&signs.names);
                numbers.extend(signs.numbers.iter().cloned());
                if side == 0 {
                    common.universal += share * f32::from(u8::from(signs.universal));
                    common.negated += share * f32::from(u8::from(signs.negated));
                    common.truths.push(self.signs.len() as u32);
                }
                builder.add(2 * number + side as u32, &terms);
                self.signs.push(signs);
            }
        }
        let smooth = SMOOTH / 4.0;
        common.leaning = counts.into_iter().map(|(term, [yes, no])| (term, ((yes + smooth) / (no + smooth)).ln())).collect();
        self.facts.push(common);
    }

    fn add_neighbours(&mut self, facts: &[Fact]) {
        for (number, fact) in facts.iter().enumerate() {
            let shares = |other: &&Fact| other.cites.iter().any(|c| fact.cites.contains(c));
            let near: Vec<usize> = facts.iter().enumerate().filter(|(_, other)| shares(other)).map(|(i, _)| i).collect();
            let names = near.iter().flat_map(|i| &self.facts[*i].true_names).copied().collect();
            let numbers = near.iter().flat_map(|i| &self.facts[*i].true_numbers).cloned().collect();
            self.facts[number].near_names = names;
            self.facts[number].near_numbers = numbers;
        }
    }

    /// The terms of a statement: those of the lexicon, and ordered pairs of its heads.
    fn learn(&mut self, analysis: &Analysis, lexicon: &Lexicon) -> Vec<(TermId, f32)> {
        let base = lexicon.len();
        let pairs = ordered_pairs(analysis, lexicon);
        let numbered = pairs.into_iter().map(|pair| {
            let next = (base + self.pairs.len()) as TermId;
            (*self.pairs.entry(pair).or_insert(next), ORDERED)
        });
        with_pairs(analysis, numbered.collect())
    }

    fn terms(&self, analysis: &Analysis, lexicon: &Lexicon) -> Vec<(TermId, f32)> {
        let pairs = ordered_pairs(analysis, lexicon);
        with_pairs(analysis, pairs.iter().filter_map(|pair| self.pairs.get(pair).map(|term| (*term, ORDERED))).collect())
    }

    /// Gathers the evidence on a claim.
    pub fn evidence(&self, lexicon: &Lexicon, claim: &str) -> Evidence {
        let analysis = lexicon.analyze(claim);
        let terms = self.terms(&analysis, lexicon);
        let signs = Signs::read(&analysis, lexicon, &self.opposites);
        let mut sides = vec![[Hit { owner: 0, best: 0.0, document: u32::MAX, top: 0.0, bm25: 0.0 }; 2]; self.count];
        let mut outside = Hit { owner: 0, best: 0.0, document: u32::MAX, top: 0.0, bm25: 0.0 };
        for hit in self.index.search(&terms, analysis.unknown) {
            let owner = hit.owner as usize;
            if owner < 2 * self.count {
                sides[owner / 2][owner % 2] = hit;
            } else {
                outside.best = outside.best.max(hit.best);
                outside.top = outside.top.max(hit.top);
                outside.bm25 = outside.bm25.max(hit.bm25);
            }
        }
        let strength = |[yes, no]: &[Hit; 2]| yes.best.max(no.best) + 0.5 * yes.top.max(no.top) + 0.3 * yes.bm25.max(no.bm25);
        let mut order: Vec<u32> = (0..self.count as u32).collect();
        order.sort_by(|a, b| strength(&sides[*b as usize]).total_cmp(&strength(&sides[*a as usize])).then(a.cmp(b)));
        order.truncate(FACTS_HEARD);
        order.retain(|f| strength(&sides[*f as usize]) > 0.0);

        let mut addressed = [0.0; ADDRESSED];
        addressed[0] = 1.0;
        addressed[4] = outside.best;
        addressed[5] = outside.top;
        addressed[6] = outside.bm25;
        addressed[7] = (analysis.unknown as f32).min(4.0);
        addressed[8] = signs.names.iter().filter(|n| !lexicon.thing(**n).in_paper).count().min(2) as f32;
        addressed[10] = self.gaps.search(&analysis.terms, analysis.unknown).iter().map(|h| h.best).fold(0.0, f32::max);
        if let Some(first) = order.first() {
            let [yes, no] = &sides[*first as usize];
            let fact = &self.facts[*first as usize];
            addressed[1] = yes.best.max(no.best);
            addressed[2] = yes.top.max(no.top);
            addressed[3] = yes.bm25.max(no.bm25);
            let lacks = |n: &&ThingId| !fact.true_names.contains(*n) && !fact.false_names.contains(*n);
            addressed[9] = signs.names.iter().filter(lacks).count().min(3) as f32;
            let lacks = |n: &&str| !fact.true_numbers.contains(*n) && !fact.false_numbers.contains(*n);
            addressed[11] = signs.numbers.iter().map(|n| &**n).filter(lacks).count().min(2) as f32;
        }
        let best = order.first().map_or(0.0, |f| strength(&sides[*f as usize]));
        let facts = (order.iter())
            .map(|f| {
                let [yes, no] = &sides[*f as usize];
                let say = ((strength(&sides[*f as usize]) - best) * SAY).exp();
                (*f, say, self.direction(&self.facts[*f as usize], &signs, &terms, lexicon, yes, no))
            })
            .collect();
        Evidence { addressed, facts }
    }

    fn direction(
        &self,
        fact: &FactSigns,
        claim: &Signs,
        terms: &[(TermId, f32)],
        lexicon: &Lexicon,
        yes: &Hit,
        no: &Hit,
    ) -> [f32; DIRECTION] {
        let flag = |b: bool| f32::from(u8::from(b));
        let nearest_true = self.signs.get(yes.document as usize);
        let nearest_false = self.signs.get(no.document as usize);
        let mut leaning = 0.0;
        let mut mass = 0.0;
        for (term, weight) in terms {
            if let Some(lean) = fact.leaning.get(term) {
                let weight = weight * self.index.idf(*term);
                leaning += weight * lean;
                mass += weight;
            }
        }
        let own_numbers = claim.numbers.iter().filter(|n| fact.true_numbers.contains(*n)).count();
        let odd_numbers = claim.numbers.len() - own_numbers;
        let strange_numbers = claim.numbers.iter().filter(|n| !fact.near_numbers.contains(*n)).count();
        let odd_names: Vec<&ThingId> = claim.names.iter().filter(|n| !fact.true_names.contains(*n)).collect();
        let strange_names = odd_names.iter().filter(|n| !fact.near_names.contains(**n)).count();
        let missing = fact.record.iter().filter(|n| !claim.names.contains(n)).count();
        // An odd one beside the fact's own adds something; in place of it, it says something else.
        let numbered = odd_numbers > 0 && !fact.true_numbers.is_empty();
        let named = odd_names.len().min(2) as f32;
        let same_kind = |n: &ThingId| fact.record.iter().any(|r| lexicon.thing(*r).kind == lexicon.thing(*n).kind);
        let allegation = matches!(fact.said_by, SaidBy::Officials);
        let most = |negated: f32| if claim.negated { 1.0 - negated } else { negated };
        let opposed: f32 =
            fact.truths.iter().map(|d| claim.opposed(&self.signs[*d as usize])).sum::<f32>() / fact.truths.len().max(1) as f32;
        [
            1.0,
            yes.best - no.best,
            yes.top - no.top,
            yes.bm25 - no.bm25,
            if mass > 0.0 { leaning / mass } else { 0.0 },
            flag(numbered && own_numbers == 0),
            flag(odd_numbers == 0 && !claim.numbers.is_empty()),
            flag(claim.numbers.iter().any(|n| fact.false_numbers.contains(n) && !fact.true_numbers.contains(n))),
            if missing > 0 { named } else { 0.0 },
            flag(odd_names.iter().any(|n| fact.false_names.contains(n))),
            if fact.record.is_empty() { 0.0 } else { missing as f32 / fact.record.len() as f32 },
            nearest_true.map_or(0.0, |s| flag(s.negated != claim.negated)),
            nearest_false.map_or(0.0, |s| flag(s.negated != claim.negated)),
            nearest_true.map_or(0.0, |s| claim.opposed(s)),
            nearest_false.map_or(0.0, |s| claim.opposed(s)),
            nearest_true.map_or(0.0, |s| claim.swapped(s)),
            nearest_false.map_or(0.0, |s| claim.swapped(s)),
            flag(claim.universal) * (1.0 - fact.universal),
            flag(claim.by_author && allegation),
            flag(allegation && !claim.alleged),
            flag(allegation && claim.alleged),
            flag(fact.closed && odd_names.iter().any(|n| same_kind(n))),
            most(fact.negated),
            opposed,
            flag(numbered && own_numbers > 0),
            if missing == 0 { named } else { 0.0 },
            flag(strange_numbers > 0 && !fact.true_numbers.is_empty()),
            strange_names.min(2) as f32,
        ]
    }

    /// Judges a claim.
    pub fn check(&self, lexicon: &Lexicon, claim: &str) -> Check {
        let whole = self.judge(lexicon, claim);
        let clauses = clauses(claim);
        if clauses.len() < 2 {
            return whole;
        }
        // A claim of several clauses falls with the first that the paper contradicts.
        let parts: Vec<Check> = clauses.iter().map(|clause| self.judge(lexicon, clause)).collect();
        let wrong = parts.into_iter().filter(|c| c.verdict == Verdict::Contradicted && c.confidence >= 0.75);
        match wrong.max_by(|a, b| a.confidence.total_cmp(&b.confidence)) {
            Some(wrong) if whole.verdict != Verdict::Contradicted && whole.confidence < wrong.confidence => wrong,
            _ => whole,
        }
    }

    fn judge(&self, lexicon: &Lexicon, claim: &str) -> Check {
        let evidence = self.evidence(lexicon, claim);
        let addressed = ADDRESSED_MODEL.chance(&evidence.addressed);
        let Some((first, _, _)) = evidence.facts.first() else {
            return Check { verdict: Verdict::NotAddressed, fact: None, entry: None, near: false, confidence: 1.0 };
        };
        let (chance, loudest) = self.verdict_chance(&evidence);
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

    /// The chance that the claim is supported, from all facts heard, and the fact that said most for the outcome.
    fn verdict_chance(&self, evidence: &Evidence) -> (f32, u32) {
        let total: f32 = evidence.facts.iter().map(|(_, say, _)| say).sum();
        let logits: Vec<f32> = evidence.facts.iter().map(|(_, _, features)| DIRECTION_MODEL.logit(features).clamp(-6.0, 6.0)).collect();
        let logit: f32 = evidence.facts.iter().zip(&logits).map(|((_, say, _), logit)| say * logit).sum::<f32>() / total.max(1e-6);
        let loudest = (evidence.facts.iter().zip(&logits))
            .filter(|(_, l)| (**l >= 0.0) == (logit >= 0.0))
            .max_by(|a, b| a.0.1.total_cmp(&b.0.1))
            .map_or(0, |((fact, _, _), _)| *fact);
        (1.0 / (1.0 + (-logit).exp()), loudest)
    }

    /// Shows how a verdict came about.
    pub fn explain(&self, lexicon: &Lexicon, knowledge: &Knowledge, claim: &str) -> Explanation {
        let evidence = self.evidence(lexicon, claim);
        let mut root = Explanation::new(ADDRESSED_MODEL.chance(&evidence.addressed), "chance that the paper addresses the claim");
        for ((name, weight), value) in ADDRESSED_NAMES.iter().zip(ADDRESSED_MODEL.0).zip(evidence.addressed) {
            root.add(Explanation::new(weight * value, format!("{name}: {weight:.2} × {value:.3}")));
        }
        for (fact, say, features) in &evidence.facts {
            let mut node = Explanation::new(
                DIRECTION_MODEL.chance(features),
                format!("chance of support by fact {} (say {say:.2})", knowledge.facts[*fact as usize].id),
            );
            for ((name, weight), value) in DIRECTION_NAMES.iter().zip(DIRECTION_MODEL.0).zip(features) {
                if *value != 0.0 {
                    node.add(Explanation::new(weight * value, format!("{name}: {weight:.2} × {value:.3}")));
                }
            }
            root.add(node);
        }
        root
    }
}

fn position(knowledge: &Knowledge, id: Option<&str>) -> Option<u32> {
    knowledge.entries.iter().position(|e| Some(e.id.as_str()) == id).map(|i| i as u32)
}

/// Pairs of heads (names, numbers, content stems) in the order in which they stand, a few words apart at most.
fn ordered_pairs(analysis: &Analysis, lexicon: &Lexicon) -> Vec<(TermId, TermId)> {
    let mut heads: Vec<TermId> = Vec::with_capacity(analysis.words.len());
    let mut skip = 0;
    for (i, word) in analysis.words.iter().enumerate() {
        if i < skip {
            continue;
        }
        match analysis.mentions.iter().find(|m| m.start == i) {
            Some(mention) => {
                heads.push(lexicon.thing_term(mention.thing));
                skip = mention.end;
            }
            None if !word.function || word.number => heads.extend(word.stem),
            None => {}
        }
    }
    let mut pairs = Vec::with_capacity(heads.len() * REACH);
    for (i, a) in heads.iter().enumerate() {
        pairs.extend(heads[i + 1..].iter().take(REACH).filter(|b| *b != a).map(|b| (*a, *b)));
    }
    pairs
}

fn with_pairs(analysis: &Analysis, mut pairs: Vec<(TermId, f32)>) -> Vec<(TermId, f32)> {
    let mut terms = analysis.terms.clone();
    pairs.sort_unstable_by_key(|(term, _)| *term);
    pairs.dedup_by_key(|(term, _)| *term);
    terms.append(&mut pairs);
    terms
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
