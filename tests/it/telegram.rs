//! The Telegram adapter, with the real client and the real program, against a fake Bot API server on loopback.

use crate::PAPER;
use crate::harness::telegram::payload::{self, NAME, number};
use crate::harness::telegram::{FakeTelegram, TelegramChat, heard, read_html};
use crate::harness::{Chat, Heard, Running};
use crate::scenarios;
use footnote::bot::Bot;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::{Duration, Instant};

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
    assert!(buttons[0]["switch_inline_query_current_chat"].is_string(), "{buttons:?}");
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
    chat.turn("ann", &card, "A thread for each question").await;
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
    chat.telegram.on_request("createForumTopic", refused("Bad Request: not enough rights to create a topic"));
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

use crate::harness::telegram::Fault::{self, Gateway, Hang, Moved, Odd, Refuse, TooEarly};

fn refused(text: &'static str) -> Fault {
    Refuse(400, text)
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
    assert!(first.at - begun < Duration::from_millis(500), "{:?}", first.at - begun);
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
    let mut answered = vec![telegram.next().await, telegram.next().await];
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
    telegram.on_request("setWebhook", refused("Bad Request: bad webhook: Failed to resolve host: Name or service not known"));
    let error = format!("{:#}", Running::start(PAPER.clone(), config).ended().await.expect_err("it is refused"));
    assert!(error.contains("webhook_url") && error.contains("resolve"), "{error}");
}

async fn free_port() -> u16 {
    tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port is free").local_addr().expect("an address").port()
}

#[test]
fn every_entry_fits_an_inline_answer() {
    for entry in &PAPER.engine().knowledge().entries {
        let found = PAPER.search(entry.title(), 1);
        assert!(found.iter().all(|found| (1..=64).contains(&found.id.len())), "{}", entry.id);
    }
    assert!(read_html("<b>a</b> &amp; b").is_ok() && read_html("<b>a").is_err() && read_html("a & b").is_err());
}
