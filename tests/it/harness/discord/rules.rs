//! Discord's limits, as rules over the bodies that the bot sends. They cover what Discord's published description of its
//! API does not: lengths that bots have, empty messages, double custom ids, names of commands, mentions.

use serde_json::Value;
use std::collections::HashSet;

/// What is wrong with a request.
pub fn broken(method: &str, path: &str, body: &Value) -> Vec<String> {
    let mut faults = Faults(Vec::new());
    if path.ends_with("/commands") && method == "PUT" {
        commands(body, &mut faults);
    } else if path.contains("/callback") {
        callback(body, &mut faults);
    } else if path.contains("/threads") {
        faults.length("name", &body["name"], 1, 100);
    } else if (path.contains("/messages") || path.contains("/webhooks/")) && !body.is_null() {
        message(body, &mut faults);
    }
    faults.0
}

struct Faults(Vec<String>);

impl Faults {
    fn check(&mut self, right: bool, what: impl Into<String>) {
        if !right {
            self.0.push(what.into());
        }
    }

    fn length(&mut self, what: &str, text: &Value, least: usize, most: usize) {
        let length = text.as_str().unwrap_or_default().chars().count();
        self.check((least..=most).contains(&length), format!("{what} has {length} characters, not {least} to {most}"));
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn callback(body: &Value, faults: &mut Faults) {
    match body["type"].as_u64() {
        Some(4 | 7) => {
            faults.check(body["data"].is_object(), "an answer without data");
            message(&body["data"], faults);
        }
        Some(5 | 6) => {}
        Some(8) => {
            let choices = list(&body["data"]["choices"]);
            faults.check(choices.len() <= 25, "more than 25 choices");
            for choice in choices {
                faults.length("a choice's name", &choice["name"], 1, 100);
                faults.length("a choice's value", &choice["value"], 1, 100);
            }
        }
        other => faults.check(false, format!("callback of type {other:?}")),
    }
}

fn message(body: &Value, faults: &mut Faults) {
    let content = body["content"].as_str().unwrap_or_default();
    let embeds = list(&body["embeds"]);
    faults.check(!content.is_empty() || !embeds.is_empty(), "an empty message");
    faults.check(content.chars().count() <= 2_000, "content over 2,000 characters");
    faults.check(embeds.len() <= 10, "more than 10 embeds");
    let parse = &body["allowed_mentions"]["parse"];
    faults.check(parse.as_array().is_some_and(Vec::is_empty), "mentions are allowed");
    faults.check(body["allowed_mentions"]["replied_user"] != true, "the person replied to is mentioned");
    let mut total = 0;
    for embed in embeds {
        total += embed_length(embed, faults);
    }
    faults.check(total <= 6_000, format!("embeds of {total} characters in all"));
    components(list(&body["components"]), faults);
    if let Some(nonce) = body["nonce"].as_str() {
        faults.check(nonce.len() <= 25, "nonce over 25 characters");
    }
}

fn embed_length(embed: &Value, faults: &mut Faults) -> usize {
    let mut texts = vec![("description", &embed["description"], 4_096), ("title", &embed["title"], 256)];
    texts.push(("footer", &embed["footer"]["text"], 2_048));
    let fields = list(&embed["fields"]);
    faults.check(fields.len() <= 25, "more than 25 fields");
    for field in fields {
        faults.length("a field's name", &field["name"], 1, 256);
        faults.length("a field's value", &field["value"], 1, 1_024);
        texts.push(("field", &field["name"], 256));
        texts.push(("field", &field["value"], 1_024));
    }
    let mut total = 0;
    for (what, text, most) in texts {
        let length = text.as_str().unwrap_or_default().chars().count();
        faults.check(length <= most, format!("{what} of {length} characters"));
        for everyone in ["@everyone", "@here", "<@"] {
            let said = text.as_str().unwrap_or_default().replace("\\<", "");
            faults.check(!said.contains(everyone), format!("{everyone} in a {what}"));
        }
        total += length;
    }
    faults.check(total > 0, "an empty embed");
    total
}

fn components(rows: &[Value], faults: &mut Faults) {
    faults.check(rows.len() <= 5, "more than 5 rows");
    let mut ids = HashSet::new();
    for row in rows {
        let parts = list(&row["components"]);
        faults.check(row["type"] == 1 && (1..=5).contains(&parts.len()), "a row without or with too many components");
        for part in parts {
            let id = part["custom_id"].as_str().unwrap_or_default();
            faults.check(!id.is_empty() && id.chars().count() <= 100, format!("custom_id {id:?}"));
            faults.check(ids.insert(id), format!("custom_id {id:?} twice"));
            if part["type"] == 2 {
                faults.length("a label", &part["label"], 1, 80);
            } else {
                faults.check(parts.len() == 1, "a menu shares its row");
                let options = list(&part["options"]);
                faults.check((1..=25).contains(&options.len()), "a menu without or with too many options");
                faults.length("a placeholder", &part["placeholder"], 1, 150);
                let mut values = HashSet::new();
                for option in options {
                    faults.length("an option's label", &option["label"], 1, 100);
                    faults.length("an option's value", &option["value"], 1, 100);
                    faults.check(values.insert(option["value"].to_string()), "an option twice");
                }
            }
        }
    }
}

/// Locales of Discord's menus.
const LOCALES: &[&str] = &[
    "id", "da", "de", "en-GB", "en-US", "es-ES", "es-419", "fr", "hr", "it", "lt", "hu", "nl", "no", "pl", "pt-BR", "ro", "fi", "sv-SE",
    "vi", "tr", "cs", "el", "bg", "ru", "uk", "hi", "th", "zh-CN", "ja", "zh-TW", "ko",
];

fn commands(body: &Value, faults: &mut Faults) {
    let commands = list(body);
    faults.check(commands.iter().filter(|c| c["type"] == 1).count() <= 100, "more than 100 commands");
    faults.check(commands.iter().filter(|c| c["type"] == 3).count() <= 15, "more than 15 commands on messages");
    let mut names = HashSet::new();
    for command in commands {
        let slash = command["type"] == 1;
        faults.check(names.insert(format!("{} {}", command["type"], command["name"])), "a command twice");
        menu_text(command, slash, faults);
        let options = list(&command["options"]);
        faults.check(options.len() <= 25, "more than 25 options");
        let mut optional = false;
        for option in options {
            menu_text(option, true, faults);
            let required = option["required"] == true;
            faults.check(!(required && optional), "a required option after an optional one");
            optional |= !required;
        }
    }
}

fn menu_text(item: &Value, slash: bool, faults: &mut Faults) {
    let names = item["name_localizations"].as_object().into_iter().flatten();
    for (locale, name) in names.chain([(&"en-US".to_owned(), &item["name"])]) {
        faults.check(LOCALES.contains(&locale.as_str()), format!("no locale {locale}"));
        let name = name.as_str().unwrap_or_default();
        let letters = name.chars().all(|c| c == '-' || c == '_' || c == '\'' || c.is_alphanumeric());
        let right = if slash { letters && name == name.to_lowercase() } else { true };
        faults.check(right && (1..=32).contains(&name.chars().count()), format!("name {name:?}"));
    }
    if slash {
        faults.length("a description", &item["description"], 1, 100);
        for (_, text) in item["description_localizations"].as_object().into_iter().flatten() {
            faults.length("a description", text, 1, 100);
        }
    }
}

#[test]
fn the_rules_find_what_they_are_for() {
    use serde_json::json;
    let none = json!({ "parse": [] });
    let good = json!({ "embeds": [{ "description": "x" }], "allowed_mentions": none });
    assert_eq!(broken("POST", "/channels/1/messages", &good), Vec::<String>::new());
    for bad in [
        json!({ "embeds": [], "allowed_mentions": none }),
        json!({ "embeds": [{ "description": "x" }] }),
        json!({ "content": "x".repeat(2_001), "allowed_mentions": none }),
        json!({ "embeds": [{ "description": "x".repeat(4_097) }], "allowed_mentions": none }),
        json!({ "embeds": [{ "description": "@everyone" }], "allowed_mentions": none }),
        json!({ "embeds": [{ "description": "x", "fields": [{ "name": "", "value": "y" }] }], "allowed_mentions": none }),
        json!({ "content": "x", "allowed_mentions": none, "components": [{ "type": 1, "components": [
            { "type": 2, "custom_id": "a", "label": "1" }, { "type": 2, "custom_id": "a", "label": "2" }] }] }),
        json!({ "content": "x", "allowed_mentions": none, "components": [{ "type": 1, "components": [{ "type": 2, "custom_id": "a", "label": "x".repeat(81) }] }] }),
    ] {
        assert!(!broken("POST", "/channels/1/messages", &bad).is_empty(), "{bad}");
    }
    let named = |name: &str| json!([{ "type": 1, "name": name, "description": "x" }]);
    assert!(broken("PUT", "/applications/1/commands", &named("Ask")).len() == 1);
    assert!(broken("PUT", "/applications/1/commands", &named("спросить")).is_empty());
}
