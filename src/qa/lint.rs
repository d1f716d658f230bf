//! Lint: everything that a curator wants to hear about a knowledge file, each with its place and a hint.
//!
//! Loading refuses files that could not work (see [`super::load`]); lint also finds what works badly: ways of asking that
//! another entry wins, entries with too few of them, answers too long for a chat, text that a platform would mangle.

use super::knowledge::Knowledge;
use super::load::{self, Fault, Origins, PathFault, Severity, Source};
use super::question;
use super::{Answer, Engine};
use rustc_hash::FxHashMap;

/// Ways of asking from which an entry is reliably found; fewer are worth a warning.
pub const FEW_WAYS: usize = 10;
/// Words that an answer should have at most.
pub const LONG_ANSWER: usize = 75;
/// Words that an answer may have at most.
pub const TOO_LONG_ANSWER: usize = 110;
/// Paragraphs that an answer may cite.
pub const MANY_CITES: usize = 6;

/// Words that judge the world rather than report the paper.
const VERDICT_WORDS: [&str; 8] = ["debunked", "hoax", "fake news", "propaganda", "fact-checked", "liar", "is a lie", "pants on fire"];
/// What would notify people or groups.
const MASS_MENTIONS: [&str; 4] = ["@everyone", "@here", "<@", "@channel"];
/// What a chat platform would take for markup.
const MARKUP: [&str; 8] = ["**", "__", "~~", "||", "```", "</", "](", "<b>"];

/// All faults and warnings of knowledge files, in the order of the files.
pub fn lint(sources: &[Source]) -> Vec<Fault> {
    let knowledge = match load::parse(sources) {
        Ok(knowledge) => knowledge,
        Err(mut faults) => {
            order(&mut faults);
            return faults;
        }
    };
    let mut origins = Origins::default();
    for (number, source) in sources.iter().enumerate() {
        if let Ok(part) = toml::from_str(&source.text) {
            origins.add(number, &part);
        }
    }
    let mut problems = texts(&knowledge);
    problems.extend(names(&knowledge));
    problems.extend(ways(&knowledge));
    let mut faults: Vec<Fault> = problems.into_iter().map(|p| origins.place(sources, p)).collect();
    order(&mut faults);
    faults
}

fn order(faults: &mut [Fault]) {
    faults.sort_by_key(|f| (f.source, f.span.start));
}

fn problem(severity: Severity, record: (&'static str, usize), path: &[&str], message: String, help: &str) -> PathFault {
    let path = path.iter().map(|s| (*s).to_owned()).collect();
    PathFault { severity, record, path, message, help: (!help.is_empty()).then(|| help.to_owned()) }
}

/// Length, mentions, markup and verdict words of what people will read.
fn texts(knowledge: &Knowledge) -> Vec<PathFault> {
    let mut problems = Vec::new();
    for (i, entry) in knowledge.entries.iter().enumerate() {
        let words = entry.answer.split_whitespace().count();
        if words > LONG_ANSWER {
            let severity = if words > TOO_LONG_ANSWER { Severity::Error } else { Severity::Warning };
            let message = format!("the answer of `{}` has {words} words, too many for a chat message", entry.id);
            problems.push(problem(severity, ("entry", i), &["answer"], message, "about 60 words; the first sentence answers"));
        }
        if entry.cites.len() > MANY_CITES {
            let message = format!("`{}` cites {} paragraphs", entry.id, entry.cites.len());
            problems.push(problem(Severity::Error, ("entry", i), &["cites"], message, "point to the best six at most"));
        }
    }
    let mut shown: Vec<((&'static str, usize), &'static str, &str)> = Vec::new();
    for (i, e) in knowledge.entries.iter().enumerate() {
        shown.push((("entry", i), "answer", &e.answer));
        shown.extend(e.question.as_deref().map(|q| (("entry", i), "question", q)));
    }
    shown.extend(knowledge.facts.iter().enumerate().map(|(i, f)| (("fact", i), "statement", f.statement.as_str())));
    shown.extend(knowledge.terms.iter().enumerate().map(|(i, t)| (("term", i), "definition", t.definition.as_str())));
    shown.extend(knowledge.paragraphs.iter().enumerate().map(|(i, p)| (("paragraph", i), "gist", p.gist.as_str())));
    shown.extend(knowledge.gaps.iter().enumerate().map(|(i, g)| (("gap", i), "topic", g.topic.as_str())));
    shown.extend(knowledge.events.iter().enumerate().map(|(i, e)| (("event", i), "text", e.text.as_str())));
    shown.extend(knowledge.quiz.iter().enumerate().map(|(i, q)| (("quiz", i), "explanation", q.explanation.as_str())));
    for (record, field, text) in shown {
        let lower = text.to_lowercase();
        for mention in MASS_MENTIONS.iter().filter(|m| lower.contains(**m)) {
            let message = format!("`{mention}` would notify people");
            problems.push(problem(Severity::Error, record, &[field], message, "write the word without the sign"));
        }
        for mark in MARKUP.iter().filter(|m| text.contains(**m)) {
            let message = format!("`{mark}` is markup on some platforms and would not survive on others");
            problems.push(problem(Severity::Error, record, &[field], message, "plain sentences; the adapters add the markup"));
        }
        for word in VERDICT_WORDS.iter().filter(|w| lower.contains(**w)) {
            let message = format!("`{word}` judges the world, not the paper");
            problems.push(problem(
                Severity::Error,
                record,
                &[field],
                message,
                "say what the paper says: supported, contradicted, not addressed",
            ));
        }
    }
    problems
}

/// Names that mean two things.
fn names(knowledge: &Knowledge) -> Vec<PathFault> {
    let mut problems = Vec::new();
    let mut owners: FxHashMap<String, &str> = FxHashMap::default();
    for (i, term) in knowledge.terms.iter().enumerate() {
        for (n, alias) in std::iter::once(&term.name).chain(&term.aliases).enumerate() {
            let key = super::text::normalize(alias);
            let path = if n == 0 { vec!["name".to_owned()] } else { vec!["aliases".to_owned(), (n - 1).to_string()] };
            match owners.get(&key) {
                Some(other) if *other != term.id => {
                    let message = format!("`{alias}` means both `{other}` and `{}`", term.id);
                    let help = Some("an alias means one term and nothing else".to_owned());
                    problems.push(PathFault { severity: Severity::Warning, record: ("term", i), path, message, help });
                }
                Some(_) => {}
                None => {
                    owners.insert(key, &term.id);
                }
            }
        }
    }
    problems
}

/// Ways of asking: too few, given twice, or won by another entry; statements of facts out of balance.
fn ways(knowledge: &Knowledge) -> Vec<PathFault> {
    let mut problems = Vec::new();
    let mut owners: FxHashMap<String, String> = FxHashMap::default();
    let engine = Engine::new(knowledge.clone(), None);
    let asked = (knowledge.entries.iter().enumerate().map(|(i, e)| ("entry", i, &e.id, &e.ask)))
        .chain(knowledge.gaps.iter().enumerate().map(|(i, g)| ("gap", i, &g.id, &g.ask)));
    for (key, i, id, ask) in asked {
        if ask.len() < FEW_WAYS {
            let message = format!("`{id}` has {} ways of asking", ask.len());
            problems.push(problem(
                Severity::Warning,
                (key, i),
                &["ask"],
                message,
                "25 to 30, in really different voices, find it reliably",
            ));
        }
        for (n, way) in ask.iter().enumerate() {
            let place = n.to_string();
            let path = ["ask", place.as_str()];
            let folded = super::text::normalize(way);
            if let Some(other) = owners.get(&folded) {
                let message = format!("this way of asking is also one of `{other}`");
                let severity = if other == id { Severity::Warning } else { Severity::Error };
                problems.push(problem(severity, (key, i), &path, message, "keep it where it fits best"));
                continue;
            }
            owners.insert(folded, id.clone());
            let query = engine.query(way, &[]);
            let winner = match engine.answer(&query, None) {
                Answer::Found { entries, .. } | Answer::Suggested { entries, .. } => {
                    entries.first().and_then(|e| engine.entry(*e)).map(|e| &e.id)
                }
                Answer::NotAddressed { gap: Some(gap), .. } => engine.gap(gap).map(|g| &g.id),
                Answer::Smalltalk(_) => {
                    problems.push(problem(Severity::Warning, (key, i), &path, "this reads as small talk".into(), "name the subject"));
                    continue;
                }
                _ => None,
            };
            if winner.is_some_and(|w| w != id) && question::parts(way).len() == 1 {
                let message = format!("`{}` wins this way of asking", winner.map_or("", String::as_str));
                problems.push(problem(Severity::Warning, (key, i), &path, message, "move it there, or say what sets this entry apart"));
            }
        }
    }
    for (i, fact) in knowledge.facts.iter().enumerate() {
        let (truths, misreadings) = (fact.truths.len(), fact.misreadings.len());
        if truths.min(misreadings) * 2 < truths.max(misreadings) {
            let message = format!("fact `{}` has {truths} true ways and {misreadings} misreadings", fact.id);
            problems.push(problem(Severity::Warning, ("fact", i), &["id"], message, "too few of one tilts every verdict to the other"));
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_works_badly() {
        let text = format!(
            "[[entry]]\nid = \"a\"\nanswer = \"Ask @everyone, **now**. It is a hoax.\"\nask = [\"who chairs the office\"]\n\
             [[entry]]\nid = \"b\"\nanswer = \"{}\"\nask = [\"who chairs the office\"]\n",
            "word ".repeat(120)
        );
        let sources = vec![Source { name: "bank.toml".into(), text }];
        let found = lint(&sources);
        let messages: Vec<&str> = found.iter().map(|f| f.message.as_str()).collect();
        for expected in ["`@everyone`", "`**`", "`hoax`", "120 words", "also one of `a`", "has 1 ways"] {
            assert!(messages.iter().any(|m| m.contains(expected)), "{expected} is not among {messages:?}");
        }
        assert!(found.iter().any(|f| f.severity == Severity::Error));
    }
}
