//! Integration tests, one binary.
//!
//! - `bert`: the transformer and training, with the feature `bert`
//! - `console`: the program as a person runs it, good and bad input, exit codes, JSON Lines
//! - `dialogue`: what a person reads: answers, follow-ups, declines, fact checks (snapshots)
//! - `scenarios`: what a person does on any platform; `discord` and `telegram` run them, and what only these have;
//!   `platforms` runs all at once
//! - `harness`: fake platforms that the real adapters talk to
//! - `knowledge`: the built-in knowledge file and other people's question banks
//! - `properties`: what must hold for any input
//! - `house_rules`: the dependency rule, read off the sources

// Tests may fail loudly; helpers outside test functions too.
#![allow(clippy::expect_used, clippy::unwrap_used)]

#[cfg(feature = "bert")]
mod bert;
mod console;
mod dialogue;
mod discord;
mod harness;
mod house_rules;
mod knowledge;
mod platforms;
mod properties;
mod scenarios;
mod telegram;

use footnote::bot::Bot;
use footnote::qa::load::{Source, parse};
use footnote::qa::{Engine, Knowledge};
use std::sync::{Arc, LazyLock};

/// The built-in paper, loaded once for all tests.
pub static PAPER: LazyLock<Arc<Bot>> = LazyLock::new(|| Arc::new(footnote::app::bot(None).expect("the built-in paper loads")));

/// Knowledge from a TOML text.
pub fn knowledge(text: &str) -> Knowledge {
    parse(&[Source { name: "test.toml".into(), text: text.into() }]).expect("the text is right")
}

/// An engine over a TOML text.
pub fn engine(text: &str) -> Engine {
    Engine::new(knowledge(text), None)
}
