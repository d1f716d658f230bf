//! The Discord adapter, with the real client and the real program, against a fake Discord on loopback.

use crate::PAPER;
use crate::harness::discord::gateway::{Fault, OnConnect, Opened};
use crate::harness::discord::payload::{self, Where, snowflake, user};
use crate::harness::discord::{DiscordChat, FakeDiscord, LEAST_INTENTS, RestFault, heard};
use crate::harness::{Chat, Running};
use crate::scenarios;
use footnote::bot::Bot;
use footnote::config::ShardsConfig;
use futures_util::FutureExt;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::{Duration, Instant};

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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commands_are_registered_when_they_changed_and_in_every_language() {
    let mut discord = FakeDiscord::start().await;
    let running = discord.run(PAPER.clone()).await;
    let commands = discord.commands();
    let named = |name: &str| commands.as_array().expect("a list").iter().find(|c| c["name"] == name).cloned().expect("registered");
    assert_eq!(named("ask")["name_localizations"], json!({ "ru": "спросить", "tr": "sor" }));
    assert_eq!(named("ask")["options"][0]["autocomplete"], true);
    assert_eq!(named("ask")["integration_types"], json!([0, 1]));
    assert_eq!(named("settings")["default_member_permissions"], "32");
    assert_eq!(named("Fact-check this message")["type"], 3);
    running.stop().await.1.expect("it stops well");

    let running = Running::start(PAPER.clone(), discord.config());
    discord.next_opened().await;
    discord.write(discord.channel, "ann", &format!("{} {CHAIR}", discord.name()), |_| {});
    let first = discord.next().await;
    assert!(first.path.ends_with("/messages"), "nothing changed, so nothing was registered: {first:?}");
    running.stop().await.1.expect("it stops well");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn typing_proposes_questions_and_terms() {
    let (mut chat, running) = chat().await;
    let here = chat.discord.here();
    for (command, argument, typed, proposed) in
        [("ask", "question", "who chairs the", "Zas"), ("ask", "question", "", "?"), ("define", "term", "Kav", "Kavkaz")]
    {
        let data =
            json!({ "id": "1", "name": command, "type": 1, "options": [{ "type": 3, "name": argument, "value": typed, "focused": true }] });
        chat.discord.interact(4, here, "ann", false, &data, |_| {});
        let got = chat.discord.next().await;
        assert_eq!(got.body["type"], 8);
        let names: Vec<&str> = got.body["data"]["choices"].as_array().expect("choices").iter().filter_map(|c| c["name"].as_str()).collect();
        let fits = |name: &&str| name.contains(proposed) || (proposed == "Zas" && name.contains("Secretariat"));
        assert!(names.iter().any(fits), "{typed:?}: {names:?}");
    }
    // A proposal that is chosen finds its own answer.
    let all = PAPER.propose_questions("", 25);
    let chosen = chat.command("ann", "ask", &all[0].question).await;
    assert!(chosen.sources.contains('¶') || !chosen.sources.is_empty(), "{chosen:?}");
    running.stop().await.1.expect("it stops well");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_is_checked_and_asked_about_from_its_menu() {
    let (mut chat, running) = chat().await;
    let here = chat.discord.here();
    for (name, content, said) in [
        (
            "Fact-check this message",
            "I tell you, Serbia is a full member of the CSTO. Azerbaijan left the treaty in 1999!",
            "Contradicted.",
        ),
        ("Fact-check this message", "good morning everybody", "Nothing here"),
        ("Ask the paper about this", CHAIR, "Stanislav Zas"),
    ] {
        let message = payload::message(snowflake(), chat.discord.channel, &user("bob"), content);
        let id = message["id"].as_str().expect("an id").to_owned();
        let data = json!({ "id": "1", "name": name, "type": 3, "target_id": id, "resolved": { "messages": { id.as_str(): message } } });
        let question = chat.discord.interact(2, here, "ann", false, &data, |_| {});
        let heard = heard(question, &chat.discord.next().await);
        assert!(heard.text.contains(said), "{name}: {heard:?}");
    }
    running.stop().await.1.expect("it stops well");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_private_answer_is_for_one_person_as_is_what_comes_of_it() {
    let (mut chat, running) = chat().await;
    let here = chat.discord.here();
    let data = slash("ask", &[option("question", CHAIR.into()), option("private", true.into())]);
    let id = chat.discord.interact(2, here, "ann", false, &data, |_| {});
    let heard = heard(id, &chat.discord.next().await);
    assert!(heard.whispered);
    let related = heard.buttons[0].0.clone();
    assert!(chat.press("ann", &heard, &related).await.whispered);
    running.stop().await.1.expect("it stops well");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn works_in_talks_with_the_bot_and_in_other_private_channels() {
    let (mut chat, running) = chat().await;
    for context in [1, 2] {
        let place = Where { guild: None, channel: snowflake(), parent: None, context };
        let id = chat.discord.interact(2, place, "ann", false, &ask(CHAIR), |_| {});
        let heard = heard(id, &chat.discord.next().await);
        assert!(heard.text.contains("Stanislav Zas"), "{heard:?}");
    }
    running.stop().await.1.expect("it stops well");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deleted_question_takes_its_reply_along() {
    let (mut chat, running) = chat().await;
    let (guild, channel) = (chat.discord.guild.to_string(), chat.discord.channel.to_string());
    let one = chat.mention("ann", CHAIR).await;
    chat.discord.send("MESSAGE_DELETE", json!({ "id": one.question, "channel_id": channel, "guild_id": guild }));
    let got = chat.discord.next().await;
    assert!(got.method == "DELETE" && got.path.ends_with(&one.id), "{got:?}");
    let (two, three) = (chat.mention("ann", CHAIR).await, chat.mention("bob", CHAIR).await);
    chat.discord.send("MESSAGE_DELETE_BULK", json!({ "ids": [two.question, three.question], "channel_id": channel, "guild_id": guild }));
    for heard in [two, three] {
        let got = chat.discord.next().await;
        assert!(got.method == "DELETE" && got.path.ends_with(&heard.id), "{got:?}");
    }
    running.stop().await.1.expect("it stops well");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thread_for_each_question_when_the_server_wants_it() {
    let (mut chat, running) = chat().await;
    let card = chat.manage("ann", "settings").await;
    chat.turn("ann", &card, "A thread for each question").await;
    let text = format!("{} {CHAIR}", chat.discord.name());
    let question = chat.discord.write(chat.discord.channel, "ann", &text, |_| {});
    let opened = chat.discord.next().await;
    assert!(opened.path.ends_with(&format!("/messages/{question}/threads")) && opened.body["name"] == CHAIR, "{opened:?}");
    let reply = chat.discord.next().await;
    assert_eq!(reply.path, format!("/channels/{question}/messages"), "the thread has the number of its message");
    // What is said in the thread is said to the bot, and goes on with the question.
    let follow = chat.discord.write(question, "bob", "where is he from?", |message| message["position"] = 2.into());
    let heard = heard(follow, &chat.discord.next().await);
    assert!(heard.text.contains("Belarus"), "{heard:?}");
    // A picture, or what Discord gives of a message without the intent to read it.
    chat.discord.write(question, "bob", "", |message| message["position"] = 3.into());
    chat.discord.write(question, "bob", "thanks!", |message| message["position"] = 4.into());
    let heard = self::heard(follow, &chat.discord.next().await);
    assert!(heard.text.starts_with("You are welcome"), "{heard:?}");
    running.stop().await.1.expect("it stops well");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_settings_of_a_channel_hold_in_its_threads() {
    let (mut chat, running) = chat().await;
    // The fake says that any thread belongs to channel 2.
    let channel = Where { guild: Some(chat.discord.guild), channel: 2, parent: None, context: 0 };
    let press = json!({ "component_type": 2, "custom_id": "t:cq+" });
    chat.discord.interact(3, channel, "ann", true, &press, |i| i["message"] = payload::message(snowflake(), 2, &payload::me(), ""));
    chat.discord.next().await;
    let text = format!("{} {CHAIR}", chat.discord.name());
    chat.discord.write(snowflake(), "ann", &text, |message| message["position"] = 1.into());
    // An unanswered message leaves nothing to wait for; one in another channel comes after it.
    tokio::time::sleep(Duration::from_millis(300)).await;
    chat.silence().await;
    running.stop().await.1.expect("it stops well");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bots_and_system_messages_are_not_answered() {
    let (mut chat, running) = chat().await;
    let text = format!("{} {CHAIR}", chat.discord.name());
    let channel = chat.discord.channel;
    chat.discord.write(channel, "robot", &text, |message| message["author"]["bot"] = true.into());
    chat.discord.write(channel, "ann", &text, |message| message["type"] = 7.into());
    chat.discord.write(channel, "hook", &text, |message| message["webhook_id"] = "7".into());
    chat.silence().await;
    running.stop().await.1.expect("it stops well");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_that_people_write_becomes_a_mention_or_markup() {
    let (mut chat, running) = chat().await;
    // The rules of the fake refuse mentions in what is sent.
    for text in ["/define @everyone <@123> **x**", "/@here_and_there", "/sources <@&5>"] {
        let heard = chat.mention("ann", text).await;
        assert!(!heard.text.is_empty());
    }
    let claim = format!("{} @everyone is *here*", "Serbia is a full member of the CSTO,".repeat(20));
    chat.quote("ann", &claim, "/check").await;
    running.stop().await.1.expect("it stops well");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_encoder_is_waited_for_after_deferring() {
    let bot = bot_with(|_| {
        async {
            tokio::time::sleep(Duration::from_secs(3)).await;
            anyhow::bail!("no model")
        }
        .boxed()
    });
    let mut discord = FakeDiscord::start().await;
    let running = discord.run(bot).await;
    let begun = Instant::now();
    let data = slash("ask", &[option("question", "who is the head of its secretariat".into()), option("private", true.into())]);
    discord.interact(2, discord.here(), "ann", false, &data, |_| {});
    let deferred = discord.next().await;
    assert_eq!((&deferred.body["type"], &deferred.body["data"]["flags"]), (&json!(5), &json!(64)));
    let took = deferred.at.duration_since(begun);
    assert!(took < Duration::from_secs(2), "{took:?}");
    let answered = discord.next().await;
    assert!(answered.method == "PATCH" && answered.path.ends_with("/messages/@original"), "{answered:?}");
    assert!(!answered.body["embeds"][0]["description"].as_str().unwrap_or_default().is_empty());
    running.stop().await.1.expect("it stops well");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_button_that_has_to_wait_is_deferred_without_changing_its_message() {
    let bot = bot_with(|_| {
        async {
            tokio::time::sleep(Duration::from_secs(2)).await;
            anyhow::bail!("no model")
        }
        .boxed()
    });
    let mut discord = FakeDiscord::start().await;
    let running = discord.run(bot).await;
    discord.interact(2, discord.here(), "ann", false, &ask("who is the head of its secretariat"), |_| {});
    let message = payload::message(snowflake(), discord.channel, &payload::me(), "");
    let press = json!({ "component_type": 2, "custom_id": "t:cq+" });
    discord.interact(3, discord.here(), "ann", false, &press, |interaction| interaction["message"] = message);
    let mut came = Vec::new();
    for _ in 0..4 {
        came.push(discord.next().await);
    }
    let kinds: Vec<&Value> = came[..2].iter().map(|got| &got.body["type"]).collect();
    assert!(kinds.contains(&&json!(5)) && kinds.contains(&&json!(6)), "{kinds:?}");
    assert!(came[2].path.ends_with("/messages/@original"), "{came:?}");
    let refused = heard(0, &came[3]);
    assert!(came[3].method == "POST" && refused.whispered && refused.text.starts_with("Only those who manage"), "{refused:?}");
    running.stop().await.1.expect("it stops well");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_panicking_handler_costs_one_reply_and_apologises() {
    let bot = bot_with(|text| {
        assert!(!text.contains("boom"), "a panic that belongs to the test");
        async { anyhow::bail!("no model") }.boxed()
    });
    let mut discord = FakeDiscord::start().await;
    let running = discord.run(bot).await;
    let mut chat = DiscordChat::new(discord);
    for heard in [chat.mention("ann", "boom").await, chat.command("ann", "ask", "boom").await] {
        assert!(heard.text.starts_with("Sorry"), "{heard:?}");
    }
    let heard = chat.mention("ann", CHAIR).await;
    assert!(heard.text.contains("Stanislav Zas"), "{heard:?}");
    running.stop().await.1.expect("it stops well");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_is_shed_politely_and_in_order() {
    let bot = bot_with(|_| {
        async {
            tokio::time::sleep(Duration::from_millis(40)).await;
            anyhow::bail!("no model")
        }
        .boxed()
    });
    let mut discord = FakeDiscord::start().await;
    let running = discord.run(bot).await;
    let text = format!("{} {CHAIR}", discord.name());
    let ids: Vec<u64> = (0..100).map(|_| discord.write(discord.channel, "ann", &text, |_| {})).collect();
    let mut answered = Vec::new();
    let mut busy = 0;
    loop {
        let Ok(got) = tokio::time::timeout(Duration::from_secs(1), discord.next()).await else { break };
        if got.body["embeds"][0]["description"].as_str().unwrap_or_default().starts_with("I am busy") {
            busy += 1;
        } else {
            answered.push(got.body["message_reference"]["message_id"].as_str().unwrap_or_default().parse::<u64>().expect("a number"));
        }
    }
    assert_eq!(busy, 1, "one line for one person");
    assert!((32..100).contains(&answered.len()), "{} answered", answered.len());
    assert!(answered.is_sorted() && answered.iter().all(|id| ids.contains(id)), "in order");
    running.stop().await.1.expect("it stops well");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_of_commands_is_acknowledged_whatever_happens() {
    let bot = bot_with(|_| {
        async {
            tokio::time::sleep(Duration::from_millis(100)).await;
            anyhow::bail!("no model")
        }
        .boxed()
    });
    let mut discord = FakeDiscord::start().await;
    let running = discord.run(bot).await;
    for _ in 0..60 {
        discord.interact(2, discord.here(), "ann", false, &ask("what is the head of its secretariat called"), |_| {});
    }
    let (mut busy, mut acknowledged, mut answered) = (0, 0, 0);
    while answered + busy < 60 {
        let got = discord.next().await;
        let said = heard(0, &got);
        if said.text.starts_with("I am busy") {
            assert!(said.whispered, "{said:?}");
            busy += 1;
        } else if !said.text.is_empty() {
            answered += 1;
        }
        acknowledged += u32::from(got.path.ends_with("/callback"));
    }
    assert_eq!(acknowledged, 60);
    assert!(busy > 0, "none was shed");
    running.stop().await.1.expect("it stops well");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hung_acknowledgement_is_given_up_in_time_for_another() {
    let mut discord = FakeDiscord::start().await;
    let mut config = discord.config();
    config.discord.request_timeout_seconds = 30;
    let running = Running::start(PAPER.clone(), config);
    discord.connected().await;
    discord.on_request("/callback", RestFault::Hang);
    let begun = Instant::now();
    discord.interact(2, discord.here(), "ann", false, &ask(CHAIR), |_| {});
    let second = discord.next().await;
    let took = second.at.duration_since(begun);
    assert!(second.body["type"] == 5 && took < Duration::from_secs(3), "{took:?} {second:?}");
    let sorry = heard(0, &discord.next().await);
    assert!(sorry.text.starts_with("Sorry"), "{sorry:?}");
    running.stop().await.1.expect("it stops well");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refusals_and_silence_of_the_rest_api_cost_at_most_one_reply() {
    let (mut chat, running) = chat().await;
    for fault in [429, 500, 503] {
        chat.discord.on_request("/messages", RestFault::Status(fault));
        let heard = chat.mention("ann", CHAIR).await;
        assert!(heard.text.contains("Stanislav Zas"), "tried again after {fault}: {heard:?}");
    }
    chat.discord.on_request("/messages", RestFault::Status(403));
    chat.discord.write(chat.discord.channel, "ann", &format!("{} {CHAIR}", chat.discord.name()), |_| {});
    chat.silence().await;
    chat.discord.on_request("/messages", RestFault::Hang);
    let heard = chat.mention("ann", CHAIR).await;
    assert!(heard.text.starts_with("Sorry"), "{heard:?}");
    chat.discord.on_request("/callback", RestFault::Status(500));
    let heard = chat.command("ann", "ask", CHAIR).await;
    assert!(heard.text.starts_with("Sorry") && heard.whispered, "{heard:?}");
    running.stop().await.1.expect("it stops well");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn breaks_that_can_be_resumed_lose_nothing() {
    let (mut chat, running) = chat().await;
    for fault in [Fault::Drop, Fault::Reconnect, Fault::InvalidSession(true), Fault::Close(1_000), Fault::Close(4_000)] {
        chat.discord.fault(fault.clone());
        // Said while the connection is being opened again.
        let heard = chat.mention("ann", CHAIR).await;
        assert!(heard.text.contains("Stanislav Zas"), "{fault:?}: {heard:?}");
        let opened = chat.discord.next_opened().await;
        assert!(matches!(opened, Opened::Resumed(_)), "{fault:?}: {opened:?}");
    }
    running.stop().await.1.expect("it stops well");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_that_cannot_be_resumed_is_begun_anew() {
    let (mut chat, running) = chat().await;
    chat.discord.fault(Fault::InvalidSession(false));
    assert!(matches!(chat.discord.next_opened().await, Opened::Identified { .. }));
    assert!(chat.mention("ann", CHAIR).await.text.contains("Stanislav Zas"));
    chat.discord.on_connect(OnConnect::NoResume);
    chat.discord.fault(Fault::Drop);
    assert!(matches!(chat.discord.next_opened().await, Opened::Identified { .. }));
    assert!(chat.mention("ann", CHAIR).await.text.contains("Stanislav Zas"));
    running.stop().await.1.expect("it stops well");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_zombie_connection_is_left() {
    let mut discord = FakeDiscord::start().await;
    discord.heartbeat(300);
    let running = discord.run(PAPER.clone()).await;
    let mut chat = DiscordChat::new(discord);
    chat.discord.fault(Fault::Silence);
    assert!(matches!(chat.discord.next_opened().await, Opened::Identified { .. }));
    assert!(chat.mention("ann", CHAIR).await.text.contains("Stanislav Zas"));
    running.stop().await.1.expect("it stops well");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_that_never_opens_is_given_up() {
    for fault in [OnConnect::NoUpgrade, OnConnect::Refuse, OnConnect::NoHello] {
        let mut discord = FakeDiscord::start().await;
        discord.heartbeat(200);
        discord.on_connect(fault);
        let mut config = discord.config();
        config.discord.stale_after_seconds = 2;
        let running = Running::start(PAPER.clone(), config);
        discord.connected().await;
        let mut chat = DiscordChat::new(discord);
        assert!(chat.mention("ann", CHAIR).await.text.contains("Stanislav Zas"), "{fault:?}");
        running.stop().await.1.expect("it stops well");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reconnection_that_never_opens_is_given_up() {
    let mut discord = FakeDiscord::start().await;
    discord.heartbeat(200);
    let mut config = discord.config();
    config.discord.stale_after_seconds = 2;
    let running = Running::start(PAPER.clone(), config);
    discord.connected().await;
    discord.on_connect(OnConnect::NoUpgrade);
    discord.fault(Fault::Drop);
    discord.next_opened().await;
    let mut chat = DiscordChat::new(discord);
    assert!(chat.mention("ann", CHAIR).await.text.contains("Stanislav Zas"));
    running.stop().await.1.expect("it stops well");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_read_is_passed_over() {
    let (mut chat, running) = chat().await;
    chat.discord.fault(Fault::Send("this is no JSON".into()));
    chat.discord.fault(Fault::Send(json!({ "op": 99, "d": null, "s": null, "t": null }).to_string()));
    chat.discord.send("MESSAGE_CREATE", json!({ "id": "1" }));
    chat.discord.send("A_NEW_EVENT", json!({ "id": "1" }));
    assert!(chat.mention("ann", CHAIR).await.text.contains("Stanislav Zas"));
    running.stop().await.1.expect("it stops well");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refused_tokens_and_intents_end_the_program_with_what_to_do() {
    for (code, said) in [(4_004, "DISCORD_TOKEN"), (4_014, "Message Content Intent"), (4_013, "Message Content Intent")] {
        let mut discord = FakeDiscord::start().await;
        let running = discord.run(PAPER.clone()).await;
        discord.fault(Fault::Close(code));
        let error = running.ended().await.expect_err("it cannot go on").to_string();
        assert!(error.contains(said) && !error.contains('\n'), "{code}: {error}");
    }
    let discord = FakeDiscord::start().await;
    discord.forget_token();
    let error = Running::start(PAPER.clone(), discord.config()).ended().await.expect_err("it cannot start").to_string();
    assert!(error.contains("DISCORD_TOKEN"), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn shards_are_those_that_discord_recommends_or_the_settings_say() {
    let mut discord = FakeDiscord::start().await;
    discord.recommend(2);
    let config = discord.config();
    let running = Running::start(PAPER.clone(), config);
    let content = LEAST_INTENTS | 1 << 15;
    let mut opened = vec![discord.next_opened().await, discord.next_opened().await];
    opened.sort_by_key(|opened| format!("{opened:?}"));
    assert_eq!(opened, [(0, 2), (1, 2)].map(|shard| Opened::Identified { shard, intents: content }));
    assert!(discord.next().await.path.ends_with("/commands"));
    running.stop().await.1.expect("it stops well");

    let mut config = discord.config();
    config.discord.message_content = false;
    config.discord.shards = Some(ShardsConfig { first: 3, last: 3, total: 8 });
    let running = Running::start(PAPER.clone(), config);
    assert_eq!(discord.next_opened().await, Opened::Identified { shard: (3, 8), intents: LEAST_INTENTS });
    let mut message = payload::message(snowflake(), discord.channel, &user("ann"), &format!("{} {CHAIR}", discord.name()));
    message["guild_id"] = discord.guild.to_string().into();
    discord.send_to_shard(3, "MESSAGE_CREATE", message);
    let got = discord.next().await;
    assert!(got.path.ends_with("/messages"), "another process registers commands: {got:?}");
    running.stop().await.1.expect("it stops well");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stopping_finishes_what_is_in_flight() {
    let bot = bot_with(|_| {
        async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            anyhow::bail!("no model")
        }
        .boxed()
    });
    let mut discord = FakeDiscord::start().await;
    let running = discord.run(bot).await;
    discord.write(discord.channel, "ann", &format!("{} what is the main argument of it all", discord.name()), |_| {});
    tokio::time::sleep(Duration::from_millis(300)).await;
    let (took, ended) = running.stop().await;
    ended.expect("it stops well");
    assert!(took < Duration::from_secs(5), "{took:?}");
    assert!(discord.has_more().is_some(), "the answer was sent");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn buttons_work_after_a_restart() {
    let (mut chat, running) = chat().await;
    let heard = chat.command("ann", "ask", CHAIR).await;
    running.stop().await.1.expect("it stops well");
    let fresh = Arc::new(footnote::app::bot(None).expect("the built-in paper loads"));
    let running = Running::start(fresh, chat.discord.config());
    chat.discord.next_opened().await;
    assert!(chat.press("ann", &heard, "Show evidence").await.text.contains("¶3 · "));
    let related = heard.buttons[0].0.clone();
    assert!(chat.press("ann", &heard, &related).await.sources.contains('¶'));
    running.stop().await.1.expect("it stops well");
}

#[test]
fn every_answer_and_proposal_fits() {
    use footnote::message::{ConversationId, Incoming, Request};
    let knowledge = PAPER.engine().knowledge();
    for entry in &knowledge.entries {
        let request = Request::Ask(entry.title().to_owned());
        let reply = PAPER.respond(&Incoming { conversation: ConversationId(format!("fits {}", entry.id)), request });
        assert_eq!(reply.entry.as_deref(), Some(entry.id.as_str()), "{} finds itself", entry.title());
        let presses = reply.suggestions.iter().map(|s| s.press()).chain(reply.buttons.iter().map(|b| b.press.clone()));
        assert!(presses.map(|press| press.encode().len()).all(|length| length <= 64), "{}", entry.id);
    }
}
