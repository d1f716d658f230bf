//! The evidence on a claim: numbers that speak for or against it, gathered for the models of [`super::witness`].

use super::reading::Reading;
use super::signs::Signs;
use super::witness::{ADDRESSED, DIRECTION, Models};
use super::{Claims, FactSigns, Odds};
use crate::qa::index::{Hit, Index, best};
use crate::qa::knowledge::SaidBy;
use crate::qa::lexicon::{Analysis, Lexicon, TermId, ThingId};
use crate::qa::meaning::Meaning;

/// Facts whose voices are heard.
const FACTS_HEARD: usize = 3;
/// Facts whose statements are looked at one by one.
const CANDIDATES: usize = 12;
/// Topics outside the paper that are looked at one by one, and gaps.
const OUTSIDE: usize = 6;
/// What a name, and a number, costs that only one of two statements has.
const STRANGE_NAME: f32 = 0.08;
const STRANGE_NUMBER: f32 = 0.05;
/// What it costs a fact that the claim names another in place of its subject.
const ANOTHER: f32 = 0.1;
/// Steepness of a fact's say in its similarity to the claim.
const SAY: f32 = 15.0;

/// What the rest of the engine tells about a claim.
#[derive(Clone, Copy)]
pub struct Sense<'a> {
    /// Similarity of meaning.
    pub meaning: Similarity<'a>,
    /// Ways of asking, by target; the gaps among them are what the paper does not address.
    pub ways: &'a Index,
    /// The first target that is a gap; all after it are.
    pub first_gap: u32,
}

/// What tells similarity of meaning.
#[derive(Clone, Copy)]
pub enum Similarity<'a> {
    /// Nothing.
    Words,
    /// The table of word-piece vectors.
    Table(&'a Meaning),
    /// An encoder's similarity to each side of statements.
    Encoder(&'a [f32]),
}

/// Similarities of a claim, and of its content, to each side of statements; empty where nothing tells.
struct Similar {
    whole: Vec<f32>,
    content: Vec<f32>,
}

impl Similar {
    fn new(reading: &Reading, lexicon: &Lexicon, sense: Sense) -> Self {
        match sense.meaning {
            Similarity::Words => Self { whole: Vec::new(), content: Vec::new() },
            Similarity::Encoder(values) => Self { whole: values.to_vec(), content: Vec::new() },
            Similarity::Table(meaning) => {
                let embed = |a: &Analysis| meaning.statements(&meaning.embed(lexicon, &a.words, &a.mentions));
                Self { whole: embed(&reading.analysis), content: embed(&reading.content) }
            }
        }
    }

    fn of(values: &[f32], side: usize) -> f32 {
        values.get(side).copied().unwrap_or(0.0)
    }

    /// To the likelier side of a fact.
    fn fact(&self, fact: usize) -> f32 {
        Self::of(&self.whole, 2 * fact).max(Self::of(&self.whole, 2 * fact + 1))
    }

    /// To the true ways of a fact less to its misreadings.
    fn lean(values: &[f32], fact: usize) -> f32 {
        Self::of(values, 2 * fact) - Self::of(values, 2 * fact + 1)
    }
}

/// A claim's evidence, kept for explanations and calibration.
pub struct Evidence {
    /// Features of being addressed.
    pub addressed: [f32; ADDRESSED],
    /// The facts heard: number, say, features of the direction.
    pub facts: Vec<(u32, f32, [f32; DIRECTION])>,
}

/// How near the statements of one owner are.
#[derive(Debug, Clone, Copy, Default)]
struct Near {
    best: f32,
    top: f32,
    bm25: f32,
    document: u32,
    /// Names and numbers that the claim and the nearest document do not share, weighed.
    strange: f32,
}

impl Near {
    /// How near the nearest document is, names and numbers counted: "Armenia left in 1999" says nothing of Azerbaijan.
    fn fit(&self) -> f32 {
        self.best - self.strange
    }

    /// The nearer of two groups of statements.
    fn either(a: &Self, b: &Self) -> Self {
        let nearer = if a.best >= b.best { a } else { b };
        Self { top: a.top.max(b.top), bm25: a.bm25.max(b.bm25), ..*nearer }
    }

    /// How loud one fact speaks of the claim, whatever it says.
    fn strength(sides: &[Self; 2]) -> f32 {
        let [a, b] = sides;
        a.fit().max(b.fit()) + 0.5 * a.top.max(b.top) + 0.3 * a.bm25.max(b.bm25)
    }
}

/// Subjects of a fact that a claim leaves out while it names others of their kind: then it speaks of another, and what a
/// misreading says of the fact's own subject is no concern of it.
fn another(fact: &FactSigns, claim: &Signs, lexicon: &Lexicon) -> f32 {
    let kind = |name: &ThingId| lexicon.thing(*name).kind;
    let left_out = fact.subjects.iter().filter(|s| !claim.names.contains(s));
    left_out.filter(|s| claim.names.iter().any(|n| kind(n) == kind(s) && !fact.subjects.contains(n))).count() as f32
}

/// Names and numbers that two statements do not share, weighed; more than a few count no more.
fn strange(claim: &Signs, other: &Signs) -> f32 {
    let apart = |a: usize, b: usize, common: usize| (a + b - 2 * common).min(4) as f32;
    let names = claim.names.iter().filter(|n| other.names.contains(n)).count();
    let numbers = claim.numbers.iter().filter(|n| other.numbers.contains(n)).count();
    STRANGE_NAME * apart(claim.names.len(), other.names.len(), names)
        + STRANGE_NUMBER * apart(claim.numbers.len(), other.numbers.len(), numbers)
}

impl Claims {
    /// Gathers the evidence on a claim.
    pub fn evidence(&self, lexicon: &Lexicon, claim: &str, sense: Sense, models: &Models) -> Evidence {
        let reading = Reading::new(claim, lexicon, &self.opposites).with_pairs(lexicon, &self.pairs);
        let unknown = reading.analysis.unknown;
        let similar = Similar::new(&reading, lexicon, sense);
        let bm25 = self.index.owners(&reading.terms, unknown);
        let meant = |fact: usize| models.similarity * similar.fact(fact);
        let loudest = |fact: usize| bm25[4 * fact..4 * fact + 4].iter().copied().fold(0.0, f32::max) + meant(fact);
        let candidates = best(self.count, CANDIDATES, loudest);
        let groups = self.near(&reading.terms, unknown, &candidates, &bm25);
        let mut sides: Vec<[Near; 2]> = groups.iter().map(|[a, b, c, d]| [Near::either(a, b), Near::either(c, d)]).collect();
        for side in sides.iter_mut().flatten().filter(|side| side.best > 0.0) {
            side.strange = strange(&reading.signs, &self.signs[side.document as usize]);
        }
        let strengths: Vec<f32> = (candidates.iter().zip(&sides))
            .map(|(fact, sides)| {
                Near::strength(sides) + meant(*fact as usize) - ANOTHER * another(&self.facts[*fact as usize], &reading.signs, lexicon)
            })
            .collect();
        let mut order: Vec<usize> = (0..candidates.len()).collect();
        order.sort_by(|a, b| strengths[*b].total_cmp(&strengths[*a]).then(a.cmp(b)));
        order.truncate(FACTS_HEARD);
        order.retain(|i| sides[*i].iter().any(|side| side.best > 0.0));

        let loudest = order.first().map_or(0.0, |i| strengths[*i]);
        let mut heard: Vec<u32> = order.iter().map(|i| candidates[*i]).collect();
        heard.sort_unstable();
        let content_bm25 = self.index.owners(&reading.content_terms, reading.unknown);
        let groups = self.near(&reading.content_terms, reading.unknown, &heard, &content_bm25);
        let contents: Vec<[Near; 2]> = groups.iter().map(|[a, b, c, d]| [Near::either(a, d), Near::either(b, c)]).collect();
        let facts = (order.iter())
            .map(|i| {
                let fact = candidates[*i];
                let content = heard.iter().position(|f| *f == fact).map_or([Near::default(); 2], |at| contents[at]);
                let say = ((strengths[*i] - loudest) * SAY).exp();
                let leaning = [&similar.whole, &similar.content].map(|values| Similar::lean(values, fact as usize));
                (fact, say, self.direction(&self.facts[fact as usize], &reading, lexicon, &sides[*i], &content, leaning))
            })
            .collect();
        let first = order.first().map(|i| (candidates[*i] as usize, &sides[*i]));
        Evidence { addressed: self.addressed(&reading, lexicon, first, &bm25, &similar, sense), facts }
    }

    /// How near the four groups of statements of some facts are, given in rising order.
    fn near(&self, terms: &[(TermId, f32)], unknown: usize, facts: &[u32], bm25: &[f32]) -> Vec<[Near; 4]> {
        let owners: Vec<u32> = facts.iter().flat_map(|fact| 4 * fact..4 * fact + 4).collect();
        let hits = self.index.nearest(terms, unknown, &owners);
        let near = |hit: &Hit| Near { best: hit.best, top: hit.top, bm25: bm25[hit.owner as usize], document: hit.document, strange: 0.0 };
        hits.as_chunks::<4>().0.iter().map(|group| group.each_ref().map(near)).collect()
    }

    fn addressed(
        &self,
        reading: &Reading,
        lexicon: &Lexicon,
        heard: Option<(usize, &[Near; 2])>,
        bm25: &[f32],
        similar: &Similar,
        sense: Sense,
    ) -> [f32; ADDRESSED] {
        let unknown = reading.analysis.unknown;
        let signs = &reading.signs;
        let topics: Vec<u32> = best(bm25.len() - 4 * self.count, OUTSIDE, |topic| bm25[4 * self.count + topic]);
        let topics: Vec<u32> = topics.iter().map(|topic| 4 * self.count as u32 + topic).collect();
        let outside = self.index.nearest(&reading.terms, unknown, &topics);
        let asked = sense.ways.owners(&reading.analysis.terms, unknown);
        let first = sense.first_gap as usize;
        let gaps: Vec<u32> = best(asked.len() - first, OUTSIDE, |gap| asked[first + gap]).iter().map(|gap| sense.first_gap + gap).collect();
        let gaps = sense.ways.nearest(&reading.analysis.terms, unknown, &gaps);
        let highest = |hits: &[Hit], of: fn(&Hit) -> f32| hits.iter().map(of).fold(0.0, f32::max);
        let mut addressed = [0.0; ADDRESSED];
        addressed[0] = 1.0;
        addressed[4] = highest(&outside, |h| h.best);
        addressed[5] = highest(&outside, |h| h.top);
        addressed[6] = topics.iter().map(|t| bm25[*t as usize]).fold(0.0, f32::max);
        addressed[7] = (unknown as f32).min(4.0);
        addressed[8] = signs.names.iter().filter(|n| !lexicon.thing(**n).in_paper).count().min(2) as f32;
        addressed[10] = highest(&gaps, |h| h.best);
        addressed[13] = similar.whole.iter().skip(2 * self.count).copied().fold(0.0, f32::max);
        if let Some((number, [yes, no])) = heard {
            let fact = &self.facts[number];
            addressed[12] = similar.fact(number);
            addressed[1] = yes.best.max(no.best);
            addressed[2] = yes.top.max(no.top);
            addressed[3] = yes.bm25.max(no.bm25);
            let lacks = |n: &&ThingId| !fact.fitting_names.contains(*n) && !fact.unfit_names.contains(*n);
            addressed[9] = signs.names.iter().filter(lacks).count().min(3) as f32;
            let lacks = |n: &&str| !fact.fitting_numbers.contains(*n) && !fact.unfit_numbers.contains(*n);
            addressed[11] = signs.numbers.iter().map(|n| &**n).filter(lacks).count().min(2) as f32;
        }
        addressed
    }

    fn direction(
        &self,
        fact: &FactSigns,
        reading: &Reading,
        lexicon: &Lexicon,
        sides: &[Near; 2],
        contents: &[Near; 2],
        [similar, similar_content]: [f32; 2],
    ) -> [f32; DIRECTION] {
        let flag = |b: bool| f32::from(u8::from(b));
        let [yes, no] = sides;
        let [fits, unfit] = contents;
        let claim = &reading.signs;
        // What speaks for the content speaks against the claim that denies it.
        let turn = if claim.denied { -1.0 } else { 1.0 };
        let nearest_true = self.signs.get(yes.document as usize);
        let nearest_false = self.signs.get(no.document as usize);
        let own_numbers = claim.numbers.iter().filter(|n| fact.fitting_numbers.contains(*n)).count();
        let odd_numbers = claim.numbers.len() - own_numbers;
        let strange_numbers = claim.numbers.iter().filter(|n| !fact.near_numbers.contains(*n)).count();
        let odd_names: Vec<&ThingId> = claim.names.iter().filter(|n| !fact.fitting_names.contains(*n)).collect();
        let strange_names = odd_names.iter().filter(|n| !fact.near_names.contains(**n)).count();
        let missing = fact.record.iter().filter(|n| !claim.names.contains(n)).count();
        // An odd one beside the fact's own adds something; in place of it, it says something else.
        let numbered = odd_numbers > 0 && !fact.fitting_numbers.is_empty();
        let named = odd_names.len().min(2) as f32;
        let same_kind = |n: &ThingId| fact.record.iter().any(|r| lexicon.thing(*r).kind == lexicon.thing(*n).kind);
        let allegation = matches!(fact.said_by, SaidBy::Officials);
        let opposed: f32 =
            fact.truths.iter().map(|d| claim.opposed(&self.signs[*d as usize])).sum::<f32>() / fact.truths.len().max(1) as f32;
        let names = Odds::sums(&fact.name_odds, |name| claim.names.contains(name));
        let numbers = Odds::sums(&fact.number_odds, |number| claim.numbers.contains(number));
        let beside = |signs: Option<&Signs>| signs.map_or([0.0; BESIDE], |signs| beside(claim, signs));
        let [to_true, to_false] = [beside(nearest_true), beside(nearest_false)];
        let compared = [
            1.0,
            yes.best,
            no.best,
            yes.top,
            no.top,
            yes.bm25,
            no.bm25,
            turn * (fits.best - unfit.best),
            turn * (fits.top - unfit.top),
            turn * (fits.bm25 - unfit.bm25),
            yes.fit() - no.fit(),
            similar,
            turn * similar_content,
            flag(claim.denied),
            fact.denied,
            flag(claim.universal),
            fact.universal,
            turn * flag(numbered && own_numbers == 0),
            turn * flag(numbered && own_numbers > 0),
            turn * flag(odd_numbers == 0 && !claim.numbers.is_empty()),
            turn * flag(claim.numbers.iter().any(|n| fact.unfit_numbers.contains(n) && !fact.fitting_numbers.contains(n))),
            turn * flag(strange_numbers > 0 && !fact.fitting_numbers.is_empty()),
            turn * if missing > 0 { named } else { 0.0 },
            turn * if missing == 0 { named } else { 0.0 },
            turn * flag(odd_names.iter().any(|n| fact.unfit_names.contains(n))),
            turn * flag(missing > 0 && !claim.names.is_empty()),
            turn * strange_names.min(2) as f32,
            turn * flag(fact.closed && odd_names.iter().any(|n| same_kind(n))),
            turn * opposed,
            flag(claim.by_author && allegation),
            flag(allegation && !claim.alleged),
            flag(allegation && claim.alleged),
            turn * names[0],
            turn * names[1],
            turn * numbers[0],
            turn * numbers[1],
        ];
        let mut features = [0.0; DIRECTION];
        features.iter_mut().zip(compared.into_iter().chain(to_true).chain(to_false)).for_each(|(slot, value)| *slot = value);
        features
    }
}

/// Signs in which a claim is compared with one statement.
const BESIDE: usize = 10;

/// What differs between a claim and one statement.
fn beside(claim: &Signs, other: &Signs) -> [f32; BESIDE] {
    let flag = |b: bool| f32::from(u8::from(b));
    let names = |a: &Signs, b: &Signs| a.names.iter().filter(|n| !b.names.contains(n)).count().min(3) as f32;
    let numbers = |a: &Signs, b: &Signs| a.numbers.iter().filter(|n| !b.numbers.contains(n)).count().min(3) as f32;
    [
        claim.opposed(other),
        claim.swapped(other),
        names(claim, other),
        names(other, claim),
        numbers(claim, other),
        numbers(other, claim),
        flag(claim.denied != other.denied),
        flag(claim.universal != other.universal),
        flag(claim.by_author != other.by_author),
        flag(claim.alleged != other.alleged),
    ]
}
