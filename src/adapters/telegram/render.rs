//! How a reply looks on Telegram: HTML with the answer and its paragraphs, and an inline keyboard.
//!
//! What the bot says is escaped, so that nothing in it becomes markup or mentions anybody.

use crate::bot::cut::{Count, cut};
use crate::message::{Button, Citation, Reply, Suggestion};
use std::str::FromStr;
use teloxide::types::{InlineKeyboardButton, InlineKeyboardMarkup};

/// UTF-16 code units of a message.
pub const MESSAGE: usize = 4_096;
/// UTF-16 code units of a note over the chat.
pub const NOTE: usize = 200;
/// Bytes of what a link to the bot carries.
const PARAMETER: usize = 64;
/// Characters of a button's label that phones show.
const LABEL: usize = 64;
/// Characters of the labels of one row of buttons.
const ROW: usize = 36;
/// UTF-16 code units of the source lines.
const SOURCES: usize = 1_000;
/// A space that does not show; after an `@` it keeps a name from being a mention.
const NOTHING: char = '\u{200B}';

/// How a part of a message is marked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mark {
    Plain,
    Bold,
    Italic,
    Quote,
}

impl Mark {
    fn tag(self) -> Option<&'static str> {
        match self {
            Self::Plain => None,
            Self::Bold => Some("b"),
            Self::Italic => Some("i"),
            Self::Quote => Some("blockquote"),
        }
    }
}

/// A reply in HTML, under a title if it has one, of at most so many UTF-16 code units with its markup.
pub fn html(title: Option<&str>, reply: &Reply, limit: usize) -> String {
    let mut allowed = limit;
    loop {
        let shown: Vec<String> = fit(title, reply, allowed).iter().map(|(mark, text)| marked(*mark, text)).collect();
        let html = shown.join("\n\n");
        let length = Count::Utf16.of(&html);
        if length <= limit || allowed == 0 {
            return html;
        }
        allowed = allowed.saturating_sub(length - limit);
    }
}

/// A reply without markup.
pub fn plain(reply: &Reply, limit: usize) -> String {
    fit(None, reply, limit).into_iter().map(|(_, text)| text).collect::<Vec<_>>().join("\n\n")
}

/// The parts of a message, cut so that they are within the limit; the source lines come last and whole.
fn fit(title: Option<&str>, reply: &Reply, limit: usize) -> Vec<(Mark, String)> {
    let mut parts: Vec<(Mark, String)> = title.map(|title| (Mark::Bold, title.to_owned())).into_iter().collect();
    parts.extend(reply.paragraphs.iter().map(|text| (Mark::Plain, text.clone())));
    for finding in &reply.findings {
        parts.push((Mark::Quote, finding.sentence.clone()));
        parts.push((Mark::Plain, finding.text.clone()));
        parts.extend(sources(&finding.citations));
    }
    let last = if reply.findings.is_empty() { sources(&reply.citations) } else { None };
    const APART: usize = 2;
    let mut left = limit.saturating_sub(last.as_ref().map_or(0, |(_, text)| Count::Utf16.of(text) + APART));
    let mut shown = Vec::new();
    for (mark, text) in parts {
        let text = cut(&unmention(&text), left, Count::Utf16);
        if text.is_empty() {
            break;
        }
        left = left.saturating_sub(Count::Utf16.of(&text) + APART);
        shown.push((mark, text));
    }
    shown.extend(last.filter(|(_, text)| Count::Utf16.of(text) <= limit));
    shown
}

fn sources(citations: &[Citation]) -> Option<(Mark, String)> {
    let lines: Vec<String> = citations.iter().map(Citation::line).collect();
    (!lines.is_empty()).then(|| (Mark::Italic, cut(&unmention(&lines.join("\n")), SOURCES, Count::Utf16)))
}

fn marked(mark: Mark, text: &str) -> String {
    let text = escape(text);
    mark.tag().map_or_else(|| text.clone(), |tag| format!("<{tag}>{text}</{tag}>"))
}

/// Keeps a text from being read as HTML.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// Keeps a text from mentioning anybody.
fn unmention(text: &str) -> String {
    text.replace('@', &format!("@{NOTHING}"))
}

/// A line that is shown over the chat, to one person alone.
pub fn note(text: &str) -> String {
    cut(text, NOTE, Count::Utf16)
}

/// The keyboard under a reply in a chat: a row for each suggestion, then the other buttons.
pub fn keyboard(reply: &Reply) -> InlineKeyboardMarkup {
    rows(reply, |s| Some(InlineKeyboardButton::callback(label(&s.question), s.press().encode())))
}

/// The keyboard under a reply that somebody posted in inline mode. The bot cannot write there, so a suggestion is a link
/// to the talk with the bot of this name, which opens with the answer. Buttons that type into the chat would keep the
/// reply from being posted in channels.
pub fn inline_keyboard(reply: &Reply, bot: &str) -> InlineKeyboardMarkup {
    rows(reply, |s| Some(InlineKeyboardButton::url(label(&s.question), link(bot, &s.entry)?)))
}

/// The link that opens a talk with an entry; none if its id does not fit into one.
fn link<Url: FromStr>(bot: &str, entry: &str) -> Option<Url> {
    let fits = (1..=PARAMETER).contains(&entry.len()) && entry.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
    fits.then(|| format!("https://t.me/{bot}?start={entry}").parse().ok()).flatten()
}

fn rows(reply: &Reply, ask: impl Fn(&Suggestion) -> Option<InlineKeyboardButton>) -> InlineKeyboardMarkup {
    let mut rows: Vec<Vec<InlineKeyboardButton>> = reply.suggestions.iter().filter_map(ask).map(|button| vec![button]).collect();
    let mut width = ROW;
    for button in &reply.buttons {
        let own = label(&button.label).chars().count();
        if width + own > ROW {
            rows.push(Vec::new());
            width = 0;
        }
        width += own;
        if let Some(row) = rows.last_mut() {
            row.push(callback(button));
        }
    }
    InlineKeyboardMarkup::new(rows)
}

fn callback(button: &Button) -> InlineKeyboardButton {
    InlineKeyboardButton::callback(label(&button.label), button.press.encode())
}

fn label(text: &str) -> String {
    cut(text, LABEL, Count::Characters)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn cited(text: &str) -> Reply {
        let citation = Citation { id: "p5".into(), sign: "¶5".into(), label: "arms & flights".into() };
        Reply { citations: vec![citation], ..Reply::told(vec![text.to_owned()]) }
    }

    #[test]
    fn the_answer_comes_first_and_nothing_in_it_is_markup() {
        let reply = cited("<b>1 & 2</b> @ann");
        assert_eq!(html(None, &reply, MESSAGE), "&lt;b&gt;1 &amp; 2&lt;/b&gt; @\u{200B}ann\n\n<i>¶5 · arms &amp; flights</i>");
        assert_eq!(html(Some("Who?"), &Reply::told(vec!["Ada.".into()]), MESSAGE), "<b>Who?</b>\n\nAda.");
    }

    #[test]
    fn a_long_answer_is_cut_at_a_sentence_and_keeps_its_source() {
        let reply = cited(&"One more sentence here. ".repeat(400));
        let html = html(None, &reply, MESSAGE);
        assert!(html.ends_with("here.…\n\n<i>¶5 · arms &amp; flights</i>"), "{html}");
        assert!(Count::Utf16.of(&html) > 4_000);
    }

    proptest! {
        #[test]
        fn what_is_sent_is_within_the_limit(text in "(\\PC|<|&|\n|@|😀){0,400}", limit in 1usize..300) {
            prop_assert!(Count::Utf16.of(&html(Some("Title <&>"), &cited(&text), limit)) <= limit);
            prop_assert!(Count::Utf16.of(&plain(&cited(&text), limit)) <= limit);
        }
    }
}
