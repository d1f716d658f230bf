//! The one table of commands. It feeds the parser, `/help`, the console's completion and the platforms' menus.

use crate::message::Request;

/// A command that a person can give.
#[derive(Debug, Clone, Copy)]
pub struct Command {
    /// Its name, without the slash.
    pub name: &'static str,
    /// What follows it, e.g. `question`; in brackets if it may be left out; empty if nothing does.
    pub argument: &'static str,
    /// What it does, in a few words.
    pub help: &'static str,
    make: fn(String) -> Request,
}

/// All commands, in the order in which help lists them.
pub const COMMANDS: &[Command] = &[
    Command { name: "ask", argument: "question", help: "ask the paper a question", make: Request::Ask },
    Command { name: "check", argument: "claim", help: "check a claim against the paper", make: Request::Check },
    Command { name: "define", argument: "term", help: "what a name or term means in the paper", make: Request::Define },
    Command { name: "timeline", argument: "", help: "the dated events in order", make: |_| Request::Timeline },
    Command {
        name: "sources",
        argument: "[paragraph]",
        help: "the paper's paragraphs, or one of them",
        make: |a| Request::Sources((!a.is_empty()).then_some(a)),
    },
    Command { name: "help", argument: "", help: "what you can ask and how", make: |_| Request::Help },
    Command { name: "about", argument: "", help: "which paper this is, and what the bot is", make: |_| Request::About },
];

impl Command {
    /// The command as it is typed, e.g. `/check claim`.
    pub fn usage(&self) -> String {
        let usage = format!("/{} {}", self.name, self.argument);
        usage.trim_end().to_owned()
    }

    /// Whether it cannot do without what follows it.
    pub fn needs_argument(&self) -> bool {
        !self.argument.is_empty() && !self.argument.starts_with('[')
    }
}

/// Why a line is no request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ParseError {
    /// There is no such command.
    Unknown {
        /// What was typed.
        name: String,
        /// The nearest command, if one is near.
        nearest: Option<&'static str>,
    },
    /// The command needs something after it.
    MissingArgument(&'static str),
}

/// Reads a line: a command where it starts with a slash, a question otherwise.
///
/// # Errors
///
/// An unknown command, or one without the argument that it needs.
pub fn parse(line: &str) -> Result<Request, ParseError> {
    let line = line.trim();
    let Some(rest) = line.strip_prefix('/') else {
        return Ok(Request::Ask(line.to_owned()));
    };
    let (name, argument) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    let (name, argument) = (name.to_lowercase(), argument.trim());
    let Some(command) = COMMANDS.iter().find(|c| c.name == name) else {
        let nearest = COMMANDS.iter().map(|c| (strsim::jaro_winkler(c.name, &name), c.name)).max_by(|a, b| a.0.total_cmp(&b.0));
        return Err(ParseError::Unknown { name, nearest: nearest.filter(|n| n.0 > 0.75).map(|n| n.1) });
    };
    if command.needs_argument() && argument.is_empty() {
        return Err(ParseError::MissingArgument(command.name));
    }
    Ok((command.make)(argument.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_commands_and_questions() {
        assert_eq!(parse("who wrote it"), Ok(Request::Ask("who wrote it".into())));
        assert_eq!(parse("/Check  CSTO has six members "), Ok(Request::Check("CSTO has six members".into())));
        assert_eq!(parse("/sources"), Ok(Request::Sources(None)));
        assert_eq!(parse("/sources p5"), Ok(Request::Sources(Some("p5".into()))));
        assert_eq!(parse("/define"), Err(ParseError::MissingArgument("define")));
        assert_eq!(parse("/chek it"), Err(ParseError::Unknown { name: "chek".into(), nearest: Some("check") }));
    }
}
