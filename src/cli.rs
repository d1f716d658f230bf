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
    /// Trains the encoder and the table of word-piece vectors on the knowledge file. Needs the feature `bert`.
    #[command(after_help = "Examples:
  footnote train                                   fine-tunes the configured model into ./model
  footnote train --table my-paper.table            the same, then makes the table from it
  footnote train --epochs 0 --table my-paper.table makes the table from the model as it is
  footnote --knowledge my-paper.toml train         for another paper")]
    Train(Train),
    /// Computes the encoder's embeddings of all ways of asking, so that the next start finds them. Needs the feature `bert`.
    Index,
    /// Tells a curator which ways of asking nearly stand twice, which entries are much alike, and what another entry wins.
    Suggest {
        /// A text, such as the paper's; its terms that no entry has are named too. Needs the feature `bert`.
        #[arg(long, value_name = "FILE")]
        text: Option<PathBuf>,
        /// At most so many lines of each sort.
        #[arg(long, default_value_t = 20)]
        most: usize,
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

/// How to train.
#[derive(Debug, Args)]
pub struct Train {
    /// Folder of the model to start from; the one of the configuration if left out.
    #[arg(long, value_name = "FOLDER")]
    pub base: Option<PathBuf>,
    /// Folder for the fine-tuned model; a run that was broken off goes on there.
    #[arg(long, value_name = "FOLDER", default_value = "model")]
    pub out: PathBuf,
    /// File for the table; none is made if left out.
    #[arg(long, value_name = "FILE")]
    pub table: Option<PathBuf>,
    /// Numbers in a vector of the table.
    #[arg(long, default_value_t = 128)]
    pub dims: usize,
    /// Passes over the ways of asking by the encoder; 0 leaves it as it is.
    #[arg(long, default_value_t = 4)]
    pub epochs: usize,
    /// Passes over the ways of asking by the table.
    #[arg(long, default_value_t = 8)]
    pub table_epochs: usize,
    /// Which stretch of each list of ways is kept aside to measure by, of how many.
    #[arg(long, value_name = "K/N", default_value = "19/20", value_parser = stretch)]
    pub aside: (usize, usize),
    /// At most so many ways of asking of an entry are trained on.
    #[arg(long, default_value_t = usize::MAX, hide_default_value = true)]
    pub ways: usize,
    /// Start of the random numbers.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
}

fn stretch(text: &str) -> Result<(usize, usize), String> {
    let parsed = text.split_once('/').and_then(|(k, n)| Some((k.parse().ok()?, n.parse().ok()?)));
    parsed.filter(|(_, n)| *n > 0).ok_or_else(|| "write it as K/N, for instance 19/20; 20/20 keeps nothing aside".to_owned())
}

fn limit(text: &str) -> Result<(String, f64), String> {
    let (name, value) = text.split_once('=').ok_or("write it as NAME=VALUE, for instance cited_accuracy=0.9")?;
    let value: f64 = value.parse().map_err(|_| format!("{value} is not a number"))?;
    Ok((name.to_owned(), value))
}
