//! Sets the menus of commands: one for talks with the bot, one for groups, one for their administrators, each in all
//! languages. Telegram is told only what changed.

use super::api::Api;
use crate::command::{COMMANDS, Command, Who};
use anyhow::Result;
use std::sync::Arc;
use teloxide::types::{BotCommand, BotCommandScope};

/// Languages of the menus besides English, which is shown to everybody else.
const LANGUAGES: [&str; 4] = ["ru", "hy", "az", "tr"];

/// Compares the menus that Telegram has with ours, and replaces those that differ.
pub async fn set(api: Arc<Api>) {
    if let Err(error) = compare_and_replace(&api).await {
        tracing::error!("the menus of commands are not set, so they may be missing until the next start: {error:#}");
    }
}

async fn compare_and_replace(api: &Api) -> Result<()> {
    let mut changed = 0;
    for scope in [BotCommandScope::AllPrivateChats, BotCommandScope::AllGroupChats, BotCommandScope::AllChatAdministrators] {
        for language in std::iter::once(None).chain(LANGUAGES.map(Some)) {
            let wanted = menu(&scope, language);
            if api.menu(&scope, language).await? != wanted {
                api.set_menu(&scope, language, &wanted).await?;
                changed += 1;
            }
        }
    }
    tracing::info!(changed, "the menus of commands are set");
    Ok(())
}

/// The menu of a scope in a language.
fn menu(scope: &BotCommandScope, language: Option<&str>) -> Vec<BotCommand> {
    let managers = *scope == BotCommandScope::AllChatAdministrators;
    let shown = COMMANDS.iter().filter(|c| c.listed && (managers || c.who == Who::Everyone));
    shown.map(|command| BotCommand::new(command.name, help(command, language))).collect()
}

fn help(command: &Command, language: Option<&str>) -> &'static str {
    let translated = command.translations().iter().find(|text| Some(text.language) == language);
    translated.map_or(command.help, |text| text.help)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_for_administrators_and_every_language_has_every_line() {
        let names = |scope| menu(&scope, None).into_iter().map(|c| c.command).collect::<Vec<_>>();
        assert!(!names(BotCommandScope::AllPrivateChats).contains(&"settings".to_owned()));
        assert!(!names(BotCommandScope::AllGroupChats).contains(&"start".to_owned()));
        assert!(names(BotCommandScope::AllChatAdministrators).contains(&"settings".to_owned()));
        let english = menu(&BotCommandScope::AllChatAdministrators, None);
        for language in LANGUAGES {
            let menu = menu(&BotCommandScope::AllChatAdministrators, Some(language));
            assert!(menu.iter().zip(&english).all(|(a, b)| a.command == b.command && a.description != b.description), "{language}");
        }
    }
}
