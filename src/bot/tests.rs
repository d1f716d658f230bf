//! What is done about events, without a platform.

use super::Bot;
use crate::message::event::{Action, Author, Event, Kind, Place};
use crate::message::press::{Key, Press, Scope, Setting, Subject};
use crate::message::{AuthorId, MessageId, Outcome, Reply, Request};
use crate::qa::Engine;
use crate::qa::load::{Source, parse};
use futures_util::FutureExt;

const KNOWLEDGE: &str = r#"
[[paragraph]]
id = "p1"
number = 1
label = "opening hours"
gist = "The library opens at nine and closes at five."
[[paragraph]]
id = "p2"
number = 2
label = "founding"
gist = "Ada Lane founded the library in 1901."
[[term]]
id = "library"
kind = "organization"
name = "Town Library"
aliases = ["library"]
definition = "The Town Library lends books."
[[term]]
id = "lane"
kind = "person"
name = "Ada Lane"
aliases = ["Lane"]
definition = "Ada Lane founded the library."
[[entry]]
id = "hours"
question = "When is the library open?"
about = ["library"]
answer = "The library is open from nine to five."
cites = ["p1"]
related = ["founder"]
ask = ["when is the library open", "opening hours of the library", "what time does the library close"]
[[entry]]
id = "founder"
question = "Who founded the library?"
about = ["library", "Ada Lane"]
answer = "Ada Lane founded the library in 1901."
cites = ["p2"]
related = ["hours"]
ask = ["who founded the library", "who started the library", "name of the library's founder"]
followups = ["and who founded it?"]
[[fact]]
id = "founded"
statement = "Ada Lane founded the library in 1901."
entry = "founder"
cites = ["p2"]
who = ["Ada Lane"]
did = "founded"
whom = ["library"]
when = ["1901"]
true = ["The library was founded by Ada Lane in 1901.", "Ada Lane started the library in 1901."]
false = ["Ada Lane founded the library in 1950.", "The library was founded by Ada Lane in 1950."]
"#;

fn bot() -> Bot {
    let sources = [Source { name: "test.toml".into(), text: KNOWLEDGE.into() }];
    Bot::new(Engine::new(parse(&sources).expect("the text is right")))
}

fn channel() -> Place {
    Place {
        server: Some("s".into()),
        channel: "c".into(),
        thread: None,
        direct: false,
        opens_threads: true,
        whispers: true,
        hears_all: true,
    }
}

fn event(id: &str, kind: Kind) -> Event {
    Event {
        place: channel(),
        author: Author { id: AuthorId("ann".into()), manager: false },
        message: MessageId(id.into()),
        reply_to: None,
        quoted: None,
        addressed: true,
        private: None,
        kind,
    }
}

fn said(id: &str, text: &str) -> Event {
    event(id, Kind::Said(text.into()))
}

fn unaddressed(id: &str, text: &str) -> Event {
    Event { addressed: false, ..said(id, text) }
}

fn by_manager(mut event: Event) -> Event {
    event.author.manager = true;
    event
}

fn id(text: &str) -> MessageId {
    MessageId(text.into())
}

#[track_caller]
fn sent(action: Action) -> Reply {
    match action {
        Action::Send { reply, .. } => reply,
        other => panic!("nothing is sent: {other:?}"),
    }
}

async fn set(bot: &Bot, n: &str, setting: Setting, on: bool) {
    let press = by_manager(event(n, Kind::Pressed(Press::Set(Scope::Channel, setting, on))));
    assert!(matches!(bot.handle(&press).await, Action::Update(_)));
}

#[tokio::test]
async fn answers_when_addressed_and_only_then() {
    let bot = bot();
    let reply = sent(bot.handle(&said("1", "who founded the library?")).await);
    assert_eq!(reply.entry.as_deref(), Some("founder"));
    assert_eq!(reply.buttons.len(), 3);
    assert_eq!(bot.handle(&unaddressed("2", "who founded the library?")).await, Action::Ignore);
}

#[tokio::test]
async fn what_arrives_twice_is_answered_once() {
    let bot = bot();
    for kind in [
        Kind::Said("who founded the library?".into()),
        Kind::Asked(Request::Ask("who founded the library?".into())),
        Kind::Pressed(Press::ask("hours")),
    ] {
        let event = event(&format!("{kind:?}"), kind);
        sent(bot.handle(&event).await);
        assert_eq!(bot.handle(&event).await, Action::Ignore);
    }
}

#[tokio::test]
async fn an_edited_question_edits_its_reply_and_a_deleted_one_deletes_it() {
    let bot = bot();
    sent(bot.handle(&said("1", "who founded the library?")).await);
    bot.sent(&id("1"), id("reply"));
    let edit = |text: &str| event("1", Kind::Edited(text.into()));
    assert_eq!(bot.handle(&edit("who founded the library?")).await, Action::Ignore, "a preview was added");
    let Action::Edit { message, reply } = bot.handle(&edit("when is the library open?")).await else { panic!("no edit") };
    assert_eq!((message, reply.entry.as_deref()), (id("reply"), Some("hours")));
    assert_eq!(bot.handle(&event("9", Kind::Edited("hello".into()))).await, Action::Ignore, "never answered");
    assert_eq!(bot.handle(&event("1", Kind::Deleted)).await, Action::Delete { message: id("reply") });
    assert_eq!(bot.handle(&event("1", Kind::Deleted)).await, Action::Ignore);
}

#[tokio::test]
async fn an_edit_that_no_longer_asks_the_bot_deletes_the_reply() {
    let bot = bot();
    sent(bot.handle(&said("1", "who founded the library?")).await);
    bot.sent(&id("1"), id("reply"));
    let edit = Event { addressed: false, ..event("1", Kind::Edited("never mind".into())) };
    assert_eq!(bot.handle(&edit).await, Action::Delete { message: id("reply") });
}

#[tokio::test]
async fn a_follow_up_in_the_chain_keeps_its_context() {
    let bot = bot();
    sent(bot.handle(&said("1", "when is the library open?")).await);
    bot.sent(&id("1"), id("r1"));
    let mut follow = said("2", "and who founded it?");
    follow.author.id = AuthorId("bob".into());
    follow.reply_to = Some(id("r1"));
    assert_eq!(sent(bot.handle(&follow).await).entry.as_deref(), Some("founder"));
}

#[tokio::test]
async fn settings_are_for_managers_and_change_when_it_answers() {
    let bot = bot();
    let command = event("1", Kind::Asked(Request::Settings));
    assert_eq!(sent(bot.handle(&command).await).outcome, Outcome::Declined);
    let press = event("2", Kind::Pressed(Press::Set(Scope::Channel, Setting::Quiet, true)));
    assert!(matches!(bot.handle(&press).await, Action::Note(_)), "not a manager");
    let Action::Send { reply, private, .. } = bot.handle(&by_manager(event("3", Kind::Asked(Request::Settings)))).await else {
        panic!("no card")
    };
    let deaf = |mut event: Event| {
        event.place.hears_all = false;
        event
    };
    let card = sent(bot.handle(&deaf(by_manager(event("3b", Kind::Asked(Request::Settings))))).await);
    assert_eq!(card.buttons.len(), 4, "it cannot listen where it hears nothing: {card:?}");
    assert!(private && reply.buttons.len() == 5 && reply.text().contains("until I am next restarted"), "{reply:?}");

    set(&bot, "4", Setting::Listen, true).await;
    assert_eq!(sent(bot.handle(&unaddressed("5", "who founded the library?")).await).entry.as_deref(), Some("founder"));
    assert_eq!(bot.handle(&unaddressed("6", "I had soup for lunch, who wants some?")).await, Action::Ignore);

    set(&bot, "7", Setting::Quiet, true).await;
    assert_eq!(bot.handle(&said("8", "who founded the library?")).await, Action::Ignore);
    let Action::Send { private, .. } = bot.handle(&event("9", Kind::Asked(Request::Timeline))).await else { panic!("no answer") };
    assert!(private, "quiet answers privately");
    let public = Event { private: Some(false), ..event("10", Kind::Asked(Request::Timeline)) };
    assert!(matches!(bot.handle(&public).await, Action::Send { private: false, .. }), "as the person said");
}

#[tokio::test]
async fn a_thread_for_each_question_and_what_is_said_there_is_answered() {
    let bot = bot();
    set(&bot, "1", Setting::Threads, true).await;
    let Action::Send { thread, .. } = bot.handle(&said("2", "who founded the library?")).await else { panic!("no answer") };
    assert_eq!(thread.as_deref(), Some("who founded the library?"));
    bot.opened_thread(&id("2"), "t");
    let mut inside = unaddressed("3", "when is the library open?");
    inside.place.thread = Some("t".into());
    let Action::Send { reply, thread, .. } = bot.handle(&inside).await else { panic!("no answer") };
    assert_eq!((reply.entry.as_deref(), thread), (Some("hours"), None));
}

#[tokio::test]
async fn buttons_do_what_they_say() {
    let bot = bot();
    let subject = Subject::Entry(Key::of("founder"));
    let Action::Send { reply, private: true, .. } = bot.handle(&event("1", Kind::Pressed(Press::Evidence(subject.clone())))).await else {
        panic!("no evidence")
    };
    assert!(reply.text().starts_with("¶2 · founding"), "{}", reply.text());
    let rate = |n: &str| Event { reply_to: Some(id("r")), ..event(n, Kind::Pressed(Press::Rate(subject.clone(), true))) };
    assert_ne!(bot.handle(&rate("2")).await, bot.handle(&rate("3")).await, "counted once");
    assert!(matches!(bot.handle(&event("4", Kind::Pressed(Press::ask("gone")))).await, Action::Note(_)));
}

#[tokio::test]
async fn somebodys_message_is_checked_sentence_by_sentence() {
    let bot = bot();
    let text = "Good morning all. Ada Lane founded the library in 1950. And did you know? Ada Lane started the library in 1901.";
    let reply = sent(bot.handle(&event("1", Kind::Asked(Request::CheckMessage(text.into())))).await);
    let verdicts: Vec<&str> = reply.findings.iter().map(|f| f.verdict).collect();
    assert_eq!(verdicts, ["contradicted", "supported"], "{reply:?}");
    let nothing = sent(bot.handle(&event("2", Kind::Asked(Request::CheckMessage("What a lovely morning it is today.".into())))).await);
    assert_eq!(nothing.outcome, Outcome::Declined);
    let quoting = Event { quoted: Some(text.into()), ..said("3", "is this true?") };
    assert_eq!(sent(bot.handle(&quoting).await).findings.len(), 2);
}

#[tokio::test]
async fn proposals_find_what_is_being_typed() {
    let bot = bot();
    let questions = |typed: &str| bot.propose_questions(typed, 25).into_iter().map(|s| s.entry).collect::<Vec<_>>();
    assert_eq!(questions("").len(), 2);
    assert_eq!(questions("who fou")[0], "founder");
    assert_eq!(bot.propose_terms("la", 25), ["Ada Lane"]);
    assert_eq!(bot.propose_terms("", 25).len(), 2);
    assert_eq!(bot.search("when is the library open", 5)[0].reply.entry.as_deref(), Some("hours"));
    assert_eq!(bot.search("Check: Ada Lane founded the library in 1950", 5)[0].reply.verdict, Some("contradicted"));
}

#[tokio::test]
async fn an_encoder_that_fails_leaves_it_to_the_words() {
    let failing = bot().with_similarity(Box::new(|_| async { anyhow::bail!("no model") }.boxed()));
    assert_eq!(sent(failing.handle(&said("1", "who founded the library?")).await).entry.as_deref(), Some("founder"));
}
