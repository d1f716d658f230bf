//! The question-answering core: pure, deterministic, and infallible once a knowledge file is loaded.
//!
//! ```text
//! text -> question (kind, parts, leaning) \
//!      -> lexicon  (terms, mentions)       > index -> rank -> answer
//!      -> claim    (statements)           /
//! ```
//!
//! Nothing here does I/O, waits, reads a clock or logs.

pub mod answer;
pub mod claim;
pub mod engine;
pub mod explain;
mod function_words;
pub mod index;
pub mod knowledge;
pub mod lexicon;
pub mod lint;
pub mod load;
pub mod meaning;
mod packed;
mod pairs;
pub mod question;
pub mod rank;
mod retrieve;
pub mod schema;
mod slang;
pub mod smalltalk;
mod spelling;
pub mod table;
pub mod text;
mod turns;

pub use answer::Answer;
pub use claim::{Check, Verdict};
pub use engine::{Engine, Exchange, Query};
pub use explain::Explanation;
pub use knowledge::Knowledge;
