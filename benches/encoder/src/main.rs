//! What the transformer costs, and what the same model costs in candle.
//!
//! ```text
//! MODEL=folder cargo run --release --manifest-path benches/encoder/Cargo.toml
//! ```
//!
//! Each engine runs in a process of its own, so that resident memory is its own; both get the same questions on one
//! thread, and their embeddings have to agree. Then the bot: starting cold and warm, and answering with the transformer
//! against the transformer alone, and with the table against words alone.

mod candle;

use anyhow::{Context, Result, ensure};
use footnote::app;
use footnote::bot::Bot;
use footnote::config::{Backend, EncoderConfig};
use footnote::encoder::Encoder;
use footnote::encoder::bert::{Bert, set_threads};
use footnote::message::{ConversationId, Incoming, Request};
use footnote::qa::{Engine, Knowledge};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

/// Questions of eight to sixteen words.
const QUESTIONS: [&str; 16] = [
    "which general from Belarus was running the secretariat of the organization in July 2020",
    "in what year did Azerbaijan decide to leave the collective security treaty",
    "how many soldiers did Russia plan to send to the Kavkaz exercises",
    "who is the foreign policy adviser of the president of Azerbaijan",
    "was Turkey among the states that were invited to the war games",
    "does the author believe that Armenia wanted the alliance to intervene",
    "what was the reason for putting off the emergency meeting of the council",
    "through which country's airspace did the transport planes carry weapons to Armenia",
    "what does article four of the treaty have in common with NATO's article five",
    "which two countries have the status of an observer in the organization",
    "when was the alliance between Russia and Armenia concluded and when extended",
    "who sells Azerbaijan most of its weapons according to the paper",
    "where did the clashes of July 2020 between the two armies take place",
    "why did India and Azerbaijan stay away from the exercises in September",
    "what did the attacks of 2001 have to do with the reforms",
    "how does the organization look at the conflict over Nagorno-Karabakh",
];
const ROUNDS: usize = 12;

fn main() -> Result<()> {
    let model = PathBuf::from(std::env::var_os("MODEL").context("MODEL has to name the folder of the model")?);
    match std::env::args().nth(1).as_deref() {
        Some("rust-bert") => {
            set_threads(1);
            engine("rust-bert", || Ok(Box::new(Bert::open(&model)?)))
        }
        Some("candle") => engine("candle", || Ok(Box::new(candle::Bert::open(&model)?))),
        Some("bot") => bot(&model),
        _ => {
            println!("{:<10} {:>9} {:>9} {:>9} {:>12} {:>9}", "", "load", "p50", "p99", "batch of 32", "resident");
            let embeddings: Vec<String> = ["rust-bert", "candle"].iter().map(|name| child(name)).collect::<Result<_>>()?;
            let (ours, peers) = (numbers(&embeddings[0]), numbers(&embeddings[1]));
            let apart = ours.iter().zip(&peers).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            ensure!(ours.len() == peers.len() && apart < 1e-4, "the two engines disagree by {apart}");
            println!("largest difference between their embeddings: {apart:.1e}\n");
            print!("{}", child("bot")?);
            Ok(())
        }
    }
}

/// Runs a part in a process of its own; prints what it says on its error stream, gives what it prints.
fn child(part: &str) -> Result<String> {
    let output = Command::new(std::env::current_exe()?).arg(part).env("RAYON_NUM_THREADS", "1").output()?;
    print!("{}", String::from_utf8_lossy(&output.stderr));
    ensure!(output.status.success(), "{part} failed");
    Ok(String::from_utf8(output.stdout)?)
}

fn numbers(text: &str) -> Vec<f32> {
    text.split_whitespace().filter_map(|number| number.parse().ok()).collect()
}

fn engine(name: &str, open: impl Fn() -> Result<Box<dyn Encoder>>) -> Result<()> {
    let start = Instant::now();
    let encoder = open()?;
    let load = start.elapsed();
    let one = timed(|question| encoder.encode(&[question]).map(|_| ()))?;
    let batch: Vec<&str> = QUESTIONS.iter().chain(&QUESTIONS).copied().collect();
    let mut best = Duration::MAX;
    for _ in 0..5 {
        let start = Instant::now();
        encoder.encode(&batch)?;
        best = best.min(start.elapsed());
    }
    eprintln!(
        "{name:<10} {:>9} {:>9} {:>9} {:>10.0}/s {:>5} MiB",
        shown(load),
        shown(at(&one, 0.5)),
        shown(at(&one, 0.99)),
        batch.len() as f64 / best.as_secs_f64(),
        resident() / 1024
    );
    for row in encoder.encode(&QUESTIONS[..4])? {
        println!("{}", row.iter().map(f32::to_string).collect::<Vec<_>>().join(" "));
    }
    Ok(())
}

/// The bot with the transformer.
fn bot(model: &Path) -> Result<()> {
    let cache = std::env::temp_dir().join(format!("encoder-bench-{}", std::process::id()));
    let config =
        EncoderConfig { backend: Backend::Bert, model: model.display().to_string(), cache: cache.clone(), ..EncoderConfig::default() };
    set_threads(1);
    let start = Instant::now();
    let encoder = Bert::open(model)?;
    let bare = start.elapsed();
    let start = Instant::now();
    app::join_encoder(app::bot(None)?, &config)?;
    println!("cold start, reading all ways of asking and statements: {}", shown(start.elapsed()));
    let start = Instant::now();
    let bot = app::join_encoder(app::bot(None)?, &config)?;
    println!("warm start: {}, the model's loading alone: {}", shown(start.elapsed()), shown(bare));
    // In turns, so that a busy machine is busy for both; each question is new to the bot's memory of embeddings.
    let (mut alone, mut with) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        for question in QUESTIONS {
            let question = format!("{question} {round}");
            alone.push(time(|| encoder.encode(&[&question]).map(|_| ()))?);
            with.push(time(|| Ok(drop(ask(&bot, &question))))?);
        }
    }
    alone.sort_unstable();
    with.sort_unstable();
    let (alone, with) = (at(&alone, 0.5), at(&with, 0.5));
    println!("an answer: p50 {}, the encoder alone {}: {:.3} times", shown(with), shown(alone), with.as_secs_f64() / alone.as_secs_f64());
    println!("resident: {} MiB", resident() / 1024);
    let table = app::bot(None)?;
    let knowledge: Knowledge = app::texts(table.engine())?.into_owned();
    let words = Bot::new(Engine::new(knowledge, None));
    for (name, bot) in [("words alone", &words), ("with the table", &table)] {
        println!("an answer {name}: p50 {:.1} µs", at(&timed(|question| Ok(drop(ask(bot, question))))?, 0.5).as_secs_f64() * 1e6);
    }
    std::fs::remove_dir_all(cache)?;
    Ok(())
}

fn ask(bot: &Bot, question: &str) -> String {
    let incoming = Incoming { conversation: ConversationId("bench".into()), request: Request::Ask(question.to_owned()) };
    bot.respond(&incoming).text()
}

/// All times of all questions, sorted.
fn timed(mut run: impl FnMut(&str) -> Result<()>) -> Result<Vec<Duration>> {
    QUESTIONS.iter().try_for_each(|question| run(question))?;
    let mut times = Vec::new();
    for _ in 0..ROUNDS {
        for question in QUESTIONS {
            times.push(time(|| run(question))?);
        }
    }
    times.sort_unstable();
    Ok(times)
}

fn time(run: impl FnOnce() -> Result<()>) -> Result<Duration> {
    let start = Instant::now();
    run()?;
    Ok(start.elapsed())
}

fn at(times: &[Duration], share: f64) -> Duration {
    times[((times.len() as f64 * share) as usize).min(times.len() - 1)]
}

fn shown(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1e3)
}

/// Resident memory of this process in KiB; 0 where the system does not say.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status.lines().find_map(|line| line.strip_prefix("VmRSS:")?.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}
