//! The program under load: `footnote run` as a process of its own, against the tests' fake Bot API server on loopback.
//!
//! Measures the time from an update to the request that answers it at 500 messages a second over 200 chats, without
//! flood limits, that none is lost and each chat keeps its order, and the memory after 10,000 and 100,000 updates. With
//! `--test` it does a little of each.

// A bench may fail loudly.
#![allow(clippy::expect_used, clippy::unwrap_used)]
// The harness has more than a bench needs.
#![allow(dead_code, unused_imports)]

#[path = "../tests/it/harness/mod.rs"]
mod harness;

use harness::telegram::payload::{NAME, group};
use harness::telegram::{FakeTelegram, TOKEN};
use std::collections::HashMap;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const CHATS: i64 = 200;
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
    sent: HashMap<i64, (Instant, i64)>,
    last: HashMap<i64, i64>,
    took: Vec<Duration>,
}

impl Ledger {
    fn send(&mut self, telegram: &FakeTelegram, number: i64) {
        let chat = -1_000 - number % CHATS;
        let text = format!("@{NAME} {}", QUESTIONS[number as usize % QUESTIONS.len()]);
        let id = telegram.write(&group(chat, false), &format!("person {}", number % 1_000), &text, |_| {});
        self.sent.insert(id, (Instant::now(), chat));
    }

    async fn receive(&mut self, telegram: &mut FakeTelegram) {
        let got = telegram.next().await;
        let question = got.body["reply_parameters"]["message_id"].as_i64().expect("a reply");
        let (sent, chat) = self.sent.remove(&question).expect("each is answered once");
        self.took.push(got.at.saturating_duration_since(sent));
        let before = self.last.insert(chat, question).unwrap_or(0);
        assert!(before < question, "a chat lost its order");
        assert!(!got.body["text"].as_str().unwrap_or_default().starts_with("I am busy"), "shed");
    }
}

fn start(telegram: &FakeTelegram, folder: &std::path::Path) -> Child {
    let config = folder.join("config.toml");
    let url = telegram.config().telegram.api_url.expect("the fake has an address");
    std::fs::write(&config, format!("[telegram]\napi_url = \"{url}\"\nthrottle = false\n")).expect("written");
    Command::new(env!("CARGO_BIN_EXE_footnote"))
        .arg("--config")
        .arg(config)
        .arg("run")
        .env("TELEGRAM_TOKEN", TOKEN)
        .env_remove("DISCORD_TOKEN")
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
    let (messages, few, many) = if little { (200, 400, 1_000) } else { (2_000, 10_000, 100_000) };
    let folder = tempfile::tempdir().expect("a scratch folder");
    let mut telegram = FakeTelegram::start().await;
    let mut process = start(&telegram, folder.path());
    while telegram.menus_set() < 15 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }

    let mut ledger = Ledger::default();
    let mut ticks = tokio::time::interval(EVERY);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Burst);
    let begun = Instant::now();
    let mut number = 0;
    while ledger.took.len() < messages {
        tokio::select! {
            _ = ticks.tick(), if number < messages as i64 => {
                ledger.send(&telegram, number);
                number += 1;
            }
            () = ledger.receive(&mut telegram) => {}
        }
    }
    let took = begun.elapsed();
    ledger.took.sort();
    println!(
        "{messages} updates in {:.2} s, none lost, order kept: update to request p50 {:.2} ms, p99 {:.2} ms, longest {:.2} ms",
        took.as_secs_f64(),
        percentile(&ledger.took, 0.5),
        percentile(&ledger.took, 0.99),
        percentile(&ledger.took, 1.0),
    );

    let mut sizes = Vec::new();
    for updates in [few, many / 2, many] {
        while number < updates {
            ledger.send(&telegram, number);
            number += 1;
            while ledger.sent.len() >= UNANSWERED {
                ledger.receive(&mut telegram).await;
            }
        }
        while !ledger.sent.is_empty() {
            ledger.receive(&mut telegram).await;
        }
        sizes.push(memory(&process));
        println!("{updates} updates: {:.1} MiB resident", memory(&process) as f64 / 1_024.0);
    }
    println!("growth {:+.1} %", (sizes[2] as f64 / sizes[0] as f64 - 1.0) * 100.0);
    process.kill().expect("it ran");
    process.wait().expect("it ended");
    if !little {
        assert!(sizes[2] as f64 <= sizes[0] as f64 * 1.1, "memory grows");
    }
}
