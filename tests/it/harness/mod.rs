//! Fake platforms: servers on loopback that the real adapters talk to, and the words in which tests talk to them.
//!
//! [`Chat`] is what a person can do on any platform and what they then read; the scenarios are written in it.

pub mod capture;
pub mod discord;
pub mod telegram;
#[cfg(feature = "bert")]
pub mod tiny_bert;

use std::time::Duration;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// How long a test waits for anything.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// A reply as a person sees it.
#[derive(Debug, Clone)]
pub struct Heard {
    /// What it answers, as the platform knows it.
    pub question: String,
    /// The reply, as the platform knows it.
    pub id: String,
    /// Its text without markup.
    pub text: String,
    /// Its source lines.
    pub sources: String,
    /// Its buttons and menu options: what they say, and what they carry.
    pub buttons: Vec<(String, String)>,
    /// Whether one person alone sees it.
    pub whispered: bool,
}

impl Heard {
    /// What the button carries whose label starts so.
    #[track_caller]
    pub fn button(&self, label: &str) -> &str {
        let found = self.buttons.iter().find(|(text, _)| text.starts_with(label));
        &found.unwrap_or_else(|| panic!("no button {label:?} among {:?}", self.buttons)).1
    }
}

/// A person's possibilities on a platform. Each returns what the bot then says.
pub trait Chat {
    /// Writes to the bot alone.
    async fn direct(&mut self, who: &str, text: &str) -> Heard;
    /// Names the bot in a group.
    async fn mention(&mut self, who: &str, text: &str) -> Heard;
    /// Writes in a group without meaning the bot.
    async fn chatter(&mut self, who: &str, text: &str);
    /// Replies to a message of the bot in a group.
    async fn reply(&mut self, who: &str, to: &Heard, text: &str) -> Heard;
    /// Names the bot in reply to what somebody else wrote.
    async fn quote(&mut self, who: &str, quoted: &str, text: &str) -> Heard;
    /// Gives a command in a group.
    async fn command(&mut self, who: &str, name: &str, argument: &str) -> Heard;
    /// Gives a command in a group as somebody who manages it.
    async fn manage(&mut self, who: &str, name: &str) -> Heard;
    /// Presses a button.
    async fn press(&mut self, who: &str, on: &Heard, label: &str) -> Heard;
    /// Presses a button as somebody who manages the group; the message then says this.
    async fn turn(&mut self, who: &str, on: &Heard, label: &str) -> Heard;
    /// Edits what was written by [`Chat::mention`]; the reply then says this.
    async fn edit(&mut self, who: &str, heard: &Heard, text: &str) -> Heard;
    /// The platform delivers the last thing that was written once more.
    async fn again(&mut self);
    /// The bot says nothing to what came so far.
    async fn silence(&mut self);
}

/// The real program, running against a fake.
pub struct Running {
    stop: CancellationToken,
    task: JoinHandle<anyhow::Result<()>>,
}

impl Running {
    /// Starts the program with these settings.
    pub fn start(bot: std::sync::Arc<footnote::bot::Bot>, config: footnote::config::Config) -> Self {
        let stop = CancellationToken::new();
        let told = stop.clone();
        let task = tokio::spawn(async move { footnote::app::serve(bot, &config, told.cancelled_owned()).await });
        Self { stop, task }
    }

    /// Tells it to stop; how long that took, and how it ended.
    pub async fn stop(self) -> (Duration, anyhow::Result<()>) {
        let begun = std::time::Instant::now();
        self.stop.cancel();
        let ended = self.ended().await;
        (begun.elapsed(), ended)
    }

    /// Waits until it ends by itself.
    pub async fn ended(self) -> anyhow::Result<()> {
        tokio::time::timeout(PATIENCE, self.task).await.expect("it ends in time").expect("it does not panic")
    }
}
