//! Registers the menus: slash commands, and commands on messages. Discord is told only when something changed.

use super::rest::Rest;
use crate::command::translation::{MenuText, translations};
use crate::command::{COMMANDS, Command, MESSAGE_COMMANDS, MessageCommand, PRIVATE, Proposes, Who};
use anyhow::Result;
use serenity::json::{Value, json};
use serenity::model::Permissions;
use std::sync::Arc;

/// Characters of an argument.
const ARGUMENT: u16 = 1_000;
/// Languages of ours that Discord's menus know.
const LOCALES: [&str; 2] = ["ru", "tr"];

/// Kinds of commands, as Discord numbers them.
const SLASH: u8 = 1;
const ON_MESSAGE: u8 = 3;
/// Kinds of options.
const STRING: u8 = 3;
const BOOLEAN: u8 = 5;

/// Compares the commands that Discord has with ours, and replaces them if they differ.
pub async fn register(rest: Arc<Rest>) {
    if let Err(error) = compare_and_replace(&rest).await {
        tracing::error!("the commands are not registered, so menus may be missing until the next start: {error:#}");
    }
}

async fn compare_and_replace(rest: &Rest) -> Result<()> {
    let wanted = all();
    let has = serde_json::to_value(rest.commands().await?)?;
    if canonical(&has) == canonical(&wanted) {
        tracing::info!("the commands are as Discord has them");
        return Ok(());
    }
    rest.set_commands(&wanted).await?;
    tracing::info!("the commands were registered");
    Ok(())
}

/// All commands in Discord's form.
pub fn all() -> Value {
    let slash = COMMANDS.iter().filter(|c| c.listed).map(slash);
    slash.chain(MESSAGE_COMMANDS.iter().map(on_message)).collect()
}

fn slash(command: &Command) -> Value {
    let texts = command.translations();
    let mut options = Vec::new();
    if !command.argument_name().is_empty() {
        options.push(json!({
            "type": STRING,
            "name": command.argument_name(),
            "name_localizations": localized(texts, |t| t.argument),
            "description": command.help,
            "description_localizations": localized(texts, |t| t.help),
            "required": command.needs_argument(),
            "autocomplete": command.proposes != Proposes::Nothing,
            "max_length": ARGUMENT,
        }));
    }
    if command.who == Who::Everyone {
        let texts = translations(PRIVATE.0);
        options.push(json!({
            "type": BOOLEAN,
            "name": PRIVATE.0,
            "name_localizations": localized(texts, |t| t.name),
            "description": PRIVATE.1,
            "description_localizations": localized(texts, |t| t.help),
        }));
    }
    let mut value = json!({
        "type": SLASH,
        "name": command.name,
        "name_localizations": localized(texts, |t| t.name),
        "description": command.help,
        "description_localizations": localized(texts, |t| t.help),
        "options": options,
    });
    reach(&mut value, command.who);
    value
}

fn on_message(command: &MessageCommand) -> Value {
    let mut value = json!({
        "type": ON_MESSAGE,
        "name": command.name,
        "name_localizations": localized(command.translations(), |t| t.name),
    });
    reach(&mut value, Who::Everyone);
    value
}

/// Where a command can be used: for everyone in servers, in talks with the bot and in other private talks, installed in
/// a server or by a person; for managers in servers alone.
fn reach(command: &mut Value, who: Who) {
    match who {
        Who::Everyone => {
            command["integration_types"] = json!([0, 1]);
            command["contexts"] = json!([0, 1, 2]);
        }
        Who::Managers => {
            command["integration_types"] = json!([0]);
            command["contexts"] = json!([0]);
            command["default_member_permissions"] = json!(Permissions::MANAGE_GUILD.bits().to_string());
        }
    }
}

fn localized(texts: &[MenuText], part: fn(&MenuText) -> &'static str) -> Value {
    let known = texts.iter().filter(|t| LOCALES.contains(&t.language) && !part(t).is_empty());
    Value::Object(known.map(|t| (t.language.to_owned(), part(t).into())).collect())
}

/// What counts in a comparison: fields that we set, without what Discord leaves out or adds, in one order.
fn canonical(value: &Value) -> Value {
    const COUNTS: &[&str] = &[
        "type",
        "name",
        "name_localizations",
        "description",
        "description_localizations",
        "required",
        "autocomplete",
        "max_length",
        "options",
        "integration_types",
        "contexts",
        "default_member_permissions",
    ];
    match value {
        Value::Array(items) if items.iter().all(Value::is_object) => {
            let mut items: Vec<Value> = items.iter().map(canonical).collect();
            items.sort_by_key(|item| (item["type"].to_string(), item["name"].to_string()));
            Value::Array(items)
        }
        Value::Object(fields) => {
            let translation = fields.keys().all(|key| LOCALES.contains(&key.as_str()));
            let counts = |key: &str, value: &Value| {
                let empty = value.is_null()
                    || *value == Value::Bool(false)
                    || *value == Value::String(String::new())
                    || value.as_array().is_some_and(Vec::is_empty)
                    || value.as_object().is_some_and(serde_json::Map::is_empty);
                !empty && (translation || COUNTS.contains(&key))
            };
            Value::Object(fields.iter().filter(|(key, value)| counts(key, value)).map(|(key, v)| (key.clone(), canonical(v))).collect())
        }
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comparison_sees_changes_and_nothing_else() {
        let ours = all();
        let mut theirs: Vec<Value> = ours.as_array().cloned().unwrap_or_default();
        theirs.reverse();
        for command in &mut theirs {
            command["id"] = "1".into();
            command["version"] = "2".into();
            command["nsfw"] = false.into();
        }
        assert_eq!(canonical(&ours), canonical(&Value::Array(theirs.clone())));
        theirs[0]["name_localizations"]["ru"] = "other".into();
        assert_ne!(canonical(&ours), canonical(&Value::Array(theirs)));
    }
}
