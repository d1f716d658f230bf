//! The one table of commands. It feeds the parser, `/help`, the console's completion and the platforms' menus.
//!
//! Texts of menus are in [`translation`]; answers are in the knowledge file's language alone.

pub mod translation;

use crate::message::Request;
use translation::{MenuText, translations};

/// Who may use a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    /// Everyone.
    Everyone,
    /// Those who may change settings: Discord's "manage server", a Telegram group's administrators.
    Managers,
}

/// What a platform can propose for an argument while a person types.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proposes {
    /// Nothing.
    Nothing,
    /// Curated questions.
    Questions,
    /// Names of the glossary.
    Terms,
}

/// A command that a person can give.
#[derive(Debug, Clone, Copy)]
pub struct Command {
    /// Its name, without the slash.
    pub name: &'static str,
    /// What follows it, e.g. `question`; in brackets if it may be left out; empty if nothing does.
    pub argument: &'static str,
    /// What it does, in a few words.
    pub help: &'static str,
    /// Who may use it.
    pub who: Who,
    /// What is proposed for its argument.
    pub proposes: Proposes,
    /// Whether help and menus list it.
    pub listed: bool,
    make: fn(String) -> Request,
}

/// A command of which people know by its name alone.
const PLAIN: Command =
    Command { name: "", argument: "", help: "", who: Who::Everyone, proposes: Proposes::Nothing, listed: true, make: |_| Request::Help };

fn argument(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}

/// All commands, in the order in which help lists them.
pub const COMMANDS: &[Command] = &[
    Command {
        name: "ask",
        argument: "question",
        help: "ask the paper a question",
        proposes: Proposes::Questions,
        make: Request::Ask,
        ..PLAIN
    },
    Command { name: "check", argument: "claim", help: "check a claim against the paper", make: Request::Check, ..PLAIN },
    Command {
        name: "define",
        argument: "term",
        help: "what a name or term means in the paper",
        proposes: Proposes::Terms,
        make: Request::Define,
        ..PLAIN
    },
    Command { name: "timeline", help: "the dated events in order", make: |_| Request::Timeline, ..PLAIN },
    Command {
        name: "sources",
        argument: "[paragraph]",
        help: "the paper's paragraphs, or one of them",
        make: |text| Request::Sources(argument(text)),
        ..PLAIN
    },
    Command { name: "help", help: "what you can ask and how", ..PLAIN },
    Command { name: "about", help: "which paper this is, and what the bot is", make: |_| Request::About, ..PLAIN },
    Command { name: "settings", help: "how the bot behaves here", who: Who::Managers, make: |_| Request::Settings, ..PLAIN },
    // Telegram's first button, and its links to an entry.
    Command { name: "start", argument: "[entry]", listed: false, make: |text| Request::Start(argument(text)), ..PLAIN },
];

/// A command on somebody's message, as Discord's right-click menu has them.
#[derive(Debug, Clone, Copy)]
pub struct MessageCommand {
    /// Its name in the menu.
    pub name: &'static str,
    make: fn(String) -> Request,
}

/// All commands on messages.
pub const MESSAGE_COMMANDS: &[MessageCommand] = &[
    MessageCommand { name: "Fact-check this message", make: Request::CheckMessage },
    MessageCommand { name: "Ask the paper about this", make: Request::AskMessage },
];

/// The option, on each command, that makes its answer private.
pub const PRIVATE: (&str, &str) = ("private", "show the answer to you alone");

impl Command {
    /// The command of a name.
    pub fn named(name: &str) -> Option<&'static Self> {
        COMMANDS.iter().find(|c| c.name == name)
    }

    /// The command as it is typed, e.g. `/check claim`.
    pub fn usage(&self) -> String {
        let usage = format!("/{} {}", self.name, self.argument);
        usage.trim_end().to_owned()
    }

    /// Whether it cannot do without what follows it.
    pub fn needs_argument(&self) -> bool {
        !self.argument.is_empty() && !self.argument.starts_with('[')
    }

    /// The name of its argument, without brackets; empty if it has none.
    pub fn argument_name(&self) -> &'static str {
        self.argument.trim_matches(['[', ']'])
    }

    /// What it wants, with this argument.
    pub fn request(&self, argument: &str) -> Request {
        (self.make)(argument.trim().to_owned())
    }

    /// Its texts for menus in other languages.
    pub fn translations(&self) -> &'static [MenuText] {
        translations(self.name)
    }
}

impl MessageCommand {
    /// The command of a name.
    pub fn named(name: &str) -> Option<&'static Self> {
        MESSAGE_COMMANDS.iter().find(|c| c.name == name)
    }

    /// What it wants of a message with this text.
    pub fn request(&self, text: &str) -> Request {
        (self.make)(text.to_owned())
    }

    /// Its texts for menus in other languages.
    pub fn translations(&self) -> &'static [MenuText] {
        translations(self.name)
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
    let name = name.to_lowercase();
    let translated = |c: &&Command| c.translations().iter().any(|t| t.name == name);
    let Some(command) = Command::named(&name).or_else(|| COMMANDS.iter().find(translated)) else {
        let listed = COMMANDS.iter().filter(|c| c.listed);
        let nearest = listed.map(|c| (strsim::jaro_winkler(c.name, &name), c.name)).max_by(|a, b| a.0.total_cmp(&b.0));
        return Err(ParseError::Unknown { name, nearest: nearest.filter(|n| n.0 > 0.75).map(|n| n.1) });
    };
    if command.needs_argument() && argument.trim().is_empty() {
        return Err(ParseError::MissingArgument(command.name));
    }
    Ok(command.request(argument))
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
        assert_eq!(parse("/start csto"), Ok(Request::Start(Some("csto".into()))));
        assert_eq!(parse("/хронология"), Ok(Request::Timeline));
    }

    #[test]
    fn every_name_is_its_own() {
        let names: Vec<&str> =
            COMMANDS.iter().flat_map(|c| std::iter::once(c.name).chain(c.translations().iter().map(|t| t.name))).collect();
        for (i, name) in names.iter().enumerate().filter(|(_, name)| !name.is_empty()) {
            assert!(!names[..i].contains(name), "{name} twice");
        }
    }
}
