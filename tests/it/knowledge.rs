//! The built-in knowledge file, and question banks of other people.

use crate::PAPER;
use footnote::message::{ConversationId, Incoming, Outcome, Request};
use footnote::qa::knowledge::Kind;
use std::collections::HashSet;
use std::fmt::Write as _;

#[test]
fn the_paper_is_covered() {
    let knowledge = &*footnote::app::texts(PAPER.engine()).expect("it is built in");
    let ids: Vec<&str> = knowledge.paragraphs.iter().map(|p| p.id.as_str()).collect();
    assert_eq!(ids, ["title", "byline", "series", "summary", "p1", "p2", "p3", "p4", "p5", "p6", "p7", "p8", "p9", "p10", "author"]);
    for id in ids {
        assert!(knowledge.entries.iter().any(|e| e.cites.iter().any(|c| c == id)), "no entry cites {id}");
        assert!(knowledge.facts.iter().any(|f| f.cites.iter().any(|c| c == id)), "no fact cites {id}");
    }
    assert!(knowledge.entries.len() >= 200, "{} entries", knowledge.entries.len());
    assert!(knowledge.facts.len() >= 170, "{} facts", knowledge.facts.len());
    assert!(knowledge.gaps.len() >= 100, "{} gaps", knowledge.gaps.len());
    let outside: usize = knowledge.unaddressed.iter().map(|u| u.statements.len()).sum();
    assert!(outside >= 200, "{outside} unaddressed statements");
    assert!(knowledge.turns.len() >= 1_000, "{} turns", knowledge.turns.len());
    assert!(knowledge.entries.iter().all(|e| e.ask.len() >= 25), "an entry has fewer than 25 ways of asking");
    assert!(knowledge.gaps.iter().all(|g| g.ask.len() >= 18), "a gap has fewer than 18 ways of asking");
    assert!(knowledge.facts.iter().all(|f| f.truths.len() >= 8 && f.misreadings.len() >= 8), "a fact has fewer than 8 ways or misreadings");
    let kinds: HashSet<Kind> = knowledge.entries.iter().filter_map(|e| e.kind).collect();
    assert_eq!(kinds.len(), 13, "every kind of question has entries");
    assert!(!knowledge.events.is_empty() && knowledge.discussion.len() >= 10 && knowledge.quiz.len() >= 20);
    assert!(knowledge.events.is_sorted_by(|a, b| a.date <= b.date), "the timeline is in order");
}

#[test]
fn every_follow_up_leads_on() {
    let knowledge = PAPER.engine().knowledge();
    for entry in &knowledge.entries {
        assert!(!entry.related.is_empty(), "{} leads nowhere", entry.id);
        assert!(!entry.cites.is_empty() && entry.question.is_some() && entry.kind.is_some(), "{} is not complete", entry.id);
    }
}

#[test]
fn the_built_in_file_has_no_faults() {
    let sources = footnote::app::sources(std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/knowledge/strakes-2020")))
        .expect("they are there");
    let faults = footnote::qa::lint::lint(&sources);
    let errors: Vec<String> =
        faults.iter().filter(|f| f.severity == footnote::qa::load::Severity::Error).map(|f| f.line(&sources)).collect();
    assert!(errors.is_empty(), "{}", errors.join("\n"));
}

/// A bank of 150 entries with ten ways of asking and an answer each, and nothing else.
#[test]
fn a_plain_question_bank_works() {
    let topics = ["invoice", "refund", "password", "parcel", "voucher", "account", "newsletter", "receipt", "subscription", "warranty"];
    let deeds = [
        "change", "find", "cancel", "print", "share", "renew", "delete", "copy", "track", "move", "archive", "rename", "export", "lock",
        "open",
    ];
    let frames = [
        "how do I {} my {}",
        "I want to {} a {}",
        "{} {} please",
        "where can I {} the {}",
        "can you {} this {} for me",
        "steps to {} an old {}",
        "is it possible to {} the {} online",
        "help me {} my {}",
        "need to {} {} today",
        "what is the way to {} a {}",
    ];
    let mut bank = String::new();
    for topic in topics {
        for deed in deeds {
            let ways: Vec<String> = frames.iter().map(|f| format!("{:?}", f.replacen("{}", deed, 1).replacen("{}", topic, 1))).collect();
            let _ = writeln!(
                bank,
                "[[entry]]\nid = \"{deed}-{topic}\"\nanswer = \"To {deed} the {topic}, open its page.\"\nask = [{}]",
                ways.join(", ")
            );
        }
    }
    let bot = footnote::bot::Bot::new(crate::engine(&bank));
    let ask = |q: &str| bot.respond(&Incoming { conversation: ConversationId(q.into()), request: Request::Ask(q.into()) });
    for topic in topics {
        for deed in deeds {
            let reply = ask(&format!("hello, how can i {deed} my {topic}?"));
            assert_eq!(reply.entry.as_deref(), Some(format!("{deed}-{topic}").as_str()));
            assert!(reply.citations.is_empty());
        }
    }
    assert_ne!(ask("who won the football match yesterday evening?").outcome, Outcome::Answered);
    let check = bot.respond(&Incoming { conversation: ConversationId("c".into()), request: Request::Check("the parcel is late".into()) });
    assert_eq!(check.verdict, Some("not_addressed"));
}
