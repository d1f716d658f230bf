//! All platforms in one program. Apart from the tests of each, so that what those capture is of one platform alone.

use crate::PAPER;
use crate::harness::discord::{DiscordChat, FakeDiscord};
use crate::harness::telegram::{FakeTelegram, TelegramChat};
use crate::harness::{Chat, Running};

const CHAIR: &str = "who chairs the CSTO secretariat?";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_program_serves_all() {
    let (mut discord, telegram) = (FakeDiscord::start().await, FakeTelegram::start().await);
    let mut config = telegram.config();
    (config.discord, config.tokens.discord) = (discord.config().discord, discord.config().tokens.discord);
    let running = Running::start(PAPER.clone(), config);
    discord.connected().await;
    let (mut here, mut there) = (TelegramChat::new(telegram), DiscordChat::new(discord));
    for heard in [here.mention("ann", CHAIR).await, there.mention("ann", CHAIR).await] {
        assert!(heard.text.contains("Stanislav Zas"), "{heard:?}");
    }
    running.stop().await.1.expect("it stops well");
}
