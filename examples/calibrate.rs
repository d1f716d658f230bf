//! Fits the weights of the ranking and of claim checking on the built-in knowledge file itself.
//!
//! Every fourth stretch of each list of ways and statements is kept aside in turn (curators wrote them one after another,
//! so a stretch is about one writer's); the rest plays the knowledge file. No test case is read. Prints the accuracy on what
//! was kept aside, and the constants for `qa/rank.rs`, `qa/answer.rs` and `qa/claim/witness.rs`.
//!
//! Tables, or folders of encoders, have to be trained with the stretch kept aside that they are tried on: four with
//! `--aside 0/4` to `--aside 3/4`, or only the last of these.
//!
//! ```text
//! cargo run --release --example calibrate
//! cargo run --release --example calibrate -- 0.table 1.table 2.table 3.table
//! cargo run --release --features bert --example calibrate -- model-3
//! ```

use footnote::qa::claim::models;
use footnote::qa::claim::witness::{ADDRESSED, ADDRESSED_SIGNS, DIRECTION, DIRECTION_SIGNS, Models};
use footnote::qa::rank::{self, ENCODER, Evidence, LEXICAL, Ranked, TABLE, Weights};
use footnote::qa::table::Table;
use footnote::qa::{Engine, Exchange, Knowledge};
use std::borrow::Cow;
use std::collections::HashMap;
use std::path::PathBuf;

const FOLDS: usize = 4;
/// What similarity of meaning may count where the facts of a claim are looked for.
const SIMILARITY: [f32; 6] = [0.0, 0.3, 0.6, 1.0, 1.5, 2.5];
/// Rivals of the right target that a question is learned from.
const RIVALS: usize = 8;

fn main() -> anyhow::Result<()> {
    let bot = footnote::app::bot(None)?;
    let knowledge = bot.engine().knowledge().clone();
    let trained: Vec<PathBuf> = std::env::args().skip(1).map(PathBuf::from).collect();
    anyhow::ensure!(trained.len() <= FOLDS, "there are {FOLDS} stretches");
    let start = match trained.first() {
        Some(path) if path.is_dir() => ENCODER,
        Some(_) => TABLE,
        None => LEXICAL,
    };
    let first = if trained.is_empty() { 0 } else { FOLDS - trained.len() };
    let mut ranked: Vec<(u32, bool, Vec<Ranked>)> = Vec::new();
    let mut addressed: Vec<([f32; ADDRESSED], bool)> = Vec::new();
    let mut direction: Vec<([f32; DIRECTION], bool)> = Vec::new();
    let mut found = [0usize; SIMILARITY.len()];
    let mut stated = 0u32;
    for fold in first..FOLDS {
        let (rest, aside) = split(&knowledge, fold);
        let path = trained.get(fold - first);
        let similar = similarities(path.filter(|path| path.is_dir()), &rest, &aside)?;
        let table = path.filter(|path| path.is_file()).map(std::fs::read).transpose()?;
        let table = table.map(|bytes| Table::read(Cow::Owned(bytes))).transpose()?;
        let similar = |text: &str| similar.get(text).map(Vec::as_slice);
        let engine = Engine::new(rest, table);
        for (target, way) in &aside.ways {
            let mut all = engine.ranked(&engine.query(way, &[]), similar(way));
            all.truncate(40);
            ranked.push((*target, (*target as usize) < knowledge.entries.len(), all));
        }
        for (target, before, followup) in &aside.followups {
            let text = knowledge.entries[*before as usize].title().to_owned();
            let mut all = engine.ranked(&engine.query(followup, &[Exchange { text, targets: vec![*before] }]), similar(followup));
            all.truncate(40);
            ranked.push((*target, (*target as usize) < knowledge.entries.len(), all));
        }
        let claims = engine.claims();
        for (fact, truth, statement) in &aside.statements {
            let sense = engine.sense(similar(statement));
            if let Some(fact) = fact {
                stated += 1;
                for (found, similarity) in found.iter_mut().zip(SIMILARITY) {
                    let evidence = claims.evidence(engine.lexicon(), statement, sense, &Models { similarity, ..*models(sense) });
                    *found += usize::from(evidence.facts.first().is_some_and(|f| f.0 == *fact));
                }
            }
            let evidence = claims.evidence(engine.lexicon(), statement, sense, models(sense));
            addressed.push((evidence.addressed, fact.is_some()));
            if let Some(fact) = fact
                && let Some((_, _, features)) = evidence.facts.iter().find(|f| f.0 == *fact)
            {
                direction.push((*features, *truth));
            }
        }
    }
    println!("ways kept aside: {}, first right before fitting: {:.3}", ranked.len(), first_right(&ranked, &start));
    let weights = fit_ranking(&ranked, start);
    println!("first right after fitting: {:.3}\n{weights:?}", first_right(&ranked, &weights));
    fit_confidence(&ranked, &weights, knowledge.entries.len() as u32);
    println!("\nstatements kept aside: {}; fact found first, by what similarity counts:", addressed.len());
    for (found, similarity) in found.iter().zip(SIMILARITY) {
        println!("  {similarity}: {:.3}", *found as f64 / f64::from(stated.max(1)));
    }
    fit("ADDRESSED_MODEL", &addressed, ADDRESSED_SIGNS, true);
    fit("DIRECTION_MODEL", &direction, DIRECTION_SIGNS, true);
    Ok(())
}

struct Aside {
    ways: Vec<(u32, String)>,
    /// Target, the entry that the conversation was about, and what is asked then.
    followups: Vec<(u32, u32, String)>,
    statements: Vec<(Option<u32>, bool, String)>,
}

/// What an encoder says of all that is kept aside; nothing without one.
#[cfg(feature = "bert")]
fn similarities(model: Option<&PathBuf>, rest: &Knowledge, aside: &Aside) -> anyhow::Result<HashMap<String, Vec<f32>>> {
    use footnote::encoder::{Encoder, bert, index};
    let Some(folder) = model else { return Ok(HashMap::new()) };
    bert::set_threads(2);
    let encoder = bert::Bert::open(folder)?;
    let vectors = index::load(&folder.join("cache"), bert::fingerprint(folder)?, rest, &encoder, &mut |_, _| ())?;
    let mut texts: Vec<&str> = aside.ways.iter().map(|(_, text)| text.as_str()).collect();
    texts.extend(aside.followups.iter().map(|(_, _, text)| text.as_str()));
    texts.extend(aside.statements.iter().map(|(_, _, text)| text.as_str()));
    texts.sort_by_key(|text| text.len());
    let mut similar = HashMap::new();
    for chunk in texts.chunks(64) {
        for (text, embedding) in chunk.iter().zip(encoder.encode(chunk)?) {
            let embedding: Vec<i8> = footnote::qa::meaning::quantized(&embedding).collect();
            similar.insert((*text).to_owned(), vectors.similarities(&embedding));
        }
    }
    Ok(similar)
}

#[cfg(not(feature = "bert"))]
fn similarities(model: Option<&PathBuf>, _: &Knowledge, _: &Aside) -> anyhow::Result<HashMap<String, Vec<f32>>> {
    anyhow::ensure!(model.is_none(), "an encoder needs `--features bert`");
    Ok(HashMap::new())
}

/// Takes the given stretch out of every list.
fn split(knowledge: &Knowledge, fold: usize) -> (Knowledge, Aside) {
    let mut rest = knowledge.clone();
    let mut aside = Aside { ways: Vec::new(), followups: Vec::new(), statements: Vec::new() };
    let lists = rest.entries.iter_mut().map(|e| &mut e.ask).chain(rest.gaps.iter_mut().map(|g| &mut g.ask));
    for (target, list) in lists.enumerate() {
        aside.ways.extend(take(list, fold).into_iter().map(|way| (target as u32, way)));
    }
    let position = |id: &str| knowledge.entries.iter().position(|e| e.id == id).map(|i| i as u32);
    let lists = (rest.entries.iter_mut().map(|e| (e.related.first().cloned(), &mut e.followups)))
        .chain(rest.gaps.iter_mut().map(|g| (g.nearest.clone(), &mut g.followups)));
    for (target, (before, list)) in lists.enumerate() {
        if let Some(before) = before.as_deref().and_then(position) {
            aside.followups.extend(take(list, fold).into_iter().map(|text| (target as u32, before, text)));
        }
    }
    for (number, fact) in rest.facts.iter_mut().enumerate() {
        for (truth, list) in [(true, &mut fact.truths), (false, &mut fact.misreadings)] {
            aside.statements.extend(take(list, fold).into_iter().map(|s| (Some(number as u32), truth, s)));
        }
    }
    // Whole topics are kept aside here: what people claim outside the paper is rarely near what a curator thought of.
    let outside = std::mem::take(&mut rest.unaddressed);
    for (number, topic) in outside.into_iter().enumerate() {
        if number % FOLDS == fold {
            aside.statements.extend(topic.statements.into_iter().map(|s| (None, false, s)));
        } else {
            rest.unaddressed.push(topic);
        }
    }
    (rest, aside)
}

fn take(list: &mut Vec<String>, fold: usize) -> Vec<String> {
    let (begin, end) = (list.len() * fold / FOLDS, list.len() * (fold + 1) / FOLDS);
    list.drain(begin..end).collect()
}

fn first_right(ranked: &[(u32, bool, Vec<Ranked>)], weights: &Weights) -> f64 {
    let right = ranked.iter().filter(|(target, _, all)| {
        let best = all.iter().max_by(|a, b| a.evidence.score(weights).total_cmp(&b.evidence.score(weights)));
        best.is_some_and(|b| b.target == *target)
    });
    right.count() as f64 / ranked.len().max(1) as f64
}

/// Kinds of evidence that are fitted.
const FITTED: usize = 9;

fn features(e: &Evidence) -> [f64; FITTED] {
    [e.best, e.top, e.bm25, e.body, e.kind, e.names, e.similarity, e.context, e.followup].map(f64::from)
}

/// Softmax over the right target and its nearest rivals, by gradient ascent; weights of the conversation are kept.
fn fit_ranking(ranked: &[(u32, bool, Vec<Ranked>)], start: Weights) -> Weights {
    const SCALE: f64 = 12.0;
    let cases: Vec<(usize, Vec<[f64; FITTED]>)> = (ranked.iter())
        .filter_map(|(target, _, all)| {
            let mut near: Vec<&Ranked> = all.iter().take(RIVALS).collect();
            if !near.iter().any(|r| r.target == *target) {
                near.push(all.iter().find(|r| r.target == *target)?);
            }
            let right = near.iter().position(|r| r.target == *target)?;
            Some((right, near.iter().map(|r| features(&r.evidence)).collect()))
        })
        .collect();
    let w = start;
    let mut weights = [w.best, w.top, w.bm25, w.body, w.kind, w.names, w.similarity, w.context, w.followup].map(f64::from);
    for step in 0..400 {
        let mut gradient = [0.0; FITTED];
        for (right, near) in &cases {
            let scores: Vec<f64> = near.iter().map(|f| SCALE * f.iter().zip(&weights).map(|(x, w)| x * w).sum::<f64>()).collect();
            let top = scores.iter().copied().fold(f64::MIN, f64::max);
            let total: f64 = scores.iter().map(|s| (s - top).exp()).sum();
            for (i, f) in near.iter().enumerate() {
                let pull = f64::from(u8::from(i == *right)) - (scores[i] - top).exp() / total;
                for (g, x) in gradient.iter_mut().zip(f) {
                    *g += pull * x;
                }
            }
        }
        let rate = 2.0 / (1.0 + f64::from(step) / 100.0) / cases.len().max(1) as f64;
        for (w, g) in weights.iter_mut().zip(gradient) {
            *w = (*w + rate * g).max(0.0);
        }
    }
    // Scores keep their size, so that thresholds stay comparable.
    let scale = f64::from(w.best + w.top + w.bm25) / (weights[0] + weights[1] + weights[2]);
    let [best, top, bm25, body, kind, names, similarity, context, followup] = weights.map(|w| (w * scale) as f32);
    Weights { best, top, bm25, body, kind, names, similarity, context, followup, ..start }
}

/// Chance that the best entry is right.
fn fit_confidence(ranked: &[(u32, bool, Vec<Ranked>)], weights: &Weights, entries: u32) {
    let mut cases = Vec::new();
    for (target, _, all) in ranked {
        let mut all: Vec<Ranked> = all.iter().map(|r| Ranked { score: r.evidence.score(weights), ..*r }).collect();
        rank::sort(&mut all);
        if let Some((best, features)) = rank::confidence_features(&all, |t| t >= entries) {
            cases.push((features, best.target == *target));
        }
    }
    fit("CONFIDENCE", &cases, rank::CONFIDENCE_SIGNS, false);
}

/// Fits a logistic model by gradient descent on standardised features, with a little shrinkage, and prints it. `balanced`
/// makes both outcomes weigh the same, however many cases each has. A weight
/// whose direction is known beforehand (`signs`) may not take the other one: that would be an accident of the sample.
fn fit<const N: usize>(name: &str, cases: &[([f32; N], bool)], signs: [i8; N], balanced: bool) {
    let count = cases.len().max(1) as f64;
    let mut mean = [0.0; N];
    let mut spread = [1.0; N];
    for i in 1..N {
        mean[i] = cases.iter().map(|(f, _)| f64::from(f[i])).sum::<f64>() / count;
        spread[i] = (cases.iter().map(|(f, _)| (f64::from(f[i]) - mean[i]).powi(2)).sum::<f64>() / count).sqrt().max(1e-6);
    }
    let yes = cases.iter().filter(|(_, y)| *y).count() as f64 / count;
    let mut weights = [0.0; N];
    for _ in 0..600 {
        let mut gradient = [0.0; N];
        for (f, y) in cases {
            let x = |i: usize| if i == 0 { 1.0 } else { (f64::from(f[i]) - mean[i]) / spread[i] };
            let logit: f64 = (0..N).map(|i| weights[i] * x(i)).sum();
            let balance = match (balanced, y) {
                (false, _) => 1.0,
                (true, true) => 0.5 / yes,
                (true, false) => 0.5 / (1.0 - yes),
            };
            let pull = balance * (f64::from(u8::from(*y)) - 1.0 / (1.0 + (-logit).exp()));
            for (i, g) in gradient.iter_mut().enumerate() {
                *g += pull * x(i);
            }
        }
        for (i, w) in weights.iter_mut().enumerate() {
            *w += 1.0 * (gradient[i] / count - if i == 0 { 0.0 } else { 0.001 * *w });
            if f64::from(signs[i]) * *w < 0.0 {
                *w = 0.0;
            }
        }
    }
    let mut plain = [0.0; N];
    for i in 1..N {
        plain[i] = weights[i] / spread[i];
        plain[0] -= plain[i] * mean[i];
    }
    plain[0] += weights[0];
    let chance = |f: &[f32; N]| 1.0 / (1.0 + (-(0..N).map(|i| plain[i] * f64::from(f[i])).sum::<f64>()).exp());
    let right = cases.iter().filter(|(f, y)| (chance(f) >= 0.5) == *y).count() as f64 / count;
    let shown: Vec<String> = plain.iter().map(|w| format!("{w:.2}")).collect();
    println!("{name}: {} cases, right {right:.3}, [{}]", cases.len(), shown.join(", "));
    for at in [0.6, 0.7, 0.8, 0.9] {
        let sure: Vec<bool> =
            cases.iter().filter(|(f, _)| chance(f).max(1.0 - chance(f)) >= at).map(|(f, y)| (chance(f) >= 0.5) == *y).collect();
        let right = sure.iter().filter(|r| **r).count() as f64 / sure.len().max(1) as f64;
        println!("  at {at}: {:.3} decided, {right:.3} of them right", sure.len() as f64 / count);
    }
}
