//! The Telegram adapter, with the real client and the real program, against a fake Bot API server on loopback.
//!
//! Here is what people do; `faults` and `connection` have what goes wrong, `program` runs the program as a process.

mod connection;
mod faults;
mod program;

use crate::PAPER;
use crate::harness::telegram::payload::{self, NAME, number};
use crate::harness::telegram::{FakeTelegram, Fault, TelegramChat, heard, read_html};
use crate::harness::{Chat, Heard, Running};
use crate::scenarios;
use footnote::bot::Bot;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

const CHAIR: &str = "who chairs the CSTO secretariat?";

/// A chat with the program that answers from the paper.
async fn chat() -> (TelegramChat, Running) {
    chat_with(PAPER.clone()).await
}

async fn chat_with(bot: Arc<Bot>) -> (TelegramChat, Running) {
    let telegram = FakeTelegram::start().await;
    let running = telegram.run(bot);
    (TelegramChat::new(telegram), running)
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

/// A bot whose encoder does this with each question.
fn bot_with(encode: impl Fn(&str) -> BoxFuture<'static, anyhow::Result<Vec<f32>>> + Send + Sync + 'static) -> Arc<Bot> {
    Arc::new(footnote::app::bot(None).expect("the built-in paper loads").with_similarity(Box::new(encode)))
}

/// A bot whose encoder takes this long, and then has nothing to say.
fn slow_bot(takes: Duration) -> Arc<Bot> {
    bot_with(move |_| {
        async move {
            tokio::time::sleep(takes).await;
            anyhow::bail!("no model")
        }
        .boxed()
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn menus_are_set_for_each_scope_and_language_when_they_changed() {
    let (mut chat, running) = chat().await;
    while chat.telegram.menus_set() < 15 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let names =
        |menu: Value| menu.as_array().expect("a menu").iter().map(|c| c["command"].as_str().unwrap_or_default().to_owned()).collect();
    let private: Vec<String> = names(chat.telegram.menu("all_private_chats", ""));
    assert_eq!(private, ["ask", "check", "define", "timeline", "sources", "help", "about"]);
    let managers: Vec<String> = names(chat.telegram.menu("all_chat_administrators", "hy"));
    assert!(managers.contains(&"settings".to_owned()));
    for (language, said) in [("ru", "вопрос"), ("hy", "հարց"), ("az", "sual"), ("tr", "soru"), ("", "question")] {
        let menu = chat.telegram.menu("all_group_chats", language);
        assert!(menu[0]["description"].as_str().unwrap_or_default().contains(said), "{language}: {menu}");
    }
    running.stop().await.1.expect("it stops well");

    let running = chat.telegram.run(PAPER.clone());
    chat.mention("ann", CHAIR).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(chat.telegram.menus_set(), 15, "nothing changed, so nothing was set");
    running.stop().await.1.expect("it stops well");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_replies_to_its_question_with_buttons_in_rows() {
    let (mut chat, running) = chat().await;
    let question = chat.write(&payload::private("ann"), "ann", CHAIR, |_| {});
    let got = chat.telegram.next().await;
    assert_eq!(got.body["reply_parameters"], json!({ "message_id": question, "allow_sending_without_reply": true }));
    assert_eq!((&got.body["parse_mode"], &got.body["link_preview_options"]), (&json!("HTML"), &json!({ "is_disabled": true })));
    let text = got.body["text"].as_str().expect("a text");
    assert!(text.starts_with("General Stanislav Zas") && text.contains("\n\n<i>¶3 · "), "{text}");
    let rows = got.body["reply_markup"]["inline_keyboard"].as_array().expect("rows");
    assert_eq!(rows.last().and_then(Value::as_array).map(Vec::len), Some(3), "evidence, helpful, not helpful: {rows:?}");
    running.stop().await.1.expect("it stops well");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn inline_mode_shows_answers_while_somebody_types() {
    let (mut chat, running) = chat().await;
    let ask = |query: &str| json!({ "id": number().to_string(), "from": payload::user("ann"), "query": query, "offset": "" });
    chat.telegram.send("inline_query", ask("what is the CSTO"));
    let got = chat.telegram.next().await;
    assert_eq!(got.body["cache_time"], 300);
    let first = got.body["results"][0].clone();
    assert!(first["title"].as_str().unwrap_or_default().contains("CSTO"), "{first}");
    assert!(first["description"].as_str().unwrap_or_default().starts_with('¶'), "{first}");
    let text = first["input_message_content"]["message_text"].as_str().expect("a text");
    assert!(text.starts_with("<b>") && text.contains("<i>¶"), "{text}");

    chat.telegram.send("inline_query", ask("check: Serbia is a full member of the CSTO"));
    let got = chat.telegram.next().await;
    let card = &got.body["results"][0]["input_message_content"]["message_text"];
    assert!(card.as_str().unwrap_or_default().contains("Contradicted."), "{got:?}");
    chat.telegram.send("inline_query", ask(""));
    assert_eq!(chat.telegram.next().await.body["results"].as_array().map(Vec::len), Some(10));

    // What was posted tells nothing by itself, and its buttons speak to the one who presses.
    chat.telegram
        .send("chosen_inline_result", json!({ "result_id": first["id"], "from": payload::user("ann"), "query": "what is the CSTO" }));
    let group = chat.telegram.group.clone();
    chat.telegram.write(&group, "ann", "The CSTO is ...", |message| message["via_bot"] = payload::me());
    let buttons: Vec<Value> = first["reply_markup"]["inline_keyboard"].as_array().into_iter().flatten().cloned().collect();
    let buttons: Vec<&Value> = buttons.iter().flat_map(|row| row.as_array().into_iter().flatten()).collect();
    let entry = buttons[0]["url"].as_str().and_then(|link| link.strip_prefix(&format!("https://t.me/{NAME}?start=")));
    let related = chat.direct("bob", &format!("/start {}", entry.expect("a link"))).await;
    assert!(related.sources.contains('¶'), "{related:?}");
    for (label, said, aloud) in [("Show evidence", "In our words", json!(true)), ("Helpful", "Thank you", json!(false))] {
        let data = buttons.iter().find(|button| button["text"] == label).expect("a button")["callback_data"].clone();
        let query = json!({ "id": number().to_string(), "from": payload::user("bob"), "inline_message_id": "in1", "chat_instance": "9", "data": data });
        chat.telegram.send("callback_query", query);
        let got = chat.telegram.next().await;
        assert!(got.body["text"].as_str().unwrap_or_default().contains(said), "{got:?}");
        assert_eq!(got.body["show_alert"], aloud);
    }
    chat.silence().await;
    running.stop().await.1.expect("it stops well");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_command_in_reply_to_somebody_takes_that_message_or_the_part_that_was_quoted() {
    let (mut chat, running) = chat().await;
    let group = chat.telegram.group.clone();
    let said = |text: &str| payload::message(number(), &group, &payload::user("bob"), text);
    let claims = said("Serbia is a full member of the CSTO. Azerbaijan left the treaty in 1999.");
    let both = chat.ask("ann", "/check", |message| message["reply_to_message"] = claims.clone()).await;
    assert!(both.text.contains("Contradicted.") && both.text.contains("Supported."), "{both:?}");
    let part = chat
        .ask("ann", "/check", |message| {
            message["reply_to_message"] = claims.clone();
            message["quote"] = json!({ "text": "Azerbaijan left the treaty in 1999.", "position": 37, "is_manual": true });
        })
        .await;
    assert!(part.text.contains("Supported.") && !part.text.contains("Serbia is"), "{part:?}");
    let photo = chat
        .ask("ann", "/ask", |message| {
            let mut original = said("");
            original.as_object_mut().expect("an object").remove("text");
            original["caption"] = CHAIR.into();
            original["photo"] = json!([{ "file_id": "f", "file_unique_id": "u", "width": 1, "height": 1 }]);
            message["reply_to_message"] = original;
        })
        .await;
    assert!(photo.text.contains("Stanislav Zas"), "{photo:?}");
    running.stop().await.1.expect("it stops well");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_to_an_entry_shows_it() {
    let (mut chat, running) = chat().await;
    let first = &PAPER.engine().knowledge().entries[0];
    let heard = chat.direct("ann", &format!("/start {}", first.id)).await;
    assert!(first.answer.starts_with(heard.text.split_once('.').expect("a sentence").0), "{heard:?}");
    let heard = chat.direct("ann", "/start").await;
    assert!(heard.text.starts_with("Hello!"), "{heard:?}");
    running.stop().await.1.expect("it stops well");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn topics_are_kept_to() {
    let (mut chat, running) = chat().await;
    let within = |message: &mut Value| {
        message["message_thread_id"] = 77.into();
        message["is_topic_message"] = true.into();
    };
    let group = chat.telegram.group.clone();
    let question = chat.write(&group, "ann", &format!("@{NAME} {CHAIR}"), |message| {
        within(message);
        message["reply_to_message"] = payload::message(77, &message["chat"], &message["from"], "");
        message["reply_to_message"].as_object_mut().expect("an object").remove("text");
        message["reply_to_message"]["forum_topic_created"] = json!({ "name": "n", "icon_color": 7_322_096 });
    });
    let got = chat.telegram.next().await;
    assert_eq!((got.body["message_thread_id"].as_i64(), got.body["reply_parameters"]["message_id"].as_i64()), (Some(77), Some(question)));
    let answer = heard(question, &got);
    let mut message = payload::message(got.id, &group, &payload::me(), "an answer");
    within(&mut message);
    let query = json!({ "id": "q1", "from": payload::user("bob"), "message": message, "chat_instance": "1", "data": answer.button("Show evidence") });
    chat.telegram.send("callback_query", query);
    assert_eq!(chat.telegram.next().await.body["message_thread_id"], 77);
    running.stop().await.1.expect("it stops well");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_topic_for_each_question_when_the_group_wants_it() {
    let (mut chat, running) = chat().await;
    let card = chat.manage("ann", "settings").await;
    chat.turn("ann", &card, "A thread or topic for each question").await;
    let group = chat.telegram.group.clone();
    chat.write(&group, "ann", &format!("@{NAME} {CHAIR}"), |_| {});
    let opened = chat.telegram.next().await;
    assert_eq!((opened.method, &opened.body["name"]), ("createForumTopic", &json!(CHAIR)));
    let reply = chat.telegram.next().await;
    assert_eq!(reply.body["message_thread_id"].as_i64(), Some(opened.id));
    // What is said in the topic is said to the bot, and goes on with the question.
    let follow = chat
        .ask("bob", "where is he from?", |message| {
            message["message_thread_id"] = opened.id.into();
            message["is_topic_message"] = true.into();
        })
        .await;
    assert!(follow.text.contains("Belarus"), "{follow:?}");
    // Without the right to open topics it answers in place.
    chat.telegram.on_request("createForumTopic", Fault::Refuse(400, "Bad Request: not enough rights to create a topic"));
    let heard = chat.mention("ann", CHAIR).await;
    assert!(heard.text.contains("Stanislav Zas"), "{heard:?}");
    running.stop().await.1.expect("it stops well");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_group_without_topics_has_one_scope_of_settings() {
    let (mut chat, running) = chat().await;
    chat.telegram.group = payload::group(-1_009_999, false);
    let card = chat.manage("ann", "settings").await;
    let labels: Vec<&str> = card.buttons.iter().map(|(label, _)| label.as_str()).collect();
    assert_eq!(labels, ["Answer unmentioned too", "Be quiet"]);
    // An administrator who writes in the name of the group is one, too.
    let heard = chat
        .ask("eve", "/settings", |message| {
            message["from"] = json!({ "id": 1_087_968_824, "is_bot": true, "first_name": "Group", "username": "GroupAnonymousBot" });
            message["sender_chat"] = message["chat"].clone();
        })
        .await;
    assert!(heard.text.starts_with("How I behave"), "{heard:?}");
    running.stop().await.1.expect("it stops well");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_group_that_gets_another_number_keeps_its_settings() {
    let (mut chat, running) = chat().await;
    let (old, new) = (json!({ "id": -555, "type": "group", "title": "a group" }), payload::group(-1_000_000_000_555, false));
    chat.telegram.group = old.clone();
    let card = chat.manage("ann", "settings").await;
    chat.turn("ann", &card, "Be quiet").await;
    chat.telegram.write(&old, "ann", "", |message| {
        message.as_object_mut().expect("an object").remove("text");
        message["migrate_to_chat_id"] = new["id"].clone();
    });
    chat.telegram.group = new;
    chat.chatter("ann", &format!("@{NAME} {CHAIR}")).await;
    let card = chat.manage("ann", "settings").await;
    assert!(card.text.contains("Quiet: only commands"), "{card:?}");
    running.stop().await.1.expect("it stops well");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_offers_to_listen_only_where_it_hears() {
    let telegram = FakeTelegram::start().await;
    telegram.privacy();
    let running = telegram.run(PAPER.clone());
    let mut chat = TelegramChat::new(telegram);
    let offered = |card: &Heard| card.buttons.iter().any(|(label, _)| label == "Answer unmentioned too");
    let card = chat.manage("ann", "settings").await;
    assert!(!offered(&card), "{card:?}");
    chat.telegram.promote_bot();
    let card = chat.turn("ann", &card, "Be quiet").await;
    assert!(offered(&card), "an administrator hears all: {card:?}");
    running.stop().await.1.expect("it stops well");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_that_people_write_becomes_markup_or_a_mention() {
    let (mut chat, running) = chat().await;
    // The rules of the fake refuse markup that is not well-formed, and mentions.
    for text in ["/define <b>@ann</b> & co", "/sources <i>5", "/sources &lt;", "/here_and_@there"] {
        let heard = chat.direct("ann", text).await;
        assert!(!heard.text.is_empty());
    }
    let claim = format!("{} @ann is <here> & there", "Serbia is a full member of the CSTO & so on <b>,".repeat(120));
    let heard = chat.quote("ann", &claim, "/check").await;
    assert!(heard.text.contains("<b>"), "{heard:?}");
    running.stop().await.1.expect("it stops well");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_button_of_an_earlier_version_is_answered() {
    let (mut chat, running) = chat().await;
    for data in ["x", "a:an-entry-that-is-gone", "menu 5"] {
        let heard = chat.press_data("ann", 5, data).await;
        assert!(heard.whispered && heard.text.starts_with("This has changed"), "{data}: {heard:?}");
    }
    running.stop().await.1.expect("it stops well");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn buttons_work_after_a_restart() {
    let (mut chat, running) = chat().await;
    let heard = chat.command("ann", "ask", CHAIR).await;
    running.stop().await.1.expect("it stops well");
    let running = chat.telegram.run(Arc::new(footnote::app::bot(None).expect("the built-in paper loads")));
    assert!(chat.press("ann", &heard, "Show evidence").await.text.contains("¶3 · "));
    let related = heard.buttons[0].0.clone();
    assert!(chat.press("ann", &heard, &related).await.sources.contains('¶'));
    running.stop().await.1.expect("it stops well");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_answer_is_announced() {
    let (mut chat, running) = chat_with(slow_bot(Duration::from_millis(1_500))).await;
    let heard = chat.mention("ann", "who is the head of its secretariat").await;
    assert!(!heard.text.is_empty());
    assert_eq!(chat.telegram.typing(), 1);
    running.stop().await.1.expect("it stops well");
}

#[test]
fn every_entry_fits_an_inline_answer() {
    for entry in &PAPER.engine().knowledge().entries {
        let found = PAPER.search(entry.title(), 1);
        assert!(found.iter().all(|found| (1..=64).contains(&found.id.len())), "{}", entry.id);
    }
    assert!(read_html("<b>a</b> &amp; b").is_ok() && read_html("<b>a").is_err() && read_html("a & b").is_err());
}
