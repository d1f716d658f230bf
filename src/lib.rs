//! footnote answers questions about one paper from a curated knowledge file, with the paragraph to prove it.
//!
//! A tour of the code, in reading order:
//!
//! 1. [`message`] has the words that all parts share: a request comes in, a reply goes out.
//! 2. [`qa`] is the core: it decides which curated sentences answer a question, or whether the paper supports a claim.
//! 3. [`wording`] has the sentences that are not curated; [`command`] has the table of commands.
//! 4. [`bot`] remembers conversations and joins the two.
//! 5. [`adapters`] translate between the bot and a platform; the console is the simplest.
//! 6. [`app`] builds everything from [`config`]; [`cli`] is the command line.
//! 7. [`eval`] grades the bot on test cases; [`report`] shows a curator the faults of a file.

pub mod message;

pub mod qa;

pub mod command;
pub mod wording;

pub mod encoder;

pub mod bot;

pub mod adapters;

pub mod app;
pub mod cli;
pub mod config;
pub mod telemetry;

pub mod eval;
pub mod report;
#[cfg(feature = "bert")]
pub mod train;
