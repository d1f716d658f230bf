//! What a person reads, as snapshots: answers, follow-ups, suggestions, declines, fact checks.

use crate::PAPER;
use footnote::message::ConversationId;

/// A conversation as a transcript.
fn talk(name: &str, lines: &[&str]) -> String {
    let conversation = ConversationId(name.into());
    let mut transcript = String::new();
    for line in lines {
        let reply = PAPER.line(&conversation, line);
        let sources: Vec<String> = reply.citations.iter().map(|c| format!("{} · {}", c.sign, c.label)).collect();
        let next: Vec<&str> = reply.suggestions.iter().map(|s| s.question.as_str()).collect();
        transcript += &format!("> {line}\n[{}] {}\n", reply.outcome.word(), reply.text());
        if !sources.is_empty() {
            transcript += &format!("  {}\n", sources.join(" | "));
        }
        if !next.is_empty() {
            transcript += &format!("  next: {}\n", next.join(" | "));
        }
        transcript.push('\n');
    }
    transcript
}

#[test]
fn a_first_conversation() {
    insta::assert_snapshot!(talk("first", &["hi", "who chairs the CSTO secretariat?", "where is he from?", "how old is he?", "thanks!"],));
}

#[test]
fn fact_checks() {
    insta::assert_snapshot!(talk(
        "checks",
        &[
            "/check Serbia is a full member of the CSTO",
            "/check The treaty dates from 1992",
            "/check Russia sent peacekeepers to Karabakh after the war",
            "Azerbaijan left the treaty in 1999",
        ],
    ));
}

#[test]
fn commands() {
    insta::assert_snapshot!(talk(
        "commands",
        &["/help", "/about", "/define odkb", "/define quark", "/sources", "/sources 3", "/sources p99", "/timeline", "/check", "/tmeline"]
    ));
}

#[test]
fn questions_of_all_sorts() {
    insta::assert_snapshot!(talk(
        "sorts",
        &[
            "CRRF??",
            "Sorry to bother you, I am new here and have to hold a talk tomorrow. When did Azerbaijan leave the treaty?",
            "who wrote this paper and when did it come out?",
            "what did Putin say about it",
            "how do I cook rice",
            "you stupid bot",
            "what can you do?",
            "Кто написал эту статью?",
            "Кто написал эту статью?",
            "🙃",
        ],
    ));
}

#[test]
fn a_language_is_named_once() {
    let conversation = ConversationId("language".into());
    let first = PAPER.line(&conversation, "Это очень интересная статья про войну").text();
    let second = PAPER.line(&conversation, "Это очень интересная статья про войну").text();
    assert!(first.contains("English"));
    assert!(!second.contains("English"));
}
