//! The program as a process, against the fake Discord: what it prints, logs and exits with.

use crate::harness::PATIENCE;
use crate::harness::discord::{FakeDiscord, RestFault};
use std::process::{Output, Stdio};
use std::time::{Duration, Instant};
use tokio::process::{Child, Command};

fn start(discord: &FakeDiscord, folder: &tempfile::TempDir, arguments: &[&str]) -> Child {
    let config = folder.path().join("config.toml");
    let url = discord.config().discord.api_url.expect("the fake has an address");
    std::fs::write(&config, format!("[discord]\napi_url = \"{url}\"\nrequest_timeout_seconds = 1\n")).expect("written");
    Command::new(env!("CARGO_BIN_EXE_footnote"))
        .arg("--config")
        .arg(config)
        .args(arguments)
        .env("DISCORD_TOKEN", "MTIz.test.token")
        .env_remove("TELEGRAM_TOKEN")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("the program starts")
}

async fn ended(child: Child) -> (Output, String) {
    let output = tokio::time::timeout(PATIENCE, child.wait_with_output()).await.expect("it ends in time").expect("it ends");
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!errors.contains("MTIz.test.token"), "the token is in the log: {errors}");
    (output, errors)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn prints_an_invitation_with_the_least_permissions() {
    let (discord, folder) = (FakeDiscord::start().await, tempfile::tempdir().expect("a scratch folder"));
    let (output, errors) = ended(start(&discord, &folder, &["discord", "invite"])).await;
    assert_eq!((output.status.code(), errors.as_str()), (Some(0), ""));
    // View, send, embed, read history, open threads, send in threads.
    let least = 1_u64 << 10 | 1 << 11 | 1 << 14 | 1 << 16 | 1 << 35 | 1 << 38;
    let link =
        format!("https://discord.com/oauth2/authorize?client_id=4242000000000000001&scope=bot+applications.commands&permissions={least}\n");
    assert_eq!(String::from_utf8_lossy(&output.stdout), link);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn logs_each_loss_once_and_stops_on_sigterm() {
    let (mut discord, folder) = (FakeDiscord::start().await, tempfile::tempdir().expect("a scratch folder"));
    let child = start(&discord, &folder, &["run"]);
    discord.connected().await;
    assert!(discord.presence().contains("/ask"), "{}", discord.presence());
    discord.send("MESSAGE_CREATE", serde_json::json!({ "id": "1" }));
    discord.on_request("/messages", RestFault::Hang);
    discord.write(discord.channel, "ann", &format!("{} what is the CSTO", discord.name()), |_| {});
    let sorry = discord.next().await;
    assert!(sorry.body["embeds"][0]["description"].as_str().unwrap_or_default().starts_with("Sorry"), "{sorry:?}");

    let begun = Instant::now();
    let told = Command::new("kill").arg("-TERM").arg(child.id().expect("it runs").to_string()).status().await.expect("kill runs");
    assert!(told.success());
    let (output, errors) = ended(child).await;
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    assert_eq!(output.status.code(), Some(0), "{errors}");
    assert_eq!(errors.matches("a reply is lost: a reply was not taken").count(), 1, "{errors}");
    assert_eq!(errors.matches("an event could not be read").count(), 1, "{errors}");
    assert_eq!(errors.lines().count(), 2, "nothing else went wrong: {errors}");
    assert!(!errors.contains("what is the CSTO"), "what people write is not logged: {errors}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_discord_does_not_know_is_misuse_in_one_line() {
    let (discord, folder) = (FakeDiscord::start().await, tempfile::tempdir().expect("a scratch folder"));
    discord.forget_token();
    for arguments in [&["run"][..], &["discord", "invite"]] {
        let (output, errors) = ended(start(&discord, &folder, arguments)).await;
        assert_eq!(output.status.code(), Some(2));
        assert!(errors.lines().count() == 1 && errors.contains("DISCORD_TOKEN"), "{errors}");
    }
}
