//! What goes wrong: slow and broken handlers, floods, Discord's REST API and its gateway, tokens, stopping.

use super::{CHAIR, ask, bot_with, chat, option, slash};
use crate::PAPER;
use crate::harness::discord::gateway::{Fault, OnConnect, Opened};
use crate::harness::discord::payload::{self, snowflake};
use crate::harness::discord::{DiscordChat, FakeDiscord, RestFault, heard};
use crate::harness::{Chat, Running};
use futures_util::FutureExt;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

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
