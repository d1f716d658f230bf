//! What must hold for any input.

use crate::{PAPER, engine};
use footnote::message::{ConversationId, Incoming, Outcome, Request};
use footnote::qa::{Answer, Engine, Verdict};
use proptest::prelude::*;

/// What people might type: words of the paper and others, in any order, with noise.
fn message() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        Just("who"),
        Just("when"),
        Just("why"),
        Just("how many"),
        Just("CSTO"),
        Just("Belarus"),
        Just("Baku"),
        Just("arms"),
        Just("treaty"),
        Just("1999"),
        Just("80,000"),
        Just("not"),
        Just("exercise"),
        Just("Article 4"),
        Just("banana"),
        Just("it"),
        Just("?"),
        Just("and"),
        Just("left"),
        Just("chairs"),
        Just("the"),
        Just("author"),
        Just("\u{202e}"),
        Just("🙃"),
        Just("secratariat"),
    ];
    prop_oneof![proptest::collection::vec(word, 0..14).prop_map(|words| words.join(" ")), "\\PC{0,60}"]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn every_answer_cites_known_paragraphs(text in message()) {
        let incoming = Incoming { conversation: ConversationId(text.clone()), request: Request::Ask(text) };
        let reply = PAPER.respond(&incoming);
        let paragraphs = &PAPER.engine().knowledge().paragraphs;
        prop_assert!(reply.citations.iter().all(|c| paragraphs.iter().any(|p| p.id == c.id)));
        prop_assert!(!reply.text().is_empty());
        if reply.outcome == Outcome::Answered {
            prop_assert!(!reply.citations.is_empty());
            prop_assert!(reply.citations.len() <= 6);
            prop_assert!(reply.text().split_whitespace().count() <= 120);
        }
        prop_assert!(reply.suggestions.len() <= 3);
    }

    #[test]
    fn the_same_input_gives_the_same_output(text in message()) {
        let engine = PAPER.engine();
        let first = engine.answer(&engine.query(&text, &[]), None);
        let second = engine.answer(&engine.query(&text, &[]), None);
        prop_assert_eq!(first, second);
        prop_assert_eq!(engine.check(&text, None), engine.check(&text, None));
    }

    /// The lower threshold lets no answer through that the higher one stops.
    #[test]
    fn raising_the_threshold_never_adds_an_answer(text in message(), low in 0.1f32..0.9, rise in 0.0f32..0.5) {
        let answered = |at: f32| {
            let engine = PAPER.engine();
            matches!(engine.answer_at(&engine.query(&text, &[]), None, at), Answer::Found { .. })
        };
        prop_assert!(answered(low) || !answered(low + rise));
    }

    #[test]
    fn confidence_is_a_chance(text in message()) {
        let check = PAPER.engine().check(&text, None);
        prop_assert!((0.0..=1.0).contains(&check.confidence));
        prop_assert!(check.verdict == Verdict::NotAddressed || check.fact.is_some());
    }
}

/// An entry about something else must not change who wins an entry's own ways of asking.
#[test]
fn an_unrelated_entry_changes_no_first_rank() {
    let bank = "
        [[entry]]
        id = \"chair\"
        answer = \"General Zas chairs it.\"
        ask = [\"who chairs the secretariat\", \"name of the head of the secretariat\", \"who is in charge of the office\"]
        [[entry]]
        id = \"left\"
        answer = \"Azerbaijan left in 1999.\"
        ask = [\"when did azerbaijan leave the treaty\", \"what year did baku quit the pact\", \"date of the withdrawal\"]
        [[entry]]
        id = \"troops\"
        answer = \"Some 80,000 troops were projected.\"
        ask = [\"how many troops were to take part\", \"size of the exercise\", \"number of soldiers\"]
    ";
    let unrelated = "
        [[entry]]
        id = \"dolma\"
        answer = \"Wrap the filling in vine leaves.\"
        ask = [\"best dolma recipe\", \"cooking vine leaves with minced lamb\", \"grandma's stuffed leaves\"]
    ";
    let before = engine(bank);
    let after = engine(&format!("{bank}{unrelated}"));
    let first = |engine: &Engine, way: &str| engine.ranked(&engine.query(way, &[]), None).first().map(|r| r.target);
    for (number, entry) in before.knowledge().entries.iter().enumerate() {
        for way in &entry.ask {
            assert_eq!(first(&before, way), Some(number as u32), "{way}");
            assert_eq!(first(&after, way), Some(number as u32), "{way}");
        }
    }
}
