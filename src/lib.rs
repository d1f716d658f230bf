//! footnote answers questions about one paper from a curated knowledge file, with the paragraph to prove it.
//!
//! A tour of the code, in reading order:
//!
//! 1. [`message`] has the words that all parts share: a request comes in, a reply goes out.
//! 2. [`qa`] is the core: it decides which curated sentences answer a question, or whether the paper supports a claim.
//! 3. [`wording`] has the sentences that are not curated; [`command`] has the table of commands.
//! 4. [`encoder`] turns texts into embeddings, where the transformer is built in.
//! 5. [`bot`] remembers conversations and joins the two.
//! 6. [`adapters`] translate between the bot and a platform; the console is the simplest.
//! 7. [`app`] builds everything from [`config`]; [`cli`] is the command line.
//! 8. [`eval`] grades the bot on test cases; [`report`] and [`suggest`] tell a curator what is wrong with a file, and what
//!    could be better. `train`, with the feature `bert`, makes the table and a better encoder.

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
pub mod suggest;

#[cfg(feature = "bert")]
pub mod progress;
#[cfg(feature = "bert")]
pub mod train;
