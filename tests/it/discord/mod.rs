//! The Discord adapter, with the real client and the real program, against a fake Discord on loopback.
//!
//! Here are the scenarios that every platform has; `features` is what only Discord has, `faults` what goes wrong, and
//! `program` the program as a process.

mod faults;
mod features;
mod program;

use crate::PAPER;
use crate::harness::Running;
use crate::harness::discord::{DiscordChat, FakeDiscord};
use crate::scenarios;
use footnote::bot::Bot;
use serde_json::{Value, json};
use std::sync::Arc;

const CHAIR: &str = "who chairs the CSTO secretariat?";

/// A chat with the program that answers from the paper.
async fn chat() -> (DiscordChat, Running) {
    let mut discord = FakeDiscord::start().await;
    let running = discord.run(PAPER.clone()).await;
    (DiscordChat::new(discord), running)
}

macro_rules! scenarios {
    ($($name:ident),* $(,)?) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            let (mut chat, running) = chat().await;
            scenarios::$name(&mut chat).await;
            running.stop().await.1.expect("it stops well");
        }
    )*};
}

scenarios!(
    a_question_is_answered_with_its_paragraph,
    it_is_silent_unless_meant,
    a_follow_up_keeps_its_context,
    every_command_answers,
    buttons_do_what_they_say,
    somebodys_message_is_checked,
    an_edit_edits_the_reply,
    what_comes_twice_is_answered_once,
    settings_are_for_managers,
);

fn option(name: &str, value: Value) -> Value {
    let kind = if value.is_boolean() { 5 } else { 3 };
    json!({ "type": kind, "name": name, "value": value })
}

fn slash(name: &str, options: &[Value]) -> Value {
    json!({ "id": "1", "name": name, "type": 1, "options": options })
}

fn ask(question: &str) -> Value {
    slash("ask", &[option("question", question.into())])
}

/// A bot whose encoder does this with each question.
fn bot_with(
    encode: impl Fn(&str) -> futures_util::future::BoxFuture<'static, anyhow::Result<Vec<f32>>> + Send + Sync + 'static,
) -> Arc<Bot> {
    Arc::new(footnote::app::bot(None).expect("the built-in paper loads").with_similarity(Box::new(encode)))
}
