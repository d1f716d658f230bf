//! Grading: puts a folder of test cases to the bot and counts what is right.
//!
//! - *Cited right*: all facts of an answerable question stand in the answer, and a right paragraph is cited.
//! - *Precision*: the share of answers given that are right.
//! - *Declined*: the share of unanswerable questions that were declined, or answered by suggestions; *near* the topic,
//!   or *far* from it.
//! - *Inverted*: a supported claim called contradicted, or the other way round.

use crate::bot::Bot;
use crate::message::{ConversationId, Incoming, Outcome, Reply, Request};
use anyhow::{Context, Result};
use fancy_regex::Regex;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

/// An answer with more words counts as wrong.
const MAX_WORDS: usize = 120;
/// An answer with more citations counts as wrong.
const MAX_CITES: usize = 6;

#[derive(Deserialize)]
struct Answerable {
    id: String,
    q: String,
    #[serde(default)]
    kind: String,
    #[serde(default)]
    style: String,
    gold: Vec<String>,
    must: Vec<String>,
    #[serde(default)]
    must_not: Vec<String>,
}

#[derive(Deserialize)]
struct Unanswerable {
    id: String,
    q: String,
    near: bool,
}

#[derive(Deserialize)]
struct Claim {
    id: String,
    claim: String,
    verdict: String,
    #[serde(default)]
    gold: Vec<String>,
    #[serde(default)]
    twist: String,
}

#[derive(Deserialize)]
struct Dialogue {
    id: String,
    turns: Vec<Turn>,
}

#[derive(Deserialize)]
struct Turn {
    q: String,
    #[serde(default)]
    declined: bool,
    #[serde(default)]
    gold: Vec<String>,
    #[serde(default)]
    must: Vec<String>,
    #[serde(default)]
    must_not: Vec<String>,
}

/// A share, as right of all.
#[derive(Debug, Clone, Copy, Default)]
pub struct Share {
    /// How many were right.
    pub right: usize,
    /// Of how many.
    pub all: usize,
}

impl Share {
    fn add(&mut self, right: bool) {
        self.right += usize::from(right);
        self.all += 1;
    }

    /// The share, 0 where there were none.
    pub fn value(self) -> f64 {
        if self.all == 0 { 0.0 } else { self.right as f64 / self.all as f64 }
    }
}

/// The outcome of grading.
#[derive(Debug, Default)]
pub struct Grades {
    /// Named figures, the ones that `--min` can gate.
    pub figures: BTreeMap<&'static str, Share>,
    /// Answerable questions by kind and style, claims by twist.
    pub groups: BTreeMap<String, Share>,
    /// What went wrong, one line each.
    pub misses: Vec<String>,
    latencies: Vec<Duration>,
}

/// Puts all cases of a folder to the bot.
///
/// # Errors
///
/// A folder without cases, a malformed line, or a malformed regular expression.
pub fn grade(bot: &Bot, folder: &Path) -> Result<Grades> {
    let answerable: Vec<Answerable> = read(folder, "answerable")?;
    let unanswerable: Vec<Unanswerable> = read(folder, "unanswerable")?;
    let claims: Vec<Claim> = read(folder, "claims")?;
    let dialogues: Vec<Dialogue> = read(folder, "dialogues")?;
    if answerable.len() + unanswerable.len() + claims.len() + dialogues.len() == 0 {
        anyhow::bail!("{} has no cases: answerable.jsonl, unanswerable.jsonl, claims.jsonl, dialogues.jsonl", folder.display());
    }
    let mut grades = Grades::default();
    for case in &answerable {
        let reply = grades.ask(bot, &case.id, &case.q);
        let (answered, right, cited) = judge(&reply, &case.must, &case.must_not, &case.gold).with_context(|| case.id.clone())?;
        grades.figure("answer_accuracy", right);
        grades.figure("cited_accuracy", right && cited);
        grades.figure("not_declined", answered);
        if answered {
            grades.figure("precision", right);
        }
        grades.group(format!("kind {}", case.kind), right && cited);
        grades.group(format!("style {}", case.style), right && cited);
        if !(right && cited) {
            grades.miss(&case.id, &case.q, &reply);
        }
    }
    for case in &unanswerable {
        let reply = grades.ask(bot, &case.id, &case.q);
        let declined = matches!(reply.outcome, Outcome::Declined | Outcome::Suggested | Outcome::Told);
        grades.figure(if case.near { "declined_near" } else { "declined_far" }, declined);
        if !declined {
            grades.figure("precision", false);
            grades.miss(&case.id, &case.q, &reply);
        }
    }
    for case in &claims {
        let reply = grades.respond(bot, &case.id, Request::Check(case.claim.clone()));
        let verdict = reply.verdict.unwrap_or_default();
        let right = verdict == case.verdict;
        grades.figure("verdict_accuracy", right);
        let evidence = right && (verdict == "not_addressed" || reply.citations.iter().any(|c| case.gold.contains(&c.id)));
        grades.figure("verdict_with_evidence", evidence);
        let inverted = matches!((case.verdict.as_str(), verdict), ("supported", "contradicted") | ("contradicted", "supported"));
        grades.figure("verdict_not_inverted", !inverted);
        grades.group(format!("verdict {}", case.verdict), right);
        grades.group(format!("twist {}", case.twist), right);
        if !right {
            grades.misses.push(format!("{} [{} -> {verdict}] {} => {}", case.id, case.verdict, case.claim, reply.text()));
        }
    }
    for dialogue in &dialogues {
        let mut whole = true;
        for turn in &dialogue.turns {
            let reply = grades.ask(bot, &dialogue.id, &turn.q);
            let right = if turn.declined {
                matches!(reply.outcome, Outcome::Declined | Outcome::Suggested | Outcome::Told)
            } else {
                judge(&reply, &turn.must, &turn.must_not, &turn.gold).with_context(|| dialogue.id.clone())?.1
            };
            grades.figure("turn_accuracy", right);
            whole &= right;
            if !right {
                grades.miss(&dialogue.id, &turn.q, &reply);
            }
        }
        grades.figure("whole_dialogues", whole);
    }
    grades.latencies.sort_unstable();
    Ok(grades)
}

impl Grades {
    fn figure(&mut self, name: &'static str, right: bool) {
        self.figures.entry(name).or_default().add(right);
    }

    fn group(&mut self, name: String, right: bool) {
        self.groups.entry(name).or_default().add(right);
    }

    fn miss(&mut self, id: &str, q: &str, reply: &Reply) {
        let entry = reply.entry.as_deref().unwrap_or("-");
        self.misses.push(format!("{id} [{} {entry} {:.2}] {q} => {}", reply.outcome.word(), reply.confidence, reply.text()));
    }

    fn ask(&mut self, bot: &Bot, conversation: &str, q: &str) -> Reply {
        self.respond(bot, conversation, Request::Ask(q.to_owned()))
    }

    fn respond(&mut self, bot: &Bot, conversation: &str, request: Request) -> Reply {
        let incoming = Incoming { conversation: ConversationId(format!("case {conversation}")), request };
        let start = Instant::now();
        let reply = bot.respond(&incoming);
        self.latencies.push(start.elapsed());
        reply
    }

    /// The figures as a table.
    pub fn table(&self, groups: bool) -> String {
        let mut table = String::new();
        let mut row = |name: &str, share: &Share| {
            let _ = writeln!(table, "{name:<24} {:.3}  {:>4} of {:<4}", share.value(), share.right, share.all);
        };
        self.figures.iter().for_each(|(name, share)| row(name, share));
        if groups {
            self.groups.iter().for_each(|(name, share)| row(name, share));
        }
        let at =
            |share: f64| self.latencies.get(((self.latencies.len() as f64 * share) as usize).min(self.latencies.len().saturating_sub(1)));
        let shown = |d: Option<&Duration>| d.map_or(0, Duration::as_micros);
        let _ = writeln!(table, "latency, microseconds    p50 {}  p90 {}  p99 {}", shown(at(0.5)), shown(at(0.9)), shown(at(0.99)));
        table
    }

    /// The limits that are not kept, each with what was measured.
    ///
    /// # Errors
    ///
    /// A name that is no figure, with the nearest one.
    pub fn below(&self, limits: &[(String, f64)]) -> Result<Vec<String>> {
        let mut below = Vec::new();
        for (name, limit) in limits {
            let Some(share) = self.figures.get(name.as_str()) else {
                let known = self.figures.keys().copied().collect::<Vec<_>>().join(", ");
                anyhow::bail!("there is no figure `{name}`; there are {known}");
            };
            if share.value() < *limit {
                below.push(format!("{name} is {:.3}, below {limit}", share.value()));
            }
        }
        Ok(below)
    }
}

/// Whether the reply answers, has all facts, and cites a right paragraph.
fn judge(reply: &Reply, must: &[String], must_not: &[String], gold: &[String]) -> Result<(bool, bool, bool)> {
    if !matches!(reply.outcome, Outcome::Answered | Outcome::Checked) {
        return Ok((false, false, false));
    }
    let text = reply.text();
    if text.split_whitespace().count() > MAX_WORDS || reply.citations.len() > MAX_CITES {
        return Ok((true, false, false));
    }
    let matches = |pattern: &String| -> Result<bool> {
        let regex = Regex::new(&format!("(?is){pattern}")).with_context(|| format!("the pattern {pattern} cannot be read"))?;
        Ok(regex.is_match(&text)?)
    };
    let mut right = true;
    for pattern in must {
        right &= matches(pattern)?;
    }
    for pattern in must_not {
        right &= !matches(pattern)?;
    }
    Ok((true, right, reply.citations.iter().any(|c| gold.contains(&c.id))))
}

fn read<T: DeserializeOwned>(folder: &Path, name: &str) -> Result<Vec<T>> {
    let path = folder.join(format!("{name}.jsonl"));
    if !path.exists() {
        return Ok(Vec::new());
    }
    let text = std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    (text.lines().enumerate())
        .filter(|(_, line)| !line.trim().is_empty())
        .map(|(number, line)| serde_json::from_str(line).with_context(|| format!("{}:{}", path.display(), number + 1)))
        .collect()
}
