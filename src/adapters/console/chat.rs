//! A conversation in a terminal, with line editing, history, and completion of commands; or from a pipe, line by line.

use super::render;
use crate::bot::Bot;
use crate::command::COMMANDS;
use crate::message::ConversationId;
use anyhow::{Context, Result};
use rustyline::completion::Completer;
use rustyline::error::ReadlineError;
use rustyline::history::DefaultHistory;
use rustyline::{Editor, Helper, Highlighter, Hinter, Validator};
use std::io::{self, BufRead, IsTerminal, Write};
use std::path::Path;

const PROMPT: &str = "you> ";
const LEAVE: [&str; 3] = ["/quit", "/exit", "/q"];

/// Talks until the person leaves: Ctrl-D, Ctrl-C, or `/quit`.
///
/// # Errors
///
/// When the terminal cannot be read or written.
pub fn run(bot: &Bot, history: Option<&Path>) -> Result<()> {
    let conversation = ConversationId("console".into());
    if !io::stdin().is_terminal() {
        return piped(bot, &conversation, io::stdin().lock());
    }
    let mut editor: Editor<Commands, DefaultHistory> = Editor::new().context("the terminal cannot be edited; pipe lines in instead")?;
    editor.set_helper(Some(Commands));
    if let Some(path) = history {
        // There is none before the first conversation.
        let _ = editor.load_history(path);
    }
    say(&render::terminal(&bot.line(&conversation, "/about")))?;
    say("Type a question, /help for commands, or Ctrl-D to leave.\n")?;
    loop {
        match editor.readline(PROMPT) {
            Ok(line) if LEAVE.contains(&line.trim()) => break,
            Ok(line) if line.trim().is_empty() => {}
            Ok(line) => {
                let _ = editor.add_history_entry(&line);
                say(&render::terminal(&bot.line(&conversation, &line)))?;
            }
            Err(ReadlineError::Eof | ReadlineError::Interrupted) => break,
            Err(error) => return Err(error).context("the terminal cannot be read"),
        }
    }
    if let Some(path) = history {
        editor.save_history(path).with_context(|| format!("cannot keep the history in {}", path.display()))?;
    }
    Ok(())
}

fn piped(bot: &Bot, conversation: &ConversationId, mut input: impl BufRead) -> Result<()> {
    let mut bytes = Vec::new();
    while input.read_until(b'\n', &mut bytes)? > 0 {
        let line = String::from_utf8_lossy(&bytes).trim().to_owned();
        bytes.clear();
        if LEAVE.contains(&line.as_str()) {
            break;
        }
        if !line.is_empty() {
            say(&format!("{PROMPT}{line}\n{}", render::terminal(&bot.line(conversation, &line))))?;
        }
    }
    Ok(())
}

fn say(text: &str) -> Result<()> {
    let mut out = anstream::stdout().lock();
    writeln!(out, "{text}")?;
    out.flush()?;
    Ok(())
}

/// Completes command names.
#[derive(Helper, Highlighter, Hinter, Validator)]
struct Commands;

impl Completer for Commands {
    type Candidate = String;

    fn complete(&self, line: &str, position: usize, _: &rustyline::Context<'_>) -> rustyline::Result<(usize, Vec<String>)> {
        let typed = line.get(..position).unwrap_or("");
        let Some(start) = typed.strip_prefix('/') else { return Ok((0, Vec::new())) };
        let fitting = COMMANDS.iter().filter(|c| c.name.starts_with(start)).map(|c| format!("/{} ", c.name));
        Ok((0, fitting.collect()))
    }
}
