//! How updates come: polls and webhooks that fail, hang or conflict; starting and stopping; flood limits.

use super::{CHAIR, chat, chat_with, slow_bot};
use crate::PAPER;
use crate::harness::telegram::Fault::{Gateway, Hang, Refuse, TooEarly};
use crate::harness::telegram::payload::{self, NAME, number};
use crate::harness::telegram::{FakeTelegram, TelegramChat};
use crate::harness::{Chat, Running};
use serde_json::json;
use std::time::{Duration, Instant};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn polls_that_fail_or_hang_are_tried_again() {
    let faults = [Gateway(404), Gateway(502), Refuse(500, "Internal Server Error"), TooEarly(1), Hang];
    let survived = faults.map(|fault| async move {
        let telegram = FakeTelegram::start().await;
        telegram.on_request("getUpdates", fault);
        let running = telegram.run(PAPER.clone());
        let mut chat = TelegramChat::new(telegram);
        assert!(chat.mention("ann", CHAIR).await.text.contains("Stanislav Zas"), "{fault:?}");
        running.stop().await.1.expect("it stops well");
    });
    futures_util::future::join_all(survived).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_starts_when_telegram_can_be_reached() {
    let telegram = FakeTelegram::start().await;
    telegram.on_request("getMe", Gateway(404));
    telegram.on_request("getMe", Hang);
    telegram.on_request("deleteWebhook", TooEarly(1));
    let running = telegram.run(PAPER.clone());
    let mut chat = TelegramChat::new(telegram);
    assert!(chat.mention("ann", CHAIR).await.text.contains("Stanislav Zas"));
    running.stop().await.1.expect("it stops well");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_token_ends_the_program_with_what_to_do() {
    for method in ["getMe", "deleteWebhook", "getUpdates"] {
        for (code, text) in [(401, "Unauthorized"), (404, "Not Found")] {
            let telegram = FakeTelegram::start().await;
            telegram.on_request(method, Refuse(code, text));
            let error = telegram.run(PAPER.clone()).ended().await.expect_err("it cannot go on").to_string();
            assert!(error.contains("TELEGRAM_TOKEN") && !error.contains('\n'), "{method} {code}: {error}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_conflict_ends_the_program_unless_it_passes() {
    const OTHER: &str = "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running";
    const HOOK: &str = "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first";
    let passing = async {
        let telegram = FakeTelegram::start().await;
        telegram.on_request("getUpdates", Refuse(409, OTHER));
        let running = telegram.run(PAPER.clone());
        let mut chat = TelegramChat::new(telegram);
        assert!(chat.mention("ann", CHAIR).await.text.contains("Stanislav Zas"), "an old one was being replaced");
        running.stop().await.1.expect("it stops well");
    };
    let lasting = |text| async move {
        let telegram = FakeTelegram::start().await;
        (0..4).for_each(|_| telegram.on_request("getUpdates", Refuse(409, text)));
        let error = telegram.run(PAPER.clone()).ended().await.expect_err("it cannot go on").to_string();
        assert!(error.starts_with("another program gets this bot's messages") && !error.contains('\n'), "{error}");
        assert!(telegram.polls() == 0, "it did not try on");
    };
    tokio::join!(passing, lasting(OTHER), lasting(HOOK));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_programs_with_one_token_do_not_fight_for_ever() {
    let telegram = FakeTelegram::start().await;
    let (one, two) = (telegram.run(PAPER.clone()), telegram.run(PAPER.clone()));
    let first = tokio::select! {
        ended = one.ended() => ended,
        ended = two.ended() => ended,
    };
    let error = first.expect_err("it cannot go on").to_string();
    assert!(error.starts_with("another program gets this bot's messages"), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_teloxide_cannot_read_is_read_or_passed_over() {
    let (mut chat, running) = chat().await;
    let entities = json!([{ "type": "date_time", "offset": 0, "length": 3 }]);
    let heard = chat.ask("ann", &format!("@{NAME} {CHAIR}"), |message| message["entities"] = entities).await;
    assert!(heard.text.contains("Stanislav Zas"), "{heard:?}");
    chat.telegram.send("a_kind_of_tomorrow", json!({ "id": 1 }));
    chat.telegram.send("message", json!({ "message_id": "five" }));
    chat.telegram.send("callback_query", json!({ "data": 1 }));
    chat.silence().await;
    running.stop().await.1.expect("it stops well");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stopping_finishes_what_is_in_flight_and_confirms_it() {
    let (mut chat, running) = chat_with(slow_bot(Duration::from_secs(1))).await;
    let group = chat.telegram.group.clone();
    chat.mention("ann", "hello").await;
    while chat.telegram.polls() < 2 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    // The next poll, which would confirm what this one brings, does not get through.
    chat.telegram.on_request("getUpdates", Hang);
    let mut message = payload::message(number(), &group, &payload::user("ann"), "");
    message["text"] = format!("@{NAME} what is the main argument of it all").into();
    let update = chat.telegram.send("message", message);
    tokio::time::sleep(Duration::from_millis(400)).await;
    let (took, ended) = running.stop().await;
    ended.expect("it stops well");
    assert!(took < Duration::from_secs(5), "{took:?}");
    assert!(chat.telegram.has_more().is_some(), "the answer was sent");
    assert_eq!(chat.telegram.confirmed(), update + 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stopping_does_not_wait_for_a_telegram_in_trouble() {
    for (method, fault) in [("getMe", Gateway(502)), ("getUpdates", Gateway(502)), ("getUpdates", Hang), ("deleteWebhook", Gateway(404))] {
        let telegram = FakeTelegram::start().await;
        telegram.on_request(method, fault);
        let running = telegram.run(PAPER.clone());
        tokio::time::sleep(Duration::from_millis(300)).await;
        let (took, ended) = running.stop().await;
        ended.expect("it stops well");
        assert!(took < Duration::from_secs(2), "{method} {fault:?}: {took:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_polls_without_haste() {
    let (mut chat, running) = chat().await;
    chat.mention("ann", "hello").await;
    let before = chat.telegram.polls();
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    assert!(chat.telegram.polls() <= before + 2, "a poll waits until something happens");
    running.stop().await.1.expect("it stops well");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_limits_of_a_chat_are_kept_and_nobody_else_waits() {
    let mut telegram = FakeTelegram::start().await;
    let mut config = telegram.config();
    config.telegram.throttle = true;
    let running = Running::start(PAPER.clone(), config);
    telegram.write(&payload::private("ann"), "ann", "hello", |_| {});
    telegram.next().await;
    let begun = Instant::now();
    telegram.write(&payload::private("ann"), "ann", CHAIR, |_| {});
    telegram.write(&payload::private("bob"), "bob", CHAIR, |_| {});
    let (first, second) = (telegram.next().await, telegram.next().await);
    assert_eq!(first.body["chat_id"], payload::user("bob")["id"]);
    assert!(first.at - begun < Duration::from_millis(800), "{:?}", first.at - begun);
    assert!(second.at - begun > Duration::from_millis(600), "{:?}", second.at - begun);
    running.stop().await.1.expect("it stops well");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn webhooks_deliver_to_several_replicas_and_to_nobody_else() {
    let mut telegram = FakeTelegram::start().await;
    let ports = [free_port().await, free_port().await];
    let replica = |port: u16, remove: bool| {
        let mut config = telegram.config();
        // The address from outside is that of the first, which stands for what is before both.
        config.telegram.webhook_url = Some(format!("http://127.0.0.1:{}/bots/", ports[0]));
        config.telegram.webhook_listen = format!("127.0.0.1:{port}");
        config.telegram.webhook_remove_on_stop = remove;
        Running::start(PAPER.clone(), config)
    };
    let replicas = [replica(ports[0], true), replica(ports[1], false)];
    // Delivered by the fake itself.
    telegram.write(&payload::private("ann"), "ann", CHAIR, |_| {});
    assert!(telegram.next().await.body["text"].as_str().unwrap_or_default().contains("Stanislav Zas"));
    let url = telegram.webhook().expect("it is set");
    let path = url.rsplit('/').next().expect("a path");
    assert!(path.len() == 64 && !url.contains("AAtest"), "{url}");

    let update =
        |id: i64| json!({ "update_id": id, "message": payload::message(id, &payload::private("bob"), &payload::user("bob"), CHAIR) });
    let (one, two) = (update(number()), update(number()));
    assert_eq!(telegram.deliver(&one, Some("a guess")).await, 401);
    assert_eq!(telegram.deliver(&one, None).await, 200);
    assert_eq!(telegram.deliver(&one, None).await, 200, "the same once more");
    let other = format!("http://127.0.0.1:{}/{path}", ports[1]);
    assert_eq!(telegram.deliver_to(&other, &two).await, 200, "the other one, without the first part of the path");
    assert_eq!(telegram.deliver_to(&url.replace(path, "guess"), &two).await, 404);
    assert_eq!(telegram.deliver_to(&url, &json!("not an update")).await, 200, "it would come again for ever");
    let mut answered = [telegram.next().await, telegram.next().await];
    answered.sort_by_key(|got| got.body["reply_parameters"]["message_id"].as_i64());
    let questions: Vec<Option<i64>> = answered.iter().map(|got| got.body["reply_parameters"]["message_id"].as_i64()).collect();
    assert_eq!(questions, [one["update_id"].as_i64(), two["update_id"].as_i64()]);
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(telegram.has_more().is_none(), "answered once");

    let [first, second] = replicas;
    second.stop().await.1.expect("it stops well");
    assert!(telegram.webhook().is_some(), "kept, since others may stand behind it");
    first.stop().await.1.expect("it stops well");
    assert!(telegram.webhook().is_none(), "removed when asked");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_webhook_that_cannot_be_ends_the_program_with_what_to_do() {
    let telegram = FakeTelegram::start().await;
    let taken = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let mut config = telegram.config();
    config.telegram.webhook_url = Some("http://127.0.0.1:1".into());
    config.telegram.webhook_listen = taken.local_addr().expect("an address").to_string();
    let error = format!("{:#}", Running::start(PAPER.clone(), config.clone()).ended().await.expect_err("it cannot listen"));
    assert!(error.contains("webhook_listen"), "{error}");
    config.telegram.webhook_listen = "127.0.0.1:0".into();
    telegram.on_request("setWebhook", Refuse(400, "Bad Request: bad webhook: Failed to resolve host: Name or service not known"));
    let error = format!("{:#}", Running::start(PAPER.clone(), config).ended().await.expect_err("it is refused"));
    assert!(error.contains("webhook_url") && error.contains("resolve"), "{error}");
}

async fn free_port() -> u16 {
    tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port is free").local_addr().expect("an address").port()
}
