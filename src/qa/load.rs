//! Loading: from the text of knowledge files to a [`Knowledge`] without faults, or all faults with their places.
//!
//! After loading, every citation and link is known to lead somewhere, so that nothing later can fail.

use super::knowledge::Knowledge;
use super::schema;
use rustc_hash::{FxHashMap, FxHashSet};
use std::ops::Range;
use std::sync::LazyLock;

/// The text of one knowledge file.
#[derive(Debug, Clone)]
pub struct Source {
    /// Name for messages.
    pub name: String,
    /// TOML.
    pub text: String,
}

/// How bad a fault is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The file cannot be used.
    Error,
    /// The file works, but people would notice.
    Warning,
}

/// Something wrong with a knowledge file.
#[derive(Debug, Clone)]
pub struct Fault {
    /// How bad.
    pub severity: Severity,
    /// Number of the source.
    pub source: usize,
    /// Bytes of its text.
    pub span: Range<usize>,
    /// What is wrong, in lower case and without a full stop.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
}

impl Fault {
    /// A problem of a document as an error of a source.
    pub fn error(source: usize, problem: schema::Problem) -> Self {
        Self { severity: Severity::Error, source, span: problem.span, message: problem.message, help: problem.help }
    }

    /// Line and column of a fault, from 1.
    pub fn position(&self, sources: &[Source]) -> (usize, usize) {
        let text = sources.get(self.source).map_or("", |s| &s.text);
        let before = text.get(..self.span.start.min(text.len())).unwrap_or("");
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
        (line, column)
    }

    /// The fault on one line: `file:line:column: message; help`.
    pub fn line(&self, sources: &[Source]) -> String {
        let (line, column) = self.position(sources);
        let name = sources.get(self.source).map_or("", |s| &s.name);
        let help = self.help.as_deref().map(|h| format!("; {h}")).unwrap_or_default();
        format!("{name}:{line}:{column}: {}{help}", self.message)
    }
}

/// The JSON Schema of the knowledge file.
pub static SCHEMA: LazyLock<serde_json::Value> =
    LazyLock::new(|| serde_json::to_value(schemars::schema_for!(Knowledge)).unwrap_or_default());

/// Reads knowledge files as one.
///
/// # Errors
///
/// All faults that make the files unusable: syntax, shape, ids given twice, links that lead nowhere.
pub fn parse(sources: &[Source]) -> Result<Knowledge, Vec<Fault>> {
    let mut knowledge = Knowledge::default();
    let mut origins = Origins::default();
    let mut faults = Vec::new();
    for (number, source) in sources.iter().enumerate() {
        match toml::from_str::<Knowledge>(&source.text) {
            Ok(part) => {
                origins.add(number, &part);
                knowledge.merge(part);
            }
            Err(error) => {
                let problems = schema::check(&source.text, &SCHEMA);
                if problems.is_empty() {
                    let span = error.span().unwrap_or(0..0);
                    faults.push(Fault::error(number, schema::Problem { span, message: error.message().to_owned(), help: None }));
                }
                faults.extend(problems.into_iter().map(|p| Fault::error(number, p)));
            }
        }
    }
    if faults.is_empty() {
        if knowledge.entries.is_empty() {
            let help = Some("write at least one [[entry]] with id, ask and answer".to_owned());
            faults.push(Fault::error(0, schema::Problem { span: 0..0, message: "there are no entries".into(), help }));
        }
        let problems = references(&knowledge);
        faults.extend(problems.into_iter().map(|p| origins.place(sources, p)));
    }
    if faults.is_empty() { Ok(knowledge) } else { Err(faults) }
}

/// A fault whose place is a path into the merged knowledge.
#[derive(Debug, Clone)]
pub(super) struct PathFault {
    pub severity: Severity,
    /// Top-level key and number of the record.
    pub record: (&'static str, usize),
    /// Rest of the path within the record.
    pub path: Vec<String>,
    pub message: String,
    pub help: Option<String>,
}

/// Which file each record of the merged knowledge came from.
#[derive(Debug, Default)]
pub(super) struct Origins {
    /// Per top-level key: (source, number of records).
    counts: FxHashMap<&'static str, Vec<(usize, usize)>>,
}

impl Origins {
    /// Notes how many records of each kind a source has.
    pub fn add(&mut self, source: usize, part: &Knowledge) {
        for (key, count) in [
            ("paper", usize::from(part.paper.is_some())),
            ("paragraph", part.paragraphs.len()),
            ("term", part.terms.len()),
            ("absent", part.absent.len()),
            ("synonyms", part.synonyms.len()),
            ("opposites", part.opposites.len()),
            ("entry", part.entries.len()),
            ("fact", part.facts.len()),
            ("unaddressed", part.unaddressed.len()),
            ("gap", part.gaps.len()),
            ("turn", part.turns.len()),
            ("event", part.events.len()),
            ("discussion", part.discussion.len()),
            ("quiz", part.quiz.len()),
        ] {
            self.counts.entry(key).or_default().push((source, count));
        }
    }

    /// Finds the place of a fault in its file.
    pub fn place(&self, sources: &[Source], problem: PathFault) -> Fault {
        let (key, mut number) = problem.record;
        let mut home = 0;
        for (source, count) in self.counts.get(key).into_iter().flatten() {
            home = *source;
            if number < *count {
                break;
            }
            number -= count;
        }
        let number = number.to_string();
        let mut path = vec![key, number.as_str()];
        path.extend(problem.path.iter().map(String::as_str));
        let span = sources.get(home).and_then(|s| schema::locate(&s.text, &path)).unwrap_or(0..0);
        Fault { severity: problem.severity, source: home, span, message: problem.message, help: problem.help }
    }
}

/// Ids given twice, links that lead nowhere, and records that could never work.
pub(super) fn references(knowledge: &Knowledge) -> Vec<PathFault> {
    let mut faults = Vec::new();
    let mut report = |record: (&'static str, usize), path: &[&str], message: String, help: Option<String>| {
        let path = path.iter().map(|s| (*s).to_owned()).collect();
        faults.push(PathFault { severity: Severity::Error, record, path, message, help });
    };
    let mut unique = |key: &'static str, ids: &mut dyn Iterator<Item = &String>, seen: &mut FxHashSet<String>| {
        for (i, id) in ids.enumerate() {
            if !seen.insert(id.clone()) {
                report(
                    (key, i),
                    &["id"],
                    format!("the id `{id}` is given twice"),
                    Some("ids must differ: links and buttons use them".into()),
                );
            }
        }
    };
    let (mut paragraphs, mut entries, mut facts, mut terms) =
        (FxHashSet::default(), FxHashSet::default(), FxHashSet::default(), FxHashSet::default());
    unique("paragraph", &mut knowledge.paragraphs.iter().map(|p| &p.id), &mut paragraphs);
    unique("entry", &mut knowledge.entries.iter().map(|e| &e.id), &mut entries);
    let mut both = entries.clone();
    unique("gap", &mut knowledge.gaps.iter().map(|g| &g.id), &mut both);
    unique("fact", &mut knowledge.facts.iter().map(|f| &f.id), &mut facts);
    unique("term", &mut knowledge.terms.iter().map(|t| &t.id), &mut terms);

    let mut cites = |key: &'static str, i: usize, cites: &[String]| {
        for (n, cite) in cites.iter().enumerate() {
            if !paragraphs.contains(cite) {
                let help = schema::nearest(cite, paragraphs.iter().map(String::as_str));
                report((key, i), &["cites", &n.to_string()], format!("there is no paragraph `{cite}`"), help);
            }
        }
    };
    knowledge.entries.iter().enumerate().for_each(|(i, e)| cites("entry", i, &e.cites));
    knowledge.facts.iter().enumerate().for_each(|(i, f)| cites("fact", i, &f.cites));
    knowledge.terms.iter().enumerate().for_each(|(i, t)| cites("term", i, &t.cites));
    knowledge.events.iter().enumerate().for_each(|(i, e)| cites("event", i, &e.cites));
    knowledge.discussion.iter().enumerate().for_each(|(i, d)| cites("discussion", i, &d.cites));
    knowledge.quiz.iter().enumerate().for_each(|(i, q)| cites("quiz", i, &q.cites));

    let mut link = |key: &'static str, i: usize, path: &[&str], id: &str| {
        if !entries.contains(id) {
            let help = schema::nearest(id, entries.iter().map(String::as_str));
            report((key, i), path, format!("there is no entry `{id}`"), help);
        }
    };
    for (i, entry) in knowledge.entries.iter().enumerate() {
        for (n, id) in entry.related.iter().enumerate() {
            link("entry", i, &["related", &n.to_string()], id);
        }
    }
    let single = (knowledge.facts.iter().enumerate().map(|(i, f)| ("fact", i, "entry", &f.entry)))
        .chain(knowledge.terms.iter().enumerate().map(|(i, t)| ("term", i, "entry", &t.entry)))
        .chain(knowledge.events.iter().enumerate().map(|(i, e)| ("event", i, "entry", &e.entry)))
        .chain(knowledge.quiz.iter().enumerate().map(|(i, q)| ("quiz", i, "entry", &q.entry)))
        .chain(knowledge.gaps.iter().enumerate().map(|(i, g)| ("gap", i, "nearest", &g.nearest)))
        .chain(knowledge.unaddressed.iter().enumerate().map(|(i, u)| ("unaddressed", i, "nearest", &u.nearest)));
    for (key, i, field, id) in single {
        if let Some(id) = id {
            link(key, i, &[field], id);
        }
    }

    for (i, turn) in knowledge.turns.iter().enumerate() {
        for (field, id, known, what) in [("after", &turn.after, &entries, "entry"), ("to", &turn.to, &both, "entry or gap")] {
            if !known.contains(id) {
                let help = schema::nearest(id, known.iter().map(String::as_str));
                report(("turn", i), &[field], format!("there is no {what} `{id}`"), help);
            }
        }
    }

    for (i, entry) in knowledge.entries.iter().enumerate() {
        if entry.answer.trim().is_empty() {
            report(("entry", i), &["answer"], format!("entry `{}` has an empty answer", entry.id), None);
        }
        if entry.ask.is_empty() && entry.question.is_none() {
            let help = "without a way of asking nobody can find it".to_owned();
            report(("entry", i), &["ask"], format!("entry `{}` has no way of asking", entry.id), Some(help));
        }
    }
    for (i, quiz) in knowledge.quiz.iter().enumerate() {
        if quiz.answer >= quiz.choices.len() {
            let help = format!("count from 0: at most {}", quiz.choices.len().saturating_sub(1));
            report(("quiz", i), &["answer"], "the answer is not one of the choices".into(), Some(help));
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(text: &str) -> Vec<Source> {
        vec![Source { name: "bank.toml".into(), text: text.into() }]
    }

    #[test]
    fn a_plain_question_bank_loads() {
        let bank = "[[entry]]\nid = \"a\"\nanswer = \"Yes.\"\nask = [\"is it so\"]\n";
        assert_eq!(parse(&source(bank)).map(|k| k.entries.len()).ok(), Some(1));
    }

    #[test]
    fn links_that_lead_nowhere_are_named_with_their_line() {
        let bank = "[[entry]]\nid = \"a\"\nanswer = \"Yes.\"\nask = [\"is it so\"]\nrelated = [\"b\"]\ncites = [\"p9\"]\n";
        let sources = source(bank);
        let lines: Vec<String> = parse(&sources).expect_err("two faults").iter().map(|f| f.line(&sources)).collect();
        assert_eq!(lines, ["bank.toml:6:10: there is no paragraph `p9`", "bank.toml:5:12: there is no entry `b`"]);
    }

    #[test]
    fn turns_lead_from_entries_to_entries_or_gaps() {
        let bank =
            "[[entry]]\nid = \"a\"\nanswer = \"Yes.\"\nask = [\"is it so\"]\n[[gap]]\nid = \"g\"\ntopic = \"it\"\nask = [\"what\"]\n";
        let turn = |after: &str, to: &str| format!("{bank}[[turn]]\nafter = \"{after}\"\nto = \"{to}\"\nask = [\"why?\"]\n");
        assert!(parse(&source(&turn("a", "g"))).is_ok());
        for (after, to, fault) in [("g", "a", "there is no entry `g`"), ("a", "x", "there is no entry or gap `x`")] {
            let faults = parse(&source(&turn(after, to))).expect_err("one fault");
            assert_eq!(faults.iter().map(|f| f.message.as_str()).collect::<Vec<_>>(), [fault]);
        }
    }

    #[test]
    fn an_empty_file_says_what_to_write() {
        let faults = parse(&source("")).expect_err("nothing in it");
        assert!(faults[0].message.contains("no entries"));
    }
}
