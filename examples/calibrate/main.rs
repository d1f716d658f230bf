//! Fits the weights of the ranking and of claim checking on the built-in knowledge file itself.
//!
//! Every fourth stretch of each list of ways, turns and statements is kept aside in turn (curators wrote them one after
//! another, so a stretch is about one writer's); the rest plays the knowledge file. No test case is read. Prints the accuracy
//! on what was kept aside, and writes the weights to `qa/fitted` and `qa/claim/fitted`.
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
mod ranking;

use fit::{logistic, network};
use footnote::qa::claim::models;
use footnote::qa::claim::witness::{ADDRESSED, ADDRESSED_SIGNS, DIRECTION, Model, Models};
use footnote::qa::rank::{ENCODER, LEXICAL, TABLE, Weighing};
use footnote::qa::table::Table;
use footnote::qa::{Engine, Exchange, Knowledge};
use ranking::Case;
use std::borrow::Cow;
use std::collections::HashMap;
use std::path::{Path, PathBuf};

const FOLDS: usize = 4;
/// What similarity of meaning may count where the facts of a claim are looked for.
const SIMILARITY: [f32; 6] = [0.0, 0.3, 0.6, 1.0, 1.5, 2.5];
/// One in so many ways of asking is asked in a conversation about something else, too: not all that leans by its form does.
const UNRELATED: usize = 12;
/// Of one turn in so many nothing is left, in each stretch.
const UNTHOUGHT: usize = 6;

fn main() -> anyhow::Result<()> {
    let bot = footnote::app::bot(None)?;
    let knowledge = footnote::app::texts(bot.engine())?.into_owned();
    let trained: Vec<PathBuf> = std::env::args().skip(1).map(PathBuf::from).collect();
    anyhow::ensure!(trained.len() <= FOLDS, "there are {FOLDS} stretches");
    let (file, start) = match trained.first() {
        Some(path) if path.is_dir() => ("encoder.in", &ENCODER),
        Some(_) => ("table.in", &TABLE),
        None => ("lexical.in", &LEXICAL),
    };
    let first = if trained.is_empty() { 0 } else { FOLDS - trained.len() };
    let mut alone: Vec<Case> = Vec::new();
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
        let mut ask = |target: u32, before: Option<u32>, question: &str| {
            let history = before.map(|entry| Exchange { text: knowledge.entries[entry as usize].title().to_owned(), targets: vec![entry] });
            let query = engine.query(question, history.as_slice());
            let case = (target, engine.ranked(&query, similar(question)));
            if query.leans() { leaning.push(case) } else { alone.push(case) }
        };
        for (number, (target, way)) in aside.ways.iter().enumerate() {
            ask(*target, None, way);
            let unrelated = (number * 7919 % knowledge.entries.len()) as u32;
            let history = [Exchange { text: knowledge.entries[unrelated as usize].title().to_owned(), targets: vec![unrelated] }];
            if number % UNRELATED == 0 && engine.query(way, &history).leans() {
                ask(*target, Some(unrelated), way);
            }
        }
        for (target, before, question) in &aside.turns {
            ask(*target, Some(*before), question);
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
    let entries = knowledge.entries.len() as u32;
    println!("questions that stand alone");
    let alone = ranking::fit(&alone, &start.alone, entries);
    println!("\nquestions that lean on the conversation");
    let leaning = ranking::fit(&leaning, &start.leaning, entries);
    write(&Path::new("src/qa/fitted").join(file), &ranking::expression(&Weighing { alone, leaning }))?;

    println!("\nstatements: {}; fact found first, by what similarity counts:", addressed.len());
    for (found, similarity) in found.iter().zip(SIMILARITY) {
        println!("  {similarity}: {:.3}", *found as f64 / f64::from(stated.max(1)));
    }
    let (_, similarity) = found.iter().zip(SIMILARITY).max_by_key(|(found, _)| **found).unwrap_or((&0, 0.0));
    println!("addressed or not");
    let addressed = Model(logistic(&addressed, ADDRESSED_SIGNS, true));
    println!("supported or contradicted");
    let direction = network(&direction);
    write(&Path::new("src/qa/claim/fitted").join(file), &fit::expression(&Models { similarity, addressed, direction }))
}

/// Writes fitted weights where the crate includes them.
fn write(file: &Path, expression: &str) -> anyhow::Result<()> {
    std::fs::write(file, format!("// Written by `cargo run --release --example calibrate`.\n{expression}"))?;
    println!("written: {}", file.display());
    Ok(())
}

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
    // Of some turns everything is kept aside: people take turns that no curator thought of.
    for (number, turn) in rest.turns.iter_mut().enumerate() {
        if let (Some(before), Some(target)) = (knowledge.entry_number(&turn.after), knowledge.target_number(&turn.to)) {
            let kept = if number % UNTHOUGHT == fold { std::mem::take(&mut turn.ask) } else { take(&mut turn.ask, fold) };
            aside.turns.extend(kept.into_iter().map(|text| (target, before, text)));
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
