//! What Telegram refuses, and what goes wrong with single requests and handlers.

use super::{CHAIR, bot_with, chat, chat_with, slow_bot};
use crate::harness::Chat;
use crate::harness::telegram::Fault::{self, Gateway, Hang, Moved, Odd, Refuse, TooEarly};
use crate::harness::telegram::payload::{self, NAME, number};
use futures_util::FutureExt;
use serde_json::json;
use std::time::{Duration, Instant};

fn refused(text: &'static str) -> Fault {
    Refuse(400, text)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_panicking_handler_costs_one_reply_and_apologises() {
    let bot = bot_with(|text| {
        assert!(!text.contains("boom"), "a panic that belongs to the test");
        async { anyhow::bail!("no model") }.boxed()
    });
    let (mut chat, running) = chat_with(bot).await;
    for _ in 0..2 {
        let heard = chat.mention("ann", "boom").await;
        assert!(heard.text.starts_with("Sorry"), "{heard:?}");
        let heard = chat.mention("ann", CHAIR).await;
        assert!(heard.text.contains("Stanislav Zas"), "{heard:?}");
    }
    running.stop().await.1.expect("it stops well");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_is_shed_politely_and_in_order() {
    let (mut chat, running) = chat_with(slow_bot(Duration::from_millis(40))).await;
    let group = chat.telegram.group.clone();
    let ids: Vec<i64> = (0..100).map(|_| chat.write(&group, "ann", &format!("@{NAME} {CHAIR}"), |_| {})).collect();
    let (mut answered, mut busy) = (Vec::new(), 0);
    while let Ok(got) = tokio::time::timeout(Duration::from_secs(1), chat.telegram.next()).await {
        if got.body["text"].as_str().unwrap_or_default().starts_with("I am busy") {
            busy += 1;
        } else {
            answered.push(got.body["reply_parameters"]["message_id"].as_i64().expect("a number"));
        }
    }
    assert_eq!(busy, 1, "one line for one person");
    assert!((32..100).contains(&answered.len()), "{} answered", answered.len());
    assert!(answered.is_sorted() && answered.iter().all(|id| ids.contains(id)), "in order");
    running.stop().await.1.expect("it stops well");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_telegram_finds_wrong_with_a_message_is_put_right() {
    let (mut chat, running) = chat().await;
    chat.telegram.on_request("sendMessage", refused("Bad Request: can't parse entities: Unsupported start tag \"x\" at byte offset 0"));
    let group = chat.telegram.group.clone();
    chat.write(&group, "ann", &format!("@{NAME} {CHAIR}"), |_| {});
    let got = chat.telegram.next().await;
    assert!(got.body["parse_mode"].is_null() && got.body["text"].as_str().unwrap_or_default().contains("\n\n¶3 · "), "{got:?}");
    let long = chat.mention("ann", "/timeline").await.text.len();
    chat.telegram.on_request("sendMessage", refused("Bad Request: message is too long"));
    chat.telegram.on_request("sendMessage", refused("Bad Request: message is too long"));
    let short = chat.mention("ann", "/timeline").await.text;
    assert!(short.len() < long && short.encode_utf16().count() <= 1_024, "{short}");
    chat.telegram.on_request("sendMessage", Moved(-1_005));
    chat.write(&group, "ann", &format!("@{NAME} {CHAIR}"), |_| {});
    assert_eq!(chat.telegram.next().await.body["chat_id"], -1_005, "a group that was moved");
    // It was sent, though the answer could not be read; once is enough.
    chat.telegram.on_request("sendMessage", Odd);
    let heard = chat.mention("ann", CHAIR).await;
    let follow = chat.reply("bob", &heard, "where is he from?").await;
    assert!(follow.text.contains("Belarus"), "its number is known: {follow:?}");
    running.stop().await.1.expect("it stops well");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reply_that_comes_too_early_is_sent_later_and_in_order() {
    let (mut chat, running) = chat().await;
    chat.telegram.on_request("sendMessage", TooEarly(1));
    chat.telegram.on_request("sendMessage", TooEarly(1));
    let begun = Instant::now();
    let group = chat.telegram.group.clone();
    let ids: Vec<i64> = (0..3).map(|_| chat.write(&group, "ann", &format!("@{NAME} {CHAIR}"), |_| {})).collect();
    // Another chat does not wait for this one.
    chat.telegram.write(&payload::private("eve"), "eve", CHAIR, |_| {});
    let mut got = Vec::new();
    for _ in 0..4 {
        let next = chat.telegram.next().await;
        got.push((next.body["chat_id"] == group["id"], next.body["reply_parameters"]["message_id"].as_i64(), begun.elapsed()));
    }
    let (here, elsewhere): (Vec<_>, Vec<_>) = got.into_iter().partition(|(here, ..)| *here);
    assert_eq!(here.iter().filter_map(|(_, id, _)| *id).collect::<Vec<_>>(), ids, "none lost, in order");
    assert!(here[0].2 >= Duration::from_secs(1), "{here:?}");
    assert!(elsewhere.len() == 1, "{elsewhere:?}");
    for method in ["answerCallbackQuery", "editMessageText"] {
        chat.telegram.on_request(method, TooEarly(1));
    }
    let card = chat.manage("ann", "settings").await;
    let quiet = chat.turn("ann", &card, "Be quiet").await;
    assert!(quiet.text.contains("Quiet:"), "{quiet:?}");
    running.stop().await.1.expect("it stops well");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_it_cannot_write_it_is_silent_and_goes_on() {
    let (mut chat, running) = chat().await;
    for (code, text) in [
        (403, "Forbidden: bot was blocked by the user"),
        (403, "Forbidden: bot was kicked from the supergroup chat"),
        (400, "Bad Request: not enough rights to send text messages to the chat"),
        (400, "Bad Request: message thread not found"),
        (400, "Bad Request: TOPIC_CLOSED"),
        (400, "Bad Request: chat not found"),
    ] {
        chat.telegram.on_request("sendMessage", Refuse(code, text));
        let group = chat.telegram.group.clone();
        chat.write(&group, "ann", &format!("@{NAME} {CHAIR}"), |_| {});
        chat.silence().await;
    }
    running.stop().await.1.expect("it stops well");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn edits_and_buttons_survive_what_telegram_says_of_them() {
    let (mut chat, running) = chat().await;
    let heard = chat.mention("ann", CHAIR).await;
    let not_modified = "Bad Request: message is not modified: specified new message content and reply markup are exactly the same as a \
                        current content and reply markup of the message";
    for text in [not_modified, "Bad Request: message to edit not found", "Bad Request: message can't be edited"] {
        chat.telegram.on_request("editMessageText", refused(text));
        let mut message = payload::message(heard.question.parse().expect("a number"), &chat.telegram.group, &payload::user("ann"), "");
        message["text"] = format!("@{NAME} what is {} in the paper", number()).into();
        chat.telegram.send("edited_message", message);
        chat.silence().await;
    }
    let old = "Bad Request: query is too old and response timeout expired or query ID is invalid";
    chat.telegram.on_request("answerCallbackQuery", refused(old));
    let query = json!({ "id": "late", "from": payload::user("bob"), "chat_instance": "1", "data": heard.button("Show evidence"),
        "message": { "message_id": 3, "date": 0, "chat": chat.telegram.group } });
    chat.telegram.send("callback_query", query);
    let evidence = chat.telegram.next().await;
    assert!(
        evidence.method == "sendMessage" && evidence.body["text"].as_str().unwrap_or_default().contains("In our words"),
        "{evidence:?}"
    );
    chat.telegram.forgive_press("late");
    let thanks = chat.press("bob", &heard, "Helpful").await;
    assert!(thanks.whispered, "{thanks:?}");
    // A button that is delivered twice is answered once, which the fake counts.
    chat.again().await;
    chat.silence().await;
    // A question that no longer means the bot takes its reply along.
    let message = payload::message(heard.question.parse().expect("a number"), &chat.telegram.group, &payload::user("ann"), "never mind");
    chat.telegram.send("edited_message", message);
    assert_eq!(chat.telegram.next().await.method, "deleteMessage");
    running.stop().await.1.expect("it stops well");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_without_an_answer_costs_one_reply() {
    let (mut chat, running) = chat().await;
    chat.telegram.on_request("sendMessage", Hang);
    let heard = chat.mention("ann", CHAIR).await;
    assert!(heard.text.starts_with("Sorry"), "{heard:?}");
    chat.telegram.on_request("answerInlineQuery", Hang);
    chat.telegram.send("inline_query", json!({ "id": "1", "from": payload::user("ann"), "query": "csto", "offset": "" }));
    chat.silence().await;
    running.stop().await.1.expect("it stops well");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fault_of_telegram_is_waited_out() {
    let (mut chat, running) = chat().await;
    chat.mention("ann", "hello").await;
    chat.telegram.on_request("sendMessage", Gateway(502));
    let heard = chat.mention("ann", CHAIR).await;
    assert!(heard.text.contains("Stanislav Zas"), "{heard:?}");
    running.stop().await.1.expect("it stops well");
}
