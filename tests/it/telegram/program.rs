//! The program as a process, against the fake Bot API server: what it prints, logs and exits with.

use crate::harness::PATIENCE;
use crate::harness::telegram::payload::{self, NAME};
use crate::harness::telegram::{FakeTelegram, Fault, TOKEN};
use serde_json::json;
use std::process::{Output, Stdio};
use std::time::{Duration, Instant};
use tokio::process::{Child, Command};

fn start(telegram: &FakeTelegram, folder: &tempfile::TempDir) -> Child {
    let config = folder.path().join("config.toml");
    let url = telegram.config().telegram.api_url.expect("the fake has an address");
    let text = format!("[telegram]\napi_url = \"{url}\"\nthrottle = false\nrequest_timeout_seconds = 1\n[log]\nfilter = \"debug\"\n");
    std::fs::write(&config, text).expect("written");
    Command::new(env!("CARGO_BIN_EXE_footnote"))
        .arg("--config")
        .arg(config)
        .arg("run")
        .env("TELEGRAM_TOKEN", TOKEN)
        .env_remove("DISCORD_TOKEN")
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
    assert!(!errors.contains("AAtest"), "the token is in the log: {errors}");
    (output, errors)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn logs_each_loss_once_and_stops_on_sigterm() {
    let (mut telegram, folder) = (FakeTelegram::start().await, tempfile::tempdir().expect("a scratch folder"));
    let child = start(&telegram, &folder);
    telegram.send("a_kind_of_tomorrow", json!({ "id": 1 }));
    telegram.on_request("sendMessage", Fault::Hang);
    let group = telegram.group.clone();
    telegram.write(&group, "ann", &format!("@{NAME} what is the CSTO"), |_| {});
    let sorry = telegram.next().await;
    assert!(sorry.body["text"].as_str().unwrap_or_default().starts_with("Sorry"), "{sorry:?}");
    // The answer cannot be read, but it has what people wrote in it.
    telegram.on_request("getUpdates", Fault::Odd);
    let update = telegram.write(&payload::private("ann"), "ann", "who wrote the secret paper", |_| {});
    telegram.next().await;

    let begun = Instant::now();
    let told = Command::new("kill").arg("-TERM").arg(child.id().expect("it runs").to_string()).status().await.expect("kill runs");
    assert!(told.success());
    let (output, errors) = ended(child).await;
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    assert_eq!(output.status.code(), Some(0), "{errors}");
    assert_eq!(errors.matches("a reply is lost: a reply was not taken").count(), 1, "{errors}");
    assert_eq!(errors.matches("an update could not be read").count(), 1, "{errors}");
    assert!(errors.contains("a_kind_of_tomorrow"), "{errors}");
    assert!(!errors.contains("what is the CSTO") && !errors.contains("secret paper"), "what people write is not logged: {errors}");
    assert!(telegram.confirmed() > update, "confirmed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_telegram_does_not_know_is_misuse_in_one_line() {
    let (telegram, folder) = (FakeTelegram::start().await, tempfile::tempdir().expect("a scratch folder"));
    telegram.on_request("getMe", Fault::Refuse(401, "Unauthorized"));
    let (output, errors) = ended(start(&telegram, &folder)).await;
    assert_eq!(output.status.code(), Some(2));
    let last = errors.lines().last().unwrap_or_default();
    assert!(last.contains("TELEGRAM_TOKEN") && errors.matches("TELEGRAM_TOKEN").count() == 1, "{errors}");
}
