//! The program under load: `footnote run` as a process of its own, against the tests' fake Discord on loopback.
//!
//! Measures the time from an event to the request that answers it at 500 messages a second over 200 channels, that none
//! is lost and each channel keeps its order, and the memory after 10,000 and 100,000 events. With `--test` it does a
//! little of each.

// A bench may fail loudly.
#![allow(clippy::expect_used, clippy::unwrap_used)]
// The harness has more than a bench needs.
#![allow(dead_code, unused_imports)]

#[path = "../tests/it/harness/mod.rs"]
mod harness;

use harness::discord::FakeDiscord;
use std::collections::HashMap;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const CHANNELS: u64 = 200;
const EVERY: Duration = Duration::from_micros(2_000);
/// Messages that may be unanswered while memory is filled.
const UNANSWERED: usize = 200;
const QUESTIONS: [&str; 8] = [
    "who wrote this paper?",
    "who chairs the CSTO secretariat?",
    "when did Azerbaijan leave the treaty",
    "which countries are members of the CSTO",
    "was Turkey invited to Kavkaz-2020",
    "how do I cook rice",
    "/check Serbia is a full member of the CSTO",
    "what does CRRF stand for",
];

/// The messages that were sent and not answered yet, and the time that each answer took.
#[derive(Default)]
struct Ledger {
    sent: HashMap<u64, (Instant, u64)>,
    last: HashMap<u64, u64>,
    took: Vec<Duration>,
}

impl Ledger {
    fn send(&mut self, discord: &FakeDiscord, number: u64) {
        let channel = discord.channel + 1 + number % CHANNELS;
        let text = format!("{} {}", discord.name(), QUESTIONS[number as usize % QUESTIONS.len()]);
        let who = format!("person {}", number % 1_000);
        let mut id = 0;
        discord.write(channel, &who, &text, |message| id = message["id"].as_str().unwrap().parse().unwrap());
        self.sent.insert(id, (Instant::now(), channel));
    }

    async fn receive(&mut self, discord: &mut FakeDiscord) {
        let got = discord.next().await;
        let question = got.body["message_reference"]["message_id"].as_str().expect("a reply").parse::<u64>().unwrap();
        let (sent, channel) = self.sent.remove(&question).expect("each is answered once");
        self.took.push(got.at.saturating_duration_since(sent));
        let before = self.last.insert(channel, question).unwrap_or(0);
        assert!(before < question, "a channel lost its order");
        assert!(!got.body["embeds"][0]["description"].as_str().unwrap_or_default().starts_with("I am busy"), "shed");
    }
}

fn start(discord: &FakeDiscord, folder: &std::path::Path) -> Child {
    let config = folder.join("config.toml");
    let url = discord.config().discord.api_url.expect("the fake has an address");
    std::fs::write(&config, format!("[discord]\napi_url = \"{url}\"\n")).expect("written");
    Command::new(env!("CARGO_BIN_EXE_footnote"))
        .arg("--config")
        .arg(config)
        .arg("run")
        .env("DISCORD_TOKEN", "MTIz.test.token")
        .stdin(Stdio::null())
        .spawn()
        .expect("the program starts")
}

/// Resident memory of a process in KiB.
fn memory(process: &Child) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", process.id())).expect("it runs");
    let line = status.lines().find(|line| line.starts_with("VmRSS")).expect("Linux says so");
    line.split_whitespace().nth(1).and_then(|number| number.parse().ok()).expect("a number")
}

fn percentile(sorted: &[Duration], share: f64) -> f64 {
    sorted[((sorted.len() - 1) as f64 * share) as usize].as_secs_f64() * 1_000.0
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let little = std::env::args().any(|argument| argument == "--test");
    let (messages, few, many) = if little { (200, 500, 1_000) } else { (2_000, 10_000, 100_000) };
    let folder = tempfile::tempdir().expect("a scratch folder");
    let mut discord = FakeDiscord::start().await;
    let mut process = start(&discord, folder.path());
    discord.connected().await;

    let mut ledger = Ledger::default();
    let mut ticks = tokio::time::interval(EVERY);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Burst);
    let begun = Instant::now();
    let mut number = 0;
    while ledger.took.len() < messages {
        tokio::select! {
            _ = ticks.tick(), if number < messages as u64 => {
                ledger.send(&discord, number);
                number += 1;
            }
            () = ledger.receive(&mut discord) => {}
        }
    }
    let took = begun.elapsed();
    ledger.took.sort();
    println!(
        "{messages} messages in {:.2} s, none lost, order kept: event to request p50 {:.2} ms, p99 {:.2} ms, longest {:.2} ms",
        took.as_secs_f64(),
        percentile(&ledger.took, 0.5),
        percentile(&ledger.took, 0.99),
        percentile(&ledger.took, 1.0),
    );

    let mut sizes = Vec::new();
    for events in [few, many] {
        while number < events {
            ledger.send(&discord, number);
            number += 1;
            while ledger.sent.len() >= UNANSWERED {
                ledger.receive(&mut discord).await;
            }
        }
        while !ledger.sent.is_empty() {
            ledger.receive(&mut discord).await;
        }
        sizes.push(memory(&process));
        println!("{events} events: {:.1} MiB resident", memory(&process) as f64 / 1_024.0);
    }
    println!("growth {:+.1} %", (sizes[1] as f64 / sizes[0] as f64 - 1.0) * 100.0);
    process.kill().expect("it ran");
    process.wait().expect("it ended");
    if !little {
        assert!(sizes[1] as f64 <= sizes[0] as f64 * 1.1, "memory grows");
    }
}
