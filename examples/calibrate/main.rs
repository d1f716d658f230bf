//! Fits the weights of the ranking and of claim checking on the built-in knowledge file itself.
//!
//! Every fourth stretch of each list of ways and statements is kept aside in turn (curators wrote them one after another,
//! so a stretch is about one writer's); the rest plays the knowledge file. No test case is read. Prints the accuracy on what
//! was kept aside, and the constants for `qa/rank.rs` and `qa/claim/witness.rs`; writes the network of a claim's direction.
//!
//! Tables, or folders of encoders, have to be trained with the stretch kept aside that they are tried on: four with
//! `--aside 0/4` to `--aside 3/4`, or only the last of these.
//!
//! ```text
//! cargo run --release --example calibrate
//! cargo run --release --example calibrate -- 0.table 1.table 2.table 3.table
//! cargo run --release --features bert --example calibrate -- model-3
//! ```

mod fit;

use fit::{logistic, network};
use footnote::qa::claim::models;
use footnote::qa::claim::witness::{ADDRESSED, ADDRESSED_SIGNS, DIRECTION, Models};
use footnote::qa::rank::{self, ENCODER, Evidence, LEXICAL, Ranked, TABLE, Weights};
use footnote::qa::table::Table;
use footnote::qa::{Engine, Exchange, Knowledge};
use std::borrow::Cow;
use std::collections::HashMap;
use std::path::{Path, PathBuf};

const FOLDS: usize = 4;
/// What similarity of meaning may count where the facts of a claim are looked for.
const SIMILARITY: [f32; 6] = [0.0, 0.3, 0.6, 1.0, 1.5, 2.5];
/// Rivals of the right target that a question is learned from.
const RIVALS: usize = 8;

fn main() -> anyhow::Result<()> {
    let bot = footnote::app::bot(None)?;
    let knowledge = footnote::app::texts(bot.engine())?.into_owned();
    let trained: Vec<PathBuf> = std::env::args().skip(1).map(PathBuf::from).collect();
    anyhow::ensure!(trained.len() <= FOLDS, "there are {FOLDS} stretches");
    let start = match trained.first() {
        Some(path) if path.is_dir() => ENCODER,
        Some(_) => TABLE,
        None => LEXICAL,
    };
    let first = if trained.is_empty() { 0 } else { FOLDS - trained.len() };
    let mut ranked: Vec<Case> = Vec::new();
    let mut leaning: Vec<Case> = Vec::new();
    let mut addressed: Vec<([f32; ADDRESSED], bool)> = Vec::new();
    let mut direction: Vec<(usize, [f32; DIRECTION], bool)> = Vec::new();
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
            ranked.push((*target, all));
        }
        for (target, before, question) in &aside.turns {
            let text = knowledge.entries[*before as usize].title().to_owned();
            let mut all = engine.ranked(&engine.query(question, &[Exchange { text, targets: vec![*before] }]), similar(question));
            all.truncate(40);
            leaning.push((*target, all));
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
                direction.push((fold, *features, *truth));
            }
        }
    }
    println!("ways kept aside: {}, first right before fitting: {:.3}", ranked.len(), first_right(&ranked, &start));
    let weights = fit_ranking(&ranked, start);
    println!("first right after fitting: {:.3}", first_right(&ranked, &weights));
    println!("questions that lean: {}, first right before fitting: {:.3}", leaning.len(), first_right(&leaning, &weights));
    let weights = fit_conversation(&leaning, weights);
    println!("first right after fitting: {:.3}\n{weights:?}", first_right(&leaning, &weights));
    fit_confidence(&ranked, &weights, knowledge.entries.len() as u32);
    println!("\nstatements kept aside: {}; fact found first, by what similarity counts:", addressed.len());
    for (found, similarity) in found.iter().zip(SIMILARITY) {
        println!("  {similarity}: {:.3}", *found as f64 / f64::from(stated.max(1)));
    }
    logistic("ADDRESSED", &addressed, ADDRESSED_SIGNS, true);
    let fitted = network(&direction);
    let file = Path::new("src/qa/claim/fitted").join(match trained.first() {
        Some(path) if path.is_dir() => "encoder.in",
        Some(_) => "table.in",
        None => "lexical.in",
    });
    std::fs::write(&file, fitted)?;
    println!("written: {}", file.display());
    Ok(())
}

/// The right target and the ranking of a question.
type Case = (u32, Vec<Ranked>);

struct Aside {
    ways: Vec<(u32, String)>,
    /// Target, the entry that the conversation was about, and what is asked then.
    turns: Vec<(u32, u32, String)>,
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
    texts.extend(aside.turns.iter().map(|(_, _, text)| text.as_str()));
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
    let mut aside = Aside { ways: Vec::new(), turns: Vec::new(), statements: Vec::new() };
    let lists = rest.entries.iter_mut().map(|e| &mut e.ask).chain(rest.gaps.iter_mut().map(|g| &mut g.ask));
    for (target, list) in lists.enumerate() {
        aside.ways.extend(take(list, fold).into_iter().map(|way| (target as u32, way)));
    }
    for turn in &mut rest.turns {
        if let (Some(before), Some(target)) = (knowledge.entry_number(&turn.after), knowledge.target_number(&turn.to)) {
            aside.turns.extend(take(&mut turn.ask, fold).into_iter().map(|text| (target, before, text)));
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

fn first_right(ranked: &[Case], weights: &Weights) -> f64 {
    let right = ranked.iter().filter(|(target, all)| {
        let best = all.iter().max_by(|a, b| a.evidence.score(weights).total_cmp(&b.evidence.score(weights)));
        best.is_some_and(|b| b.target == *target)
    });
    right.count() as f64 / ranked.len().max(1) as f64
}

/// Kinds of evidence that a question has by itself.
const FITTED: usize = 7;

fn features(e: &Evidence) -> [f64; FITTED] {
    [e.best, e.top, e.bm25, e.body, e.kind, e.names, e.similarity].map(f64::from)
}

/// Softmax over the right target and its nearest rivals, by gradient ascent.
fn fit_ranking(ranked: &[Case], start: Weights) -> Weights {
    const SCALE: f64 = 12.0;
    let cases: Vec<(usize, Vec<[f64; FITTED]>)> = (ranked.iter())
        .filter_map(|(target, all)| {
            let mut near: Vec<&Ranked> = all.iter().take(RIVALS).collect();
            if !near.iter().any(|r| r.target == *target) {
                near.push(all.iter().find(|r| r.target == *target)?);
            }
            let right = near.iter().position(|r| r.target == *target)?;
            Some((right, near.iter().map(|r| features(&r.evidence)).collect()))
        })
        .collect();
    let w = start;
    let mut weights = [w.best, w.top, w.bm25, w.body, w.kind, w.names, w.similarity].map(f64::from);
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
    let [best, top, bm25, body, kind, names, similarity] = weights.map(|w| (w * scale) as f32);
    Weights { best, top, bm25, body, kind, names, similarity, ..start }
}

/// Tries weights of the conversation, in parts of what the question has by itself, for most right at the first place.
fn fit_conversation(leaning: &[Case], start: Weights) -> Weights {
    let scale = start.best + start.top + start.bm25 + start.similarity;
    let mut best = (first_right(leaning, &start), start);
    for context in [0.1, 0.2, 0.3, 0.5] {
        for followup in [0.1, 0.2, 0.3, 0.5] {
            for turn in [0.2, 0.3, 0.4, 0.5, 0.7, 1.0] {
                let tried = Weights { context: context * scale, followup: followup * scale, turn: turn * scale, ..start };
                let right = first_right(leaning, &tried);
                if right > best.0 {
                    best = (right, tried);
                }
            }
        }
    }
    best.1
}

/// Chance that the best entry is right.
fn fit_confidence(ranked: &[Case], weights: &Weights, entries: u32) {
    let mut cases = Vec::new();
    for (target, all) in ranked {
        let mut all: Vec<Ranked> = all.iter().map(|r| Ranked { score: r.evidence.score(weights), ..*r }).collect();
        rank::sort(&mut all);
        if let Some((best, features)) = rank::confidence_features(&all, |t| t >= entries) {
            cases.push((features, best.target == *target));
        }
    }
    logistic("CONFIDENCE", &cases, rank::CONFIDENCE_SIGNS, false);
}
