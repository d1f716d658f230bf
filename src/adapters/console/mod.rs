//! The console: one question or claim from the command line, a conversation in a terminal, or JSON Lines.

pub mod chat;
pub mod jsonl;
pub mod render;
