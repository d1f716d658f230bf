//! Every sentence that the bot says and that is not in the knowledge file.
//!
//! Short, kind, the answer first. A verdict is what the paper says, never a finding about the world.

use crate::command::{COMMANDS, ParseError};
use crate::message::press::{Scope, Setting};
use crate::qa::knowledge::{Knowledge, Paragraph};
use crate::qa::smalltalk::Smalltalk;
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
    let commands: Vec<String> = COMMANDS.iter().filter(|c| c.listed).map(|c| format!("{} - {}", c.usage(), c.help)).collect();
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

/// What the bot is seen to be doing.
pub const PRESENCE: &str = "Answers from one paper: /ask";
/// What stands over the questions that one may ask next.
pub const RELATED: &str = "Ask next";
/// What stands over the questions that may be meant.
pub const MEANT: &str = "Did you mean";
/// What stands over the nearest question that the paper answers.
pub const NEAREST: &str = "Nearest question";
/// The button that shows the paragraphs.
pub const EVIDENCE: &str = "Show evidence";
/// The button of a person who was helped.
pub const HELPFUL: &str = "Helpful";
/// The button of a person who was not.
pub const NOT_HELPFUL: &str = "Not helpful";

/// A message has no sentence that the paper speaks to.
pub fn nothing_to_check(knowledge: &Knowledge) -> Vec<String> {
    vec![format!("Nothing here that {} speaks to.", source(knowledge))]
}

/// The title of a claim that was checked while it was typed.
pub fn check_title(claim: &str) -> String {
    format!("Check: {}", short(claim))
}

/// A paragraph in the curators' words, shown as evidence.
pub fn paragraph(paragraph: &Paragraph) -> String {
    format!("{} · {}. In our words: {}", sign(paragraph), paragraph.label, paragraph.gist)
}

/// The first words to a person.
pub fn start(knowledge: &Knowledge) -> Vec<String> {
    let about = match &knowledge.paper {
        Some(paper) => format!("Hello! I answer questions about {} by {}.", paper.title, paper.author),
        None => format!("Hello! I answer questions from {} curated answers.", knowledge.entries.len()),
    };
    vec![about, "Just ask, or see /help.".to_owned()]
}

/// Too much to do at the moment.
pub fn busy() -> Vec<String> {
    vec!["I am busy just now. Please ask again in a minute.".to_owned()]
}

/// A reply was lost.
pub fn sorry() -> Vec<String> {
    vec!["Sorry, I lost that one. Please ask again.".to_owned()]
}

/// A button speaks of what the knowledge no longer has.
pub fn gone() -> String {
    "This has changed since. Please ask again.".to_owned()
}

/// A person said whether a reply was helpful.
pub fn rated(helpful: bool) -> String {
    if helpful { "Thank you, good to know." } else { "Thank you, noted. Other words may find a better answer." }.to_owned()
}

/// A person had said so before.
pub fn rated_before() -> String {
    "You have rated this one; thank you.".to_owned()
}

/// Only some may change settings.
pub fn managers_only() -> String {
    "Only those who manage this place can change its settings.".to_owned()
}

/// Settings are asked for where there are none.
pub fn settings_elsewhere() -> Vec<String> {
    vec!["There is nothing to set here; /settings is for servers and groups.".to_owned()]
}

/// The settings of a scope, a line for each.
pub fn settings(scope: Scope, lines: Vec<String>) -> Vec<String> {
    let title = match scope {
        Scope::Channel => "How I behave here:",
        Scope::Server => "How I behave in all channels and topics that do not say otherwise:",
    };
    vec![format!("{title}\n{}", lines.join("\n")), "I keep this until I am next restarted.".to_owned()]
}

/// One setting as it is now.
pub fn setting_line(setting: Setting, on: bool) -> String {
    let text = match (setting, on) {
        (Setting::Listen, false) => "I answer when I am mentioned, replied to or given a command.",
        (Setting::Listen, true) => "I answer any question that the paper answers, mentioned or not.",
        (Setting::Private, false) => "Answers to commands are for all to see.",
        (Setting::Private, true) => "Answers to commands are shown only to the one who asks.",
        (Setting::Quiet, false) => "Mentions and replies are answered.",
        (Setting::Quiet, true) => "Quiet: only commands are answered, privately where possible.",
        (Setting::Threads, false) => "Answers stand where the question was asked.",
        (Setting::Threads, true) => "Each question that mentions me gets a thread or topic of its own.",
    };
    format!("• {text}")
}

/// The button that turns a setting on or off.
pub fn setting_button(setting: Setting, on: bool) -> String {
    let text = match (setting, on) {
        (Setting::Listen, false) => "Answer unmentioned too",
        (Setting::Listen, true) => "Answer when mentioned only",
        (Setting::Private, false) => "Private by default",
        (Setting::Private, true) => "Public by default",
        (Setting::Quiet, false) => "Be quiet",
        (Setting::Quiet, true) => "Stop being quiet",
        (Setting::Threads, false) => "A thread or topic for each question",
        (Setting::Threads, true) => "Answer in place",
    };
    text.to_owned()
}

/// The button that shows the settings of another scope.
pub fn scope_button(scope: Scope) -> String {
    match scope {
        Scope::Server => "All channels…",
        Scope::Channel => "This channel…",
    }
    .to_owned()
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
