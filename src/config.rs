//! Configuration: a file, the environment and the command line, read once into one typed [`Config`].
//!
//! Nobody else reads the environment. Secrets come from the environment only, in a type that does not print.

use crate::qa::load::Source;
use crate::qa::schema;
use anyhow::{Context, Result, bail};
use schemars::JsonSchema;
use serde::Deserialize;
use std::path::{Path, PathBuf};

/// Every setting, with its default where the file says nothing.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The knowledge file.
    #[serde(default)]
    pub knowledge: KnowledgeConfig,
    /// What is logged.
    #[serde(default)]
    pub log: LogConfig,
    /// The conversation in a terminal.
    #[serde(default)]
    pub chat: ChatConfig,
    /// The transformer.
    #[serde(default)]
    pub encoder: EncoderConfig,
    /// Discord.
    #[serde(default)]
    pub discord: DiscordConfig,
    /// Telegram.
    #[serde(default)]
    pub telegram: TelegramConfig,
    /// Tokens of the platforms, from the environment.
    #[serde(skip)]
    pub tokens: Tokens,
}

/// `[knowledge]`
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct KnowledgeConfig {
    /// A knowledge file, or a folder of them; the built-in one if it is missing.
    #[serde(default)]
    pub path: Option<PathBuf>,
}

/// `[log]`
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LogConfig {
    /// A filter such as "warn" or "footnote=debug".
    #[serde(default = "default_filter")]
    pub filter: String,
}

/// `[chat]`
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChatConfig {
    /// File that keeps the lines typed, for the arrow keys; none if it is missing.
    #[serde(default)]
    pub history: Option<PathBuf>,
}

/// `[encoder]`
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EncoderConfig {
    /// Whether a transformer joins the ranking.
    #[serde(default)]
    pub backend: Backend,
    /// Folder of the model, or its name on the hub.
    #[serde(default = "default_model")]
    pub model: String,
    /// Threads for one question.
    #[serde(default = "default_threads")]
    pub threads: usize,
    /// Folder for downloaded models and for the embeddings of the ways of asking.
    #[serde(default = "default_cache")]
    pub cache: PathBuf,
    /// Milliseconds that a question waits for its embedding; then the table answers.
    #[serde(default = "default_deadline")]
    pub deadline_ms: u64,
}

/// Which transformer joins the ranking.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Backend {
    /// None: words and the table decide.
    #[default]
    Off,
    /// A BERT sentence encoder; the program must be built with the feature `bert`.
    Bert,
}

impl Default for EncoderConfig {
    fn default() -> Self {
        Self {
            backend: Backend::Off,
            model: default_model(),
            threads: default_threads(),
            cache: default_cache(),
            deadline_ms: default_deadline(),
        }
    }
}

fn default_model() -> String {
    "sentence-transformers/all-MiniLM-L6-v2".to_owned()
}

fn default_threads() -> usize {
    1
}

fn default_cache() -> PathBuf {
    PathBuf::from("cache")
}

fn default_deadline() -> u64 {
    500
}

/// `[discord]`
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DiscordConfig {
    /// Where Discord's REST API is, if not at Discord: a proxy that keeps the rate limits for several processes.
    #[serde(default)]
    pub api_url: Option<String>,
    /// The shards of this process; all that Discord recommends if it is missing.
    #[serde(default)]
    pub shards: Option<ShardsConfig>,
    /// Whether to read messages that do not mention the bot, which Discord has to grant.
    #[serde(default)]
    pub message_content: bool,
    /// Seconds that a request may take.
    #[serde(default = "default_request_timeout")]
    pub request_timeout_seconds: u64,
    /// Seconds without a sign of life after which the bot connects anew.
    #[serde(default = "default_stale_after")]
    pub stale_after_seconds: u64,
}

impl Default for DiscordConfig {
    fn default() -> Self {
        Self {
            api_url: None,
            shards: None,
            message_content: false,
            request_timeout_seconds: default_request_timeout(),
            stale_after_seconds: default_stale_after(),
        }
    }
}

impl DiscordConfig {
    /// What types cannot say.
    fn check(&self, name: &str) -> Result<()> {
        if let Some(shards) = self.shards
            && !(shards.first <= shards.last && shards.last < shards.total)
        {
            bail!("{name}: [discord] shards: first must not be after last, and last must be below total");
        }
        if self.request_timeout_seconds == 0 || self.stale_after_seconds == 0 {
            bail!("{name}: [discord] request_timeout_seconds and stale_after_seconds must be at least 1");
        }
        if self.api_url.as_deref().is_some_and(|url| !url.starts_with("http://") && !url.starts_with("https://")) {
            bail!("{name}: [discord] api_url must begin with http:// or https://");
        }
        Ok(())
    }
}

fn default_request_timeout() -> u64 {
    10
}

fn default_stale_after() -> u64 {
    150
}

/// `[telegram]`
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TelegramConfig {
    /// Where the Bot API is, if not at Telegram: a server of one's own.
    #[serde(default)]
    pub api_url: Option<String>,
    /// Whether to keep Telegram's flood limits; a server of one's own may have none.
    #[serde(default = "default_throttle")]
    pub throttle: bool,
    /// Where Telegram delivers to, as seen from outside; the bot polls if it is missing.
    #[serde(default)]
    pub webhook_url: Option<String>,
    /// Where to listen for deliveries.
    #[serde(default = "default_webhook_listen")]
    pub webhook_listen: String,
    /// Whether to stop Telegram from delivering when the bot stops.
    #[serde(default)]
    pub webhook_remove_on_stop: bool,
    /// Deliveries at a time.
    #[serde(default = "default_webhook_connections")]
    pub webhook_connections: u8,
    /// Seconds that a poll waits for something to happen.
    #[serde(default = "default_poll")]
    pub poll_seconds: u64,
    /// Seconds that any other request may take.
    #[serde(default = "default_request_timeout")]
    pub request_timeout_seconds: u64,
}

impl Default for TelegramConfig {
    fn default() -> Self {
        Self {
            api_url: None,
            throttle: default_throttle(),
            webhook_url: None,
            webhook_listen: default_webhook_listen(),
            webhook_remove_on_stop: false,
            webhook_connections: default_webhook_connections(),
            poll_seconds: default_poll(),
            request_timeout_seconds: default_request_timeout(),
        }
    }
}

impl TelegramConfig {
    /// What types cannot say.
    fn check(&self, name: &str) -> Result<()> {
        if self.api_url.as_deref().is_some_and(|url| !url.starts_with("http://") && !url.starts_with("https://")) {
            bail!("{name}: [telegram] api_url must begin with http:// or https://");
        }
        // A Bot API server of one's own also delivers without encryption, inside a network of one's own.
        let delivers = |url: &str| url.starts_with("https://") || (self.api_url.is_some() && url.starts_with("http://"));
        if self.webhook_url.as_deref().is_some_and(|url| !delivers(url)) {
            bail!("{name}: [telegram] webhook_url must begin with https://, which is all that Telegram delivers to");
        }
        if !(1..=100).contains(&self.webhook_connections) {
            bail!("{name}: [telegram] webhook_connections must be from 1 to 100");
        }
        if !(1..=50).contains(&self.poll_seconds) || self.request_timeout_seconds == 0 {
            bail!("{name}: [telegram] poll_seconds must be from 1 to 50, and request_timeout_seconds at least 1");
        }
        Ok(())
    }
}

fn default_throttle() -> bool {
    true
}

fn default_webhook_listen() -> String {
    "127.0.0.1:8443".to_owned()
}

fn default_webhook_connections() -> u8 {
    40
}

fn default_poll() -> u64 {
    30
}

/// `[discord] shards`
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ShardsConfig {
    /// The first shard of this process, from 0.
    pub first: u32,
    /// The last shard of this process.
    pub last: u32,
    /// The shards of all processes.
    pub total: u32,
}

fn default_filter() -> String {
    "warn".to_owned()
}

impl Default for LogConfig {
    fn default() -> Self {
        Self { filter: default_filter() }
    }
}

/// Tokens of the platforms.
#[derive(Debug, Clone, Default)]
pub struct Tokens {
    /// `DISCORD_TOKEN`
    pub discord: Option<Secret>,
    /// `TELEGRAM_TOKEN`
    pub telegram: Option<Secret>,
}

/// A text that does not print.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    /// A text that is kept from printing.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text, for the one place that needs it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("(secret)")
    }
}

/// The configuration file used where neither the command line nor the environment names one.
const DEFAULT_FILE: &str = "config.toml";

/// Reads the configuration: `--config`, then `FOOTNOTE_CONFIG`, then `config.toml` here if it exists, then defaults.
///
/// # Errors
///
/// A file that was named and cannot be read, or one with faults; all faults are in the message, one a line.
pub fn load(named: Option<&Path>) -> Result<Config> {
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let file = match (named, variable("FOOTNOTE_CONFIG")) {
        (Some(path), _) => Some(path.to_owned()),
        (None, Some(path)) => Some(PathBuf::from(path)),
        (None, None) => Some(PathBuf::from(DEFAULT_FILE)).filter(|path| path.is_file()),
    };
    let mut config = match file {
        Some(path) => {
            let text = std::fs::read_to_string(&path)
                .with_context(|| format!("cannot read the configuration {}; copy config.example.toml to start one", path.display()))?;
            parse(&path.display().to_string(), &text)?
        }
        None => Config::default(),
    };
    config.tokens = Tokens { discord: variable("DISCORD_TOKEN").map(Secret), telegram: variable("TELEGRAM_TOKEN").map(Secret) };
    Ok(config)
}

/// Reads the text of a configuration file.
///
/// # Errors
///
/// All faults of the text, one a line, with the nearest known key.
pub fn parse(name: &str, text: &str) -> Result<Config> {
    let error = match toml::from_str::<Config>(text) {
        Ok(config) => return config.discord.check(name).and_then(|()| config.telegram.check(name)).map(|()| config),
        Err(error) => error,
    };
    let schema = serde_json::to_value(schemars::schema_for!(Config))?;
    let problems = schema::check(text, &schema);
    if problems.is_empty() {
        bail!("{name}: {}", error.message());
    }
    let sources = [Source { name: name.to_owned(), text: text.to_owned() }];
    let lines = problems.into_iter().map(|p| crate::qa::load::Fault::error(0, p).line(&sources));
    bail!("{}", lines.collect::<Vec<_>>().join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_key_is_named_with_the_nearest_known_one() {
        let message = parse("config.toml", "[knowlege]\npath = \"x\"\n[log]\nfilter = 3\n").expect_err("two faults").to_string();
        assert_eq!(
            message,
            "config.toml:1:2: unknown key `knowlege`; did you mean `knowledge`?\n\
             config.toml:4:10: a text is wanted here, not a whole number; put it in quotes"
        );
    }

    #[test]
    fn the_example_is_valid_and_shows_the_defaults() {
        let example = parse("config.example.toml", include_str!("../config.example.toml")).expect("the example is right");
        assert_eq!(format!("{example:?}"), format!("{:?}", Config::default()));
    }

    #[test]
    fn what_types_cannot_say_is_said() {
        for (text, expected) in [
            ("shards = { first = 2, last = 1, total = 4 }", "first must not be after last"),
            ("shards = { first = 0, last = 4, total = 4 }", "last must be below total"),
            ("request_timeout_seconds = 0", "at least 1"),
            ("api_url = \"127.0.0.1:80\"", "http://"),
        ] {
            let message = parse("config.toml", &format!("[discord]\n{text}\n")).expect_err("a fault").to_string();
            assert!(message.contains(expected), "{message}");
        }
        for (text, expected) in [
            ("poll_seconds = 60", "from 1 to 50"),
            ("webhook_connections = 101", "from 1 to 100"),
            ("webhook_url = \"http://bot.example.org\"", "https://"),
            ("api_url = \"127.0.0.1:80\"", "http://"),
        ] {
            let message = parse("config.toml", &format!("[telegram]\n{text}\n")).expect_err("a fault").to_string();
            assert!(message.contains(expected), "{message}");
        }
        let inside = "[telegram]\napi_url = \"http://127.0.0.1:8081\"\nwebhook_url = \"http://127.0.0.1:8443\"\n";
        assert!(parse("config.toml", inside).is_ok(), "a server of one's own");
    }

    #[test]
    fn secrets_do_not_print() {
        assert_eq!(format!("{:?}", Secret("abc".into())), "(secret)");
    }
}
