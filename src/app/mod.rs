//! The composition root: configuration in, everything built and joined. Used by `main` and by the tests.

mod built_in;
mod encoder;

use crate::adapters::console::{chat, jsonl, render};
use crate::adapters::{discord, telegram};
use crate::bot::Bot;
use crate::cli::{self, Cli, Command, One};
use crate::config::{self, Config};
use crate::encoder::index::fingerprint;
use crate::message::{ConversationId, Incoming, Request};
use crate::qa::load::{self, Severity, Source};
use crate::qa::table::Table;
use crate::qa::{Engine, Knowledge, lint};
use crate::{eval, report, telemetry};
use anyhow::{Context, Result, bail};
use clap::CommandFactory;
pub use encoder::join as join_encoder;
use serde_json::Value;
use std::borrow::Cow;
use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// Where the built-in paper's knowledge lies in the project.
const BUILT_IN_FOLDER: &str = "knowledge/strakes-2020";

/// Exit code for a finding: faults in a file, a figure below its limit.
const FINDING: u8 = 1;

/// How long platforms may take to stop; each finishes what is in flight in less.
const STOP_WITHIN: Duration = Duration::from_millis(4_900);

/// Does what the command line says.
///
/// # Errors
///
/// Misuse, with a message that says what to change; the process then ends with exit code 2.
pub fn run(cli: Cli) -> Result<ExitCode> {
    let config = config::load(cli.config.as_deref())?;
    telemetry::init(&config.log.filter)?;
    let path = cli.knowledge.as_deref().or(config.knowledge.path.as_deref());
    match cli.command {
        Command::Ask(one) => single(&encoder::join(bot(path)?, &config.encoder)?, jsonl::Mode::Ask, &one),
        Command::Check(one) => single(&encoder::join(bot(path)?, &config.encoder)?, jsonl::Mode::Check, &one),
        Command::Chat => {
            chat::run(&encoder::join(bot(path)?, &config.encoder)?, config.chat.history.as_deref()).map(|()| ExitCode::SUCCESS)
        }
        Command::Lint { file, warnings } => lint(file.as_deref().or(path), warnings),
        Command::Eval { folder, show, limits } => grade(&encoder::join(bot(path)?, &config.encoder)?, &folder, show, &limits),
        Command::Run => platforms(&config, encoder::join(bot(path)?, &config.encoder)?),
        Command::Discord { what: cli::Discord::Invite } => invite(&config),
        Command::Train(arguments) => {
            encoder::train(&*texts(bot(path)?.engine())?, &config.encoder, &arguments)?.iter().try_for_each(|line| print(line))?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Index => {
            encoder::index(&*texts(bot(path)?.engine())?, &config.encoder)?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Suggest { text, most } => {
            let bot = bot(path)?;
            encoder::suggest(bot.engine(), &config.encoder, text.as_deref(), most)?.iter().try_for_each(|line| print(line))?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Schema => {
            print(&(serde_json::to_string_pretty(&*load::SCHEMA)? + "\n"))?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Completions { shell } => {
            clap_complete::generate(shell, &mut Cli::command(), "footnote", &mut io::stdout());
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// Builds the bot from a knowledge file or folder, or from the built-in paper.
///
/// # Errors
///
/// A file that cannot be read, or all its faults, one a line.
pub fn bot(path: Option<&Path>) -> Result<Bot> {
    let Some(path) = path else { return Ok(Bot::new(built_in::engine()?)) };
    let sources = sources(path)?;
    match load::parse(&sources) {
        Ok(knowledge) => Ok(Bot::new(Engine::new(knowledge, table(path)?))),
        Err(faults) => {
            let lines: Vec<String> = faults.iter().map(|f| f.line(&sources)).collect();
            bail!("the knowledge file cannot be used:\n{}", lines.join("\n"))
        }
    }
}

/// The knowledge of an engine with all its texts.
///
/// # Errors
///
/// A damaged program.
pub fn texts(engine: &Engine) -> Result<Cow<'_, Knowledge>> {
    Ok(if engine.is_light() { Cow::Owned(built_in::knowledge()?) } else { Cow::Borrowed(engine.knowledge()) })
}

/// The table beside a knowledge file or folder: the same name with the ending `.table`.
fn table(knowledge: &Path) -> Result<Option<Table>> {
    let path = knowledge.with_extension("table");
    if !path.is_file() {
        tracing::warn!("there is no {}; words alone decide until `footnote train --table` makes one", path.display());
        return Ok(None);
    }
    let bytes = std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let table = Table::read(Cow::Owned(bytes))
        .with_context(|| format!("{} cannot be used; delete it, or make it anew with `footnote train --table`", path.display()))?;
    Ok(Some(table))
}

/// The texts of a knowledge file, or of every `.toml` file in a folder.
///
/// # Errors
///
/// A file or folder that cannot be read.
pub fn sources(path: &Path) -> Result<Vec<Source>> {
    let unreadable = || format!("cannot read the knowledge file {}; give a .toml file, or a folder of them", path.display());
    let mut files = Vec::new();
    if path.is_dir() {
        for entry in std::fs::read_dir(path).with_context(unreadable)? {
            let file = entry.with_context(unreadable)?.path();
            if file.extension().is_some_and(|e| e == "toml") {
                files.push(file);
            }
        }
        files.sort();
        if files.is_empty() {
            bail!("{} holds no .toml file", path.display());
        }
    } else {
        files.push(path.to_owned());
    }
    (files.into_iter())
        .map(|file| Ok(Source { text: std::fs::read_to_string(&file).with_context(unreadable)?, name: file.display().to_string() }))
        .collect()
}

fn single(bot: &Bot, mode: jsonl::Mode, one: &One) -> Result<ExitCode> {
    if one.jsonl {
        jsonl::serve(bot, mode, io::stdin().lock(), io::stdout().lock()).context("the stream broke off")?;
        return Ok(ExitCode::SUCCESS);
    }
    let text = one.text.join(" ");
    let request = match mode {
        jsonl::Mode::Ask => Request::Ask(text.clone()),
        jsonl::Mode::Check => Request::Check(text.clone()),
    };
    let reply = bot.respond(&Incoming { conversation: ConversationId("command line".into()), request });
    match (one.json, mode) {
        (true, jsonl::Mode::Ask) => print(&format!("{}\n", render::answer_json(&Value::Null, &reply)))?,
        (true, jsonl::Mode::Check) => print(&format!("{}\n", render::verdict_json(&Value::Null, &reply)))?,
        (false, _) => print(&render::terminal(&reply))?,
    }
    if one.explain {
        let explanation = match mode {
            jsonl::Mode::Ask => bot.explain(&text),
            jsonl::Mode::Check => bot.explain_check(&text),
        };
        print(&format!("\n{explanation}"))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn lint(path: Option<&Path>, warnings: bool) -> Result<ExitCode> {
    let built_in = Path::new(BUILT_IN_FOLDER);
    let sources = match path {
        Some(path) => sources(path)?,
        None if built_in.is_dir() => sources(built_in)?,
        None => bail!("name the file or folder to check; the built-in paper was checked when this program was built"),
    };
    let all = lint::lint(&sources);
    let shown: Vec<_> = all.iter().filter(|f| warnings || f.severity == Severity::Error).cloned().collect();
    let colour = io::stderr().is_terminal();
    report::write(&shown, &sources, colour, anstream::stderr().lock())?;
    if shown.len() < all.len() {
        print(&format!("{} warnings are not shown; add --warnings to see them\n", all.len() - shown.len()))?;
    }
    let path = path.unwrap_or(built_in);
    if let (Ok(knowledge), Some(table)) = (load::parse(&sources), table(path)?)
        && table.knowledge() != fingerprint(&knowledge)
    {
        let table = path.with_extension("table");
        print(&format!(
            "{} was trained on another state of this file; it still works, and `footnote train --table` renews it\n",
            table.display()
        ))?;
    }
    Ok(if all.iter().any(|f| f.severity == Severity::Error) { ExitCode::from(FINDING) } else { ExitCode::SUCCESS })
}

fn grade(bot: &Bot, folder: &Path, show: bool, limits: &[(String, f64)]) -> Result<ExitCode> {
    let grades = eval::grade(bot, folder)?;
    print(&grades.table(show))?;
    if show {
        grades.misses.iter().try_for_each(|miss| print(&format!("{miss}\n")))?;
    }
    let below = grades.below(limits)?;
    below.iter().try_for_each(|line| print(&format!("{line}\n")))?;
    Ok(if below.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(FINDING) })
}

/// Connects the platforms until the process is told to stop. Nothing else of the program needs a runtime.
fn platforms(config: &Config, bot: Bot) -> Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("the system gives no threads to work with")?;
    if config.tokens.discord.is_some() || config.tokens.telegram.is_some() {
        print("Connecting. Ctrl-C stops.\n")?;
    }
    runtime.block_on(serve(Arc::new(bot), config, told_to_stop()))?;
    // A connection that does not close in time is left to the system.
    runtime.shutdown_timeout(Duration::from_millis(100));
    Ok(ExitCode::SUCCESS)
}

/// Prints the link that adds the bot to a server.
fn invite(config: &Config) -> Result<ExitCode> {
    let token = config.tokens.discord.as_ref().context("set DISCORD_TOKEN to the bot's token first")?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("the system gives no connections")?;
    print(&format!("{}\n", runtime.block_on(discord::invite(&config.discord, token))?))?;
    Ok(ExitCode::SUCCESS)
}

/// Ends when the process gets SIGTERM, or Ctrl-C.
async fn told_to_stop() {
    #[cfg(unix)]
    if let Ok(mut term) = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        tokio::select! {
            _ = term.recv() => {}
            _ = tokio::signal::ctrl_c() => {}
        }
        return;
    }
    // Without signals there is nothing to wait for but the end of the process.
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// Connects each platform whose token is set, until `stop` ends; then finishes what is in flight, for a few seconds.
///
/// # Errors
///
/// No token is set, or a platform cannot go on; the message says what to do.
pub async fn serve(bot: Arc<Bot>, config: &Config, stop: impl Future<Output = ()>) -> Result<()> {
    let stopping = CancellationToken::new();
    let mut platforms: JoinSet<Result<()>> = JoinSet::new();
    if let Some(token) = config.tokens.discord.clone() {
        let (bot, config, stopping) = (bot.clone(), config.discord.clone(), stopping.clone());
        platforms.spawn(async move { discord::run(bot, &config, &token, stopping).await });
    }
    if let Some(token) = config.tokens.telegram.clone() {
        let (bot, config, stopping) = (bot.clone(), config.telegram.clone(), stopping.clone());
        platforms.spawn(async move { telegram::run(bot, &config, &token, stopping).await });
    }
    if platforms.is_empty() {
        bail!("no platform to connect: set DISCORD_TOKEN or TELEGRAM_TOKEN, or try `footnote chat`");
    }
    let mut end = tokio::select! {
        () = stop => Ok(()),
        Some(ended) = platforms.join_next() => ended.unwrap_or_else(|panic| Err(panic.into())),
    };
    stopping.cancel();
    let rest = async {
        while let Some(ended) = platforms.join_next().await {
            end = std::mem::replace(&mut end, Ok(())).and(ended.unwrap_or_else(|panic| Err(panic.into())));
        }
    };
    if tokio::time::timeout(STOP_WITHIN, rest).await.is_err() {
        tracing::warn!("a platform did not stop within {STOP_WITHIN:?}");
    }
    end
}

fn print(text: &str) -> Result<()> {
    let mut out = anstream::stdout().lock();
    out.write_all(text.as_bytes())?;
    Ok(())
}
