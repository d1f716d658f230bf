//! JSON Lines: one JSON object a line in, one out, in order, flushed after each line.
//!
//! ask: `{"id","q","conversation"?}`; check: `{"id","claim"}`. A malformed line gives `{"id"?,"error"}`, and the stream
//! goes on.

use super::render;
use crate::bot::Bot;
use crate::message::{ConversationId, Incoming, Request};
use serde_json::{Map, Value, json};
use std::io::{self, BufRead, Write};

/// What the lines hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Questions.
    Ask,
    /// Claims.
    Check,
}

/// Bytes that a line may have; a longer one is refused, not read into memory.
const LONGEST_LINE: u64 = 4 << 20;

/// Answers every line until the input ends.
///
/// # Errors
///
/// Only when reading or writing fails.
pub fn serve(bot: &Bot, mode: Mode, mut input: impl BufRead, mut output: impl Write) -> io::Result<()> {
    let mut number = 0u64;
    let mut line = Vec::new();
    loop {
        line.clear();
        let read = io::Read::take(&mut input, LONGEST_LINE).read_until(b'\n', &mut line)?;
        if read == 0 {
            return Ok(());
        }
        number += 1;
        let reply = if read as u64 == LONGEST_LINE && !line.ends_with(b"\n") {
            input.skip_until(b'\n')?;
            json!({ "error": format!("line {number} is longer than {} MiB", LONGEST_LINE >> 20) })
        } else {
            respond(bot, mode, &line, number)
        };
        writeln!(output, "{reply}")?;
        output.flush()?;
    }
}

fn respond(bot: &Bot, mode: Mode, line: &[u8], number: u64) -> Value {
    let Ok(text) = std::str::from_utf8(line) else {
        return json!({ "error": format!("line {number} is not UTF-8") });
    };
    let object: Map<String, Value> = match serde_json::from_str(text) {
        Ok(object) => object,
        Err(error) => return json!({ "error": format!("line {number} is not a JSON object: {error}") }),
    };
    let id = object.get("id").cloned().unwrap_or(Value::Null);
    let (key, make): (_, fn(String) -> Request) = match mode {
        Mode::Ask => ("q", Request::Ask),
        Mode::Check => ("claim", Request::Check),
    };
    let Some(text) = object.get(key).and_then(Value::as_str) else {
        let error = format!("line {number} has no text under \"{key}\"");
        return if id.is_null() { json!({ "error": error }) } else { json!({ "id": id, "error": error }) };
    };
    // Lines without a conversation stand alone; the line number keeps them apart.
    let conversation = match object.get("conversation") {
        None | Some(Value::Null) => format!("line {number}"),
        Some(Value::String(name)) => format!("named {name}"),
        Some(other) => format!("named {other}"),
    };
    let incoming = Incoming { conversation: ConversationId(conversation), request: make(text.to_owned()) };
    let reply = bot.respond(&incoming);
    match mode {
        Mode::Ask => render::answer_json(&id, &reply),
        Mode::Check => render::verdict_json(&id, &reply),
    }
}
