//! The parts of the program that work with embeddings: the transformer in the ranking, its cache, training, and what they
//! tell a curator.

use crate::bot::Bot;
use crate::cli;
use crate::config::{Backend, EncoderConfig};
use crate::qa::{Engine, Knowledge};
use crate::suggest;
use anyhow::{Context, Result, bail};
use std::path::Path;

#[cfg(feature = "bert")]
use {
    crate::encoder::bert::{self, Bert},
    crate::encoder::service::Service,
    crate::encoder::{hub, index},
    crate::progress::progress,
    crate::qa::meaning::{Vectors, quantized},
    crate::train,
    futures_util::FutureExt,
    indicatif::ProgressBar,
    std::path::PathBuf,
    std::time::Duration,
};

/// Threads that training uses.
#[cfg(feature = "bert")]
const TRAINING_THREADS: usize = 2;
/// What to do about a program without the transformer.
#[cfg(not(feature = "bert"))]
const BUILD_IT: &str = "this program was built without the transformer; build it with `cargo build --release --features download-libtorch`";

/// Joins the transformer to the bot's ranking, if the configuration says so.
///
/// # Errors
///
/// A model that cannot be had or used, or a program built without the feature `bert`.
pub fn join(bot: Bot, config: &EncoderConfig) -> Result<Bot> {
    match config.backend {
        Backend::Off => Ok(bot),
        Backend::Bert => join_bert(bot, config),
    }
}

#[cfg(feature = "bert")]
fn join_bert(bot: Bot, config: &EncoderConfig) -> Result<Bot> {
    let folder = model(config)?;
    let (encoder, vectors) = open(&*super::texts(bot.engine())?, config, &folder)?;
    let service = Service::start(Box::new(encoder), vectors)?;
    let deadline = Duration::from_millis(config.deadline_ms);
    Ok(bot.with_similarity(Box::new(move |text| {
        let similarities = service.similarities(text);
        async move {
            // On a platform others wait too; on the command line nobody does.
            match tokio::runtime::Handle::try_current() {
                Ok(_) => tokio::time::timeout(deadline, similarities).await.context("the encoder was too slow")?,
                Err(_) => similarities.await,
            }
        }
        .boxed()
    })))
}

#[cfg(not(feature = "bert"))]
fn join_bert(_: Bot, _: &EncoderConfig) -> Result<Bot> {
    bail!("[encoder] backend is \"bert\", but {BUILD_IT}")
}

/// Computes the embeddings of all ways of asking and keeps them in the cache.
///
/// # Errors
///
/// As [`join`].
#[cfg(feature = "bert")]
pub fn index(knowledge: &Knowledge, config: &EncoderConfig) -> Result<()> {
    open(knowledge, config, &model(config)?).map(|_| ())
}

/// Needs the transformer.
#[cfg(not(feature = "bert"))]
pub fn index(_: &Knowledge, _: &EncoderConfig) -> Result<()> {
    bail!("there is nothing to index: {BUILD_IT}")
}

/// The folder of the configured model.
#[cfg(feature = "bert")]
fn model(config: &EncoderConfig) -> Result<PathBuf> {
    hub::folder(&config.model, &config.cache, hub::HUB)
}

/// The model, and the embeddings of all ways of asking by it.
#[cfg(feature = "bert")]
fn open(knowledge: &Knowledge, config: &EncoderConfig, folder: &Path) -> Result<(Bert, Vectors)> {
    bert::set_threads(config.threads);
    let encoder = Bert::open(folder)?;
    let bar = progress("reading the ways of asking", 1);
    let vectors = index::load(&config.cache, bert::fingerprint(folder)?, knowledge, &encoder, &mut told(&bar))?;
    bar.finish_and_clear();
    Ok((encoder, vectors))
}

/// Tells a progress bar how many texts are done, of how many.
#[cfg(feature = "bert")]
fn told(bar: &ProgressBar) -> impl FnMut(usize, usize) {
    |done, all| {
        bar.set_length(all as u64);
        bar.set_position(done as u64);
    }
}

/// Trains as the command line says; gives the figures in words.
///
/// # Errors
///
/// As [`join`], and whatever keeps training from its end.
#[cfg(feature = "bert")]
pub fn train(knowledge: &Knowledge, config: &EncoderConfig, arguments: &cli::Train) -> Result<Vec<String>> {
    let plan = train::Plan {
        base: arguments.base.clone().map_or_else(|| model(config), Ok)?,
        out: arguments.out.clone(),
        table: arguments.table.clone(),
        dims: arguments.dims,
        epochs: arguments.epochs,
        table_epochs: arguments.table_epochs,
        aside: arguments.aside,
        ways: arguments.ways,
        seed: arguments.seed,
        threads: TRAINING_THREADS,
    };
    let manifest = train::run(knowledge, &plan)?;
    let shown = |what: &str, figures: &Option<train::Figures>| figures.as_ref().map(|figures| format!("{what}: {}\n", figures.shown()));
    Ok(shown("encoder", &manifest.encoder).into_iter().chain(shown("table", &manifest.table)).collect())
}

/// Needs the transformer.
#[cfg(not(feature = "bert"))]
pub fn train(_: &Knowledge, _: &EncoderConfig, _: &cli::Train) -> Result<Vec<String>> {
    bail!("{BUILD_IT}")
}

/// What the embeddings tell a curator: by the transformer if it is configured, otherwise by the table. With a text, also
/// the terms in it that the knowledge does not have.
///
/// # Errors
///
/// As [`join`]; a text that cannot be read; neither a transformer nor a table.
pub fn suggest(engine: &Engine, config: &EncoderConfig, text: Option<&Path>, most: usize) -> Result<Vec<String>> {
    let mut lines = match (config.backend, engine.meaning()) {
        (Backend::Bert, _) => by_bert(&*super::texts(engine)?, config, most)?,
        (Backend::Off, Some(meaning)) => {
            let knowledge = super::texts(engine)?;
            let lexicon = engine.lexicon();
            let rows = knowledge.ways().flatten().map(|way| {
                let words = lexicon.read(way);
                meaning.embed(lexicon, &words, &lexicon.mentions_in(&words))
            });
            suggest::of_vectors(&knowledge, meaning.vectors(), rows, most)
        }
        (Backend::Off, None) => bail!("there are no embeddings: make a table with `footnote train --table`, or set [encoder] backend"),
    };
    if let Some(path) = text {
        let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        lines.extend(suggest::of_keywords(engine, &keywords(config, &text, most)?));
    }
    Ok(lines)
}

#[cfg(feature = "bert")]
fn by_bert(knowledge: &Knowledge, config: &EncoderConfig, most: usize) -> Result<Vec<String>> {
    let (encoder, vectors) = open(knowledge, config, &model(config)?)?;
    let bar = progress("reading the ways of asking", 1);
    let rows = index::embed(knowledge.ways().flatten().map(String::as_str), &encoder, &mut told(&bar))?;
    bar.finish_and_clear();
    let rows = rows.iter().map(|row| quantized(row).collect());
    Ok(suggest::of_vectors(knowledge, &vectors, rows, most))
}

#[cfg(not(feature = "bert"))]
fn by_bert(_: &Knowledge, _: &EncoderConfig, _: usize) -> Result<Vec<String>> {
    bail!("[encoder] backend is \"bert\", but {BUILD_IT}")
}

#[cfg(feature = "bert")]
fn keywords(config: &EncoderConfig, text: &str, most: usize) -> Result<Vec<String>> {
    bert::keywords(&model(config)?, text, most)
}

#[cfg(not(feature = "bert"))]
fn keywords(_: &EncoderConfig, _: &str, _: usize) -> Result<Vec<String>> {
    bail!("finding terms in a text needs the transformer: {BUILD_IT}")
}
