//! How a reply looks on Discord: an embed with the answer and its paragraphs, and rows of buttons or a menu.
//!
//! What the bot says is escaped, so that nothing in it becomes markup or mentions anybody.

use crate::bot::cut::{Count, cut};
use crate::message::{Button, Citation, Finding, Outcome, Reply, Suggestion};
use serenity::builder::{
    CreateActionRow, CreateAllowedMentions, CreateButton, CreateEmbed, CreateEmbedFooter, CreateSelectMenu, CreateSelectMenuKind,
    CreateSelectMenuOption,
};
use serenity::model::application::ButtonStyle;

/// Characters of an embed's description.
const DESCRIPTION: usize = 4_096;
/// Characters of the name of a field.
const FIELD_NAME: usize = 256;
/// Characters of the value of a field.
const FIELD_VALUE: usize = 1_024;
/// Characters of the footer that we use; an embed has 6,000 in all.
const FOOTER: usize = 1_024;
/// Characters of a button's label.
const LABEL: usize = 80;
/// Characters of a menu's option.
const OPTION: usize = 100;
/// Buttons of a row.
const ROW: usize = 5;
/// What the menu of questions is called; what it holds says the rest.
const MENU: &str = "menu";

/// Colours beside an embed.
const SUPPORTED: u32 = 0x002E_7D32;
const CONTRADICTED: u32 = 0x00C6_2828;
const UNDECIDED: u32 = 0x0075_7575;
const PLAIN: u32 = 0x0030_5A8C;

/// Nobody is mentioned, not even the person who is replied to.
pub fn no_mentions() -> CreateAllowedMentions {
    CreateAllowedMentions::new().replied_user(false)
}

/// The answer.
pub fn embed(reply: &Reply) -> CreateEmbed {
    let colour = match (reply.verdict, reply.outcome) {
        (Some("supported"), _) => SUPPORTED,
        (Some("contradicted"), _) => CONTRADICTED,
        (Some(_), _) | (None, Outcome::Declined) => UNDECIDED,
        (None, _) => PLAIN,
    };
    let mut embed = CreateEmbed::new().colour(colour);
    if !reply.paragraphs.is_empty() {
        embed = embed.description(fit(&reply.paragraphs.join("\n\n"), DESCRIPTION));
    }
    for finding in &reply.findings {
        embed = embed.field(fit(&format!("“{}”", finding.sentence), FIELD_NAME), finding_value(finding), false);
    }
    if !reply.citations.is_empty() && reply.findings.is_empty() {
        let lines: Vec<String> = reply.citations.iter().map(Citation::line).collect();
        // A footer shows no markup, so it is not escaped.
        embed = embed.footer(CreateEmbedFooter::new(cut(&unmention(&lines.join("\n")), FOOTER, Count::Characters)));
    }
    embed
}

fn finding_value(finding: &Finding) -> String {
    let lines = finding.citations.iter().map(Citation::line);
    let text: Vec<String> = std::iter::once(finding.text.clone()).chain(lines).collect();
    fit(&text.join("\n"), FIELD_VALUE)
}

/// Buttons and menus under the answer.
pub fn rows(reply: &Reply) -> Vec<CreateActionRow> {
    let mut rows = Vec::new();
    let menu = reply.outcome == Outcome::Answered && reply.suggestions.len() > 1;
    if menu {
        let options = reply.suggestions.iter().map(option).collect();
        let select = CreateSelectMenu::new(MENU, CreateSelectMenuKind::String { options });
        rows.push(CreateActionRow::SelectMenu(select.placeholder(cut(reply.offer, OPTION, Count::Characters))));
    } else {
        let suggested: Vec<CreateButton> = reply.suggestions.iter().map(ask).collect();
        rows.extend(suggested.chunks(ROW).map(|row| CreateActionRow::Buttons(row.to_vec())));
    }
    let buttons: Vec<CreateButton> = reply.buttons.iter().map(button).collect();
    rows.extend(buttons.chunks(ROW).map(|row| CreateActionRow::Buttons(row.to_vec())));
    rows.truncate(ROW);
    rows
}

fn option(suggestion: &Suggestion) -> CreateSelectMenuOption {
    CreateSelectMenuOption::new(cut(&suggestion.question, OPTION, Count::Characters), suggestion.press().encode())
}

fn ask(suggestion: &Suggestion) -> CreateButton {
    let label = cut(&suggestion.question, LABEL, Count::Characters);
    CreateButton::new(suggestion.press().encode()).label(label).style(ButtonStyle::Primary)
}

fn button(button: &Button) -> CreateButton {
    let label = cut(&button.label, LABEL, Count::Characters);
    CreateButton::new(button.press.encode()).label(label).style(ButtonStyle::Secondary)
}

/// A text, escaped and cut so that what is sent is within the limit.
fn fit(text: &str, limit: usize) -> String {
    let mut allowed = limit;
    loop {
        let escaped = escape(&cut(text, allowed, Count::Characters));
        let length = escaped.chars().count();
        if length <= limit || allowed == 0 {
            return escaped;
        }
        allowed = allowed.saturating_sub(length - limit);
    }
}

/// Keeps a text from being read as markup, and from mentioning anybody. A link stays a link.
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + text.len() / 8);
    for (i, line) in text.split('\n').enumerate() {
        if i > 0 {
            escaped.push('\n');
        }
        let number = line.find(|c: char| !c.is_ascii_digit()).filter(|at| *at > 0);
        let counted = number.filter(|at| line[*at..].starts_with(". "));
        for (j, word) in line.split(' ').enumerate() {
            if j > 0 {
                escaped.push(' ');
            }
            if word.starts_with("https://") || word.starts_with("http://") {
                escaped.push_str(&unmention(word));
                continue;
            }
            for (k, c) in word.char_indices() {
                let first = j == 0 && k == 0;
                let marks = matches!(c, '\\' | '*' | '_' | '~' | '`' | '|' | '[' | ']' | '<' | '>');
                let opens = first && matches!(c, '#' | '-' | '+');
                if marks || opens || (j == 0 && counted == Some(k)) {
                    escaped.push('\\');
                }
                escaped.push(c);
                if c == '@' {
                    escaped.push(NOTHING);
                }
            }
        }
    }
    escaped
}

/// A space that does not show; after an `@` it keeps a name from being a mention.
const NOTHING: char = '\u{200B}';

fn unmention(text: &str) -> String {
    text.replace('@', &format!("@{NOTHING}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn escapes_markup_and_mentions() {
        for (text, escaped) in [
            ("*bold* _it_ ~~no~~", "\\*bold\\* \\_it\\_ \\~\\~no\\~\\~"),
            ("# title\n- point\n1. first", "\\# title\n\\- point\n1\\. first"),
            ("a - b, 1.5 and #2", "a - b, 1.5 and #2"),
            ("@everyone <@12> [x](y)", "@\u{200B}everyone \\<@\u{200B}12\\> \\[x\\](y)"),
            ("see https://a.b/c_d_e", "see https://a.b/c_d_e"),
        ] {
            assert_eq!(escape(text), escaped);
        }
    }

    fn suggestion(entry: &str) -> Suggestion {
        Suggestion { entry: entry.into(), question: format!("What is {entry}?") }
    }

    #[test]
    fn an_answer_has_a_menu_and_a_suggestion_has_buttons() {
        let suggestions = vec![suggestion("a"), suggestion("b")];
        let reply = |outcome| Reply { outcome, suggestions: suggestions.clone(), offer: "Ask next", ..Reply::told(vec!["Yes.".into()]) };
        let shown = |outcome| serde_json::to_value(rows(&reply(outcome))).expect("plain data")[0]["components"].clone();
        let menu = &shown(Outcome::Answered)[0];
        assert_eq!((&menu["type"], &menu["placeholder"], &menu["options"][1]["value"]), (&3.into(), &"Ask next".into(), &"a:b".into()));
        let buttons = shown(Outcome::Suggested);
        assert_eq!((&buttons[0]["label"], &buttons[1]["custom_id"]), (&"What is a?".into(), &"a:b".into()));
    }

    #[test]
    fn a_verdict_card_has_a_field_for_each_sentence() {
        let citation = Citation { id: "p1".into(), sign: "¶1".into(), label: "members".into() };
        let finding = Finding {
            sentence: "It has *six* members.".into(),
            verdict: "supported",
            text: "Supported.".into(),
            citations: vec![citation],
        };
        let reply = Reply { outcome: Outcome::Checked, findings: vec![finding], ..Reply::told(Vec::new()) };
        let shown = serde_json::to_value(embed(&reply)).expect("plain data");
        assert_eq!(shown["fields"][0]["name"], "“It has \\*six\\* members.”");
        assert_eq!(shown["fields"][0]["value"], "Supported.\n¶1 · members");
    }

    proptest! {
        #[test]
        fn what_is_sent_is_within_the_limit(text in "(\\PC|\\*|\n|@| ){0,400}", limit in 1usize..300) {
            let fitted = fit(&text, limit);
            prop_assert!(fitted.chars().count() <= limit);
            prop_assert!(!fitted.contains("@everyone") && !fitted.contains("@here"));
        }
    }
}
