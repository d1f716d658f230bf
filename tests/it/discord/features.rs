//! What only Discord has: menus, private answers, threads, contexts, shards.

use super::{CHAIR, ask, chat, option, slash};
use crate::PAPER;
use crate::harness::discord::gateway::Opened;
use crate::harness::discord::payload::{self, Where, snowflake, user};
use crate::harness::discord::{FakeDiscord, LEAST_INTENTS, heard};
use crate::harness::{Chat, Running};
use footnote::config::ShardsConfig;
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

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
    chat.turn("ann", &card, "A thread or topic for each question").await;
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
    chat.discord.write(question, "bob", "what does CRRF stand for?", |message| message["position"] = 4.into());
    let heard = crate::harness::discord::heard(follow, &chat.discord.next().await);
    assert!(heard.text.contains("Collective Rapid Reaction Forces"), "{heard:?}");
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
