//! The command line.

use clap::{Args, Parser, Subcommand};
use clap_complete::Shell;
use std::path::PathBuf;

/// Answers questions about one paper, with the paragraph to prove it, and says so when the paper does not say.
#[derive(Debug, Parser)]
#[command(version, about, arg_required_else_help = true, after_help = EXAMPLES)]
pub struct Cli {
    /// Knowledge file or folder to use instead of the built-in paper.
    #[arg(long, global = true, value_name = "FILE")]
    pub knowledge: Option<PathBuf>,
    /// Configuration file; otherwise FOOTNOTE_CONFIG, otherwise config.toml here if it exists.
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

const EXAMPLES: &str = "Examples:
  footnote ask \"who chairs the CSTO secretariat?\"
  footnote check \"Azerbaijan left the CSTO in 2002\"
  footnote chat
  footnote --knowledge my-paper.toml ask \"what is it about?\"
  footnote lint my-paper.toml";

/// What the program can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Answers a question.
    #[command(after_help = "Examples:
  footnote ask \"when did Azerbaijan leave the treaty?\"
  footnote ask --explain \"wat plane carried the weapons\"
  echo '{\"id\":1,\"q\":\"who wrote this?\"}' | footnote ask --jsonl")]
    Ask(One),
    /// Checks a claim against the paper: supported, contradicted, or not addressed.
    #[command(after_help = "Examples:
  footnote check \"Serbia is a full member of the CSTO\"
  echo '{\"id\":1,\"claim\":\"Kavkaz-2020 was planned for September\"}' | footnote check --jsonl")]
    Check(One),
    /// Talks: questions, follow-ups, and commands such as /check, /define, /timeline, /sources.
    Chat,
    /// Checks a knowledge file or folder, and reports every fault with its place and a hint.
    #[command(after_help = "Exits with 1 if there are faults; warnings alone do not count.")]
    Lint {
        /// The file or folder; the one in use if left out.
        file: Option<PathBuf>,
        /// Show warnings too.
        #[arg(long)]
        warnings: bool,
    },
    /// Grades a folder of test cases: answerable, unanswerable, claims and dialogues, as JSON Lines.
    #[command(after_help = "Examples:
  footnote eval tests/cases/own --show
  footnote eval tests/cases/own --min cited_accuracy=0.9 --min verdict_not_inverted=0.95")]
    Eval {
        /// The folder.
        folder: PathBuf,
        /// Show figures by kind, style and twist, and every miss.
        #[arg(long)]
        show: bool,
        /// Fail if a figure is below a value; may be given several times.
        #[arg(long = "min", value_name = "NAME=VALUE", value_parser = limit)]
        limits: Vec<(String, f64)>,
    },
    /// Connects every platform whose token is in the environment.
    Run,
    /// Helps with the bot's account on Discord.
    Discord {
        /// What with.
        #[command(subcommand)]
        what: Discord,
    },
    /// Prints the JSON Schema of the knowledge file, for editors.
    Schema,
    /// Prints a completion script for a shell.
    Completions {
        /// The shell.
        shell: Shell,
    },
}

/// What can be done about the account on Discord.
#[derive(Debug, Subcommand)]
pub enum Discord {
    /// Prints the link that adds the bot to a server, with the least permissions that it needs.
    Invite,
}

/// One text, or a stream of them.
#[derive(Debug, Args)]
pub struct One {
    /// The text; quote it.
    #[arg(required_unless_present = "jsonl", conflicts_with = "jsonl", num_args = 1..)]
    pub text: Vec<String>,
    /// Answer as one JSON object.
    #[arg(long, conflicts_with = "jsonl")]
    pub json: bool,
    /// Show how the scores came about.
    #[arg(long, conflicts_with = "jsonl")]
    pub explain: bool,
    /// Read one JSON object a line from standard input, and answer each with one.
    #[arg(long)]
    pub jsonl: bool,
}

fn limit(text: &str) -> Result<(String, f64), String> {
    let (name, value) = text.split_once('=').ok_or("write it as NAME=VALUE, for instance cited_accuracy=0.9")?;
    let value: f64 = value.parse().map_err(|_| format!("{value} is not a number"))?;
    Ok((name.to_owned(), value))
}
