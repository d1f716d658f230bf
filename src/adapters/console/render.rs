//! How a reply looks in a terminal, and as JSON.

use crate::message::Reply;
use anstyle::{AnsiColor, Style};
use serde_json::{Value, json};

const SOURCE: Style = AnsiColor::Cyan.on_default();
const NEXT: Style = Style::new().dimmed();

/// A reply for a terminal. Colours are taken out by the stream where it is no terminal, or `NO_COLOR` is set.
pub fn terminal(reply: &Reply) -> String {
    let mut text = reply.text();
    text.push('\n');
    if !reply.citations.is_empty() {
        let sources = reply.citations.iter().map(|c| format!("{} · {}", c.sign, c.label));
        for source in sources {
            text.push_str(&format!("  {SOURCE}{source}{SOURCE:#}\n"));
        }
    }
    for suggestion in &reply.suggestions {
        text.push_str(&format!("  {NEXT}→ {}{NEXT:#}\n", suggestion.question));
    }
    text
}

/// A reply to a question, as the JSON Lines interface has it.
pub fn answer_json(id: &Value, reply: &Reply) -> Value {
    json!({
        "id": id,
        "outcome": reply.outcome.word(),
        "answer": reply.text(),
        "citations": reply.citations.iter().map(|c| &c.id).collect::<Vec<_>>(),
        "entry": reply.entry,
        "confidence": rounded(reply.confidence),
        "suggestions": reply.suggestions.iter().map(|s| &s.question).collect::<Vec<_>>(),
    })
}

/// A reply to a claim, as the JSON Lines interface has it.
pub fn verdict_json(id: &Value, reply: &Reply) -> Value {
    json!({
        "id": id,
        "verdict": reply.verdict,
        "explanation": reply.text(),
        "citations": reply.citations.iter().map(|c| &c.id).collect::<Vec<_>>(),
        "confidence": rounded(reply.confidence),
    })
}

fn rounded(chance: f32) -> f64 {
    (f64::from(chance) * 1_000.0).round() / 1_000.0
}
