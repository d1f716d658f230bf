//! Every sentence that the bot says and that is not in the knowledge file.
//!
//! Short, kind, the answer first. A verdict is what the paper says, never a finding about the world.

use crate::command::{COMMANDS, ParseError};
use crate::qa::knowledge::{Knowledge, Paragraph};
use crate::qa::question::Smalltalk;
use crate::qa::{Check, Verdict};

/// How the text behind the answers is called in a sentence.
fn source(knowledge: &Knowledge) -> &'static str {
    if knowledge.paper.is_some() { "the paper" } else { "the collection" }
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// The paper does not say.
pub fn declined(knowledge: &Knowledge, topic: Option<&str>, nearest: Option<&str>) -> Vec<String> {
    let source = source(knowledge);
    let first = match topic {
        Some(topic) => format!("{} says nothing about {}.", capital(source), topic.trim_end_matches('.')),
        None if nearest.is_some() => format!("{} does not say.", capital(source)),
        None => format!("That is outside {source}, so I have no answer."),
    };
    let second = nearest.map(|answer| format!("Nearest to it: {answer}"));
    std::iter::once(first).chain(second).collect()
}

/// Not sure which question was meant.
pub fn suggested(knowledge: &Knowledge) -> Vec<String> {
    vec![format!("I am not sure what you would like to know about {}. Did you mean one of these?", source(knowledge))]
}

/// A claim's verdict.
pub fn checked(knowledge: &Knowledge, check: &Check, statement: Option<&str>) -> Vec<String> {
    let source = source(knowledge);
    let says = statement.map(|s| s.trim().to_owned());
    let text = match (check.verdict, says) {
        (Verdict::Supported, Some(says)) => format!("Supported. {} says so: {says}", capital(source)),
        (Verdict::Contradicted, Some(says)) => format!("Contradicted. {} says otherwise: {says}", capital(source)),
        (_, Some(says)) if check.near => format!("Not addressed as you put it. What {source} does say: {says}"),
        _ => format!("Not addressed. {} does not speak of this.", capital(source)),
    };
    vec![text]
}

/// A reply to a message that asks nothing.
pub fn smalltalk(knowledge: &Knowledge, talk: Smalltalk) -> Vec<String> {
    let source = source(knowledge);
    let text = match talk {
        Smalltalk::Nothing => format!("Ask me anything about {source}, in a few words or a whole sentence."),
        Smalltalk::Greeting => format!("Hello! Ask me anything about {source}."),
        Smalltalk::Thanks => "You are welcome.".to_owned(),
        Smalltalk::Farewell => "Goodbye!".to_owned(),
        Smalltalk::Acknowledged => "Good. Ask on whenever you like.".to_owned(),
        Smalltalk::HowAreYou => format!("All well, thank you. What would you like to know about {source}?"),
        Smalltalk::Abuse => format!("I may well have missed your point. Try me again with a question about {source}, or type /help."),
        Smalltalk::Abilities => return help(knowledge),
    };
    vec![text]
}

/// Another language.
pub fn foreign(knowledge: &Knowledge) -> Vec<String> {
    vec![format!("I only understand English, sorry. Please ask about {} in English; simple words will do.", source(knowledge))]
}

/// What the bot can do.
pub fn help(knowledge: &Knowledge) -> Vec<String> {
    let about = match &knowledge.paper {
        Some(paper) => {
            format!("I answer questions about one paper, {} by {}, and show the paragraph each answer rests on.", paper.title, paper.author)
        }
        None => format!("I answer questions from a collection of {} curated answers.", knowledge.entries.len()),
    };
    let commands: Vec<String> = COMMANDS.iter().map(|c| format!("{} - {}", c.usage(), c.help)).collect();
    vec![
        about,
        "Just type your question. Every answer was written by a person who read the text; where it does not say, I tell you so.".to_owned(),
        commands.join("\n"),
    ]
}

/// Which paper this is.
pub fn about(knowledge: &Knowledge) -> Vec<String> {
    let Some(paper) = &knowledge.paper else { return help(knowledge) };
    let series = paper.series.as_deref().map(|s| format!(", {s}")).unwrap_or_default();
    let number = paper.number.as_deref().map(|n| format!(" No. {n}")).unwrap_or_default();
    let date = paper.date.as_deref().map(|d| format!(", {}", long_date(d))).unwrap_or_default();
    let posts = if paper.posts.is_empty() { String::new() } else { format!(" ({})", paper.posts.join("; ")) };
    let mut lines = vec![
        format!("{}, by {}{posts}{series}{number}{date}.", paper.title, paper.author),
        paper.argues.clone(),
        format!(
            "I know {} answers, {} checked statements and {} topics that the paper leaves open. Nothing here is generated: curators wrote every sentence.",
            knowledge.entries.len(),
            knowledge.facts.len(),
            knowledge.gaps.len()
        ),
    ];
    lines.extend(paper.url.clone());
    lines
}

/// An ISO date, as exact as it is, in words: `2020-07-13` is "13 July 2020".
pub fn long_date(iso: &str) -> String {
    const MONTHS: [&str; 12] =
        ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];
    let mut parts = iso.split('-');
    let year = parts.next().unwrap_or(iso);
    let month = parts.next().and_then(|m| m.parse::<usize>().ok()).and_then(|m| MONTHS.get(m.wrapping_sub(1)));
    let day = parts.next().and_then(|d| d.parse::<u32>().ok());
    match (month, day) {
        (Some(month), Some(day)) => format!("{day} {month} {year}"),
        (Some(month), None) => format!("{month} {year}"),
        _ => iso.to_owned(),
    }
}

/// A term that the glossary does not have.
pub fn no_term(knowledge: &Knowledge, term: &str) -> Vec<String> {
    vec![format!("{} has no entry for \"{}\" in its glossary.", capital(source(knowledge)), short(term))]
}

/// There is no timeline.
pub fn no_timeline() -> Vec<String> {
    vec!["There are no dated events here.".to_owned()]
}

/// There is no such paragraph.
pub fn no_paragraph(knowledge: &Knowledge, asked: &str) -> Vec<String> {
    let ids: Vec<&str> = knowledge.paragraphs.iter().map(|p| p.id.as_str()).collect();
    let known = if ids.is_empty() { "There are no numbered paragraphs here.".to_owned() } else { format!("There are {}.", ids.join(", ")) };
    vec![format!("There is no paragraph \"{}\". {known}", short(asked))]
}

/// How a paragraph is shown beside an answer.
pub fn sign(paragraph: &Paragraph) -> String {
    paragraph.number.map_or_else(|| capital(&paragraph.id), |n| format!("¶{n}"))
}

/// A line that is no request.
pub fn misread(error: &ParseError) -> Vec<String> {
    vec![match error {
        ParseError::Unknown { name, nearest: Some(nearest) } => format!("There is no /{}. Did you mean /{nearest}?", short(name)),
        ParseError::Unknown { name, nearest: None } => format!("There is no /{}. Type /help to see what there is.", short(name)),
        ParseError::MissingArgument(name) => {
            let usage = COMMANDS.iter().find(|c| c.name == *name).map(|c| c.usage()).unwrap_or_default();
            format!("Something has to follow /{name}: {usage}")
        }
    }]
}

/// What a person typed, cut to a length that can be repeated to them.
fn short(text: &str) -> String {
    let cut: String = text.chars().filter(|c| !c.is_control()).take(60).collect();
    if cut.chars().count() < text.chars().count() { format!("{cut}…") } else { cut }
}
