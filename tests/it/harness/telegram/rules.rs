//! What Telegram accepts, as far as its description does not say it in types: limits, markup, one action for a button.

use serde_json::Value;

/// UTF-16 code units of a text.
pub fn length(text: &str) -> usize {
    text.encode_utf16().count()
}

/// What a person sees of an HTML text, and what of it stands in italics; or Telegram's complaint.
pub fn read_html(html: &str) -> Result<(String, Vec<String>), String> {
    const TAGS: [&str; 8] = ["b", "i", "u", "s", "code", "pre", "blockquote", "a"];
    let (mut plain, mut italics, mut open) = (String::new(), Vec::new(), Vec::<&str>::new());
    let mut rest = html;
    while let Some(c) = rest.chars().next() {
        match c {
            '<' => {
                let end = rest.find('>').ok_or("can't parse entities: Unclosed start tag")?;
                let tag = &rest[1..end];
                match tag.strip_prefix('/') {
                    Some(closed) if open.last() == Some(&closed) => {
                        open.pop();
                    }
                    Some(closed) => return Err(format!("can't parse entities: Unexpected end tag </{closed}>")),
                    None if TAGS.contains(&tag) => {
                        if tag == "i" {
                            italics.push(String::new());
                        }
                        open.push(tag);
                    }
                    None => return Err(format!("can't parse entities: Unsupported start tag \"{tag}\"")),
                }
                rest = &rest[end + 1..];
            }
            '>' => return Err("can't parse entities: > stands alone".to_owned()),
            _ => {
                let entities = [("&lt;", '<'), ("&gt;", '>'), ("&amp;", '&'), ("&quot;", '"')];
                let (seen, taken) = match entities.iter().find(|(entity, _)| rest.starts_with(entity)) {
                    Some((entity, c)) => (*c, entity.len()),
                    None if c == '&' => return Err("can't parse entities: & stands alone".to_owned()),
                    None => (c, c.len_utf8()),
                };
                match italics.last_mut().filter(|_| open.contains(&"i")) {
                    Some(italic) => italic.push(seen),
                    None => plain.push(seen),
                }
                rest = &rest[taken..];
            }
        }
    }
    if open.is_empty() { Ok((plain, italics)) } else { Err(format!("can't parse entities: Can't find end tag of {open:?}")) }
}

/// What is wrong with a request.
pub fn broken(method: &str, body: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    let fields: &[&str] = match method {
        "getMe" | "getWebhookInfo" => &[],
        "getUpdates" => &["offset", "limit", "timeout", "allowed_updates"],
        "sendMessage" => {
            &["chat_id", "text", "message_thread_id", "parse_mode", "link_preview_options", "reply_parameters", "reply_markup"]
        }
        "editMessageText" => &["chat_id", "message_id", "text", "parse_mode", "link_preview_options", "reply_markup"],
        "deleteMessage" => &["chat_id", "message_id"],
        "answerCallbackQuery" => &["callback_query_id", "text", "show_alert"],
        "answerInlineQuery" => &["inline_query_id", "results", "cache_time", "is_personal"],
        "getChatMember" => &["chat_id", "user_id"],
        "sendChatAction" => &["chat_id", "action", "message_thread_id"],
        "createForumTopic" => &["chat_id", "name"],
        "getMyCommands" => &["scope", "language_code"],
        "setMyCommands" => &["commands", "scope", "language_code"],
        "setWebhook" => &["url", "secret_token", "max_connections", "allowed_updates"],
        "deleteWebhook" => &["drop_pending_updates"],
        _ => return vec![format!("{method} is unknown")],
    };
    let object = body.as_object().cloned().unwrap_or_default();
    wrong.extend(object.keys().filter(|key| !fields.contains(&key.as_str())).map(|key| format!("{key} is unknown")));
    if method == "sendMessage" || method == "editMessageText" {
        message(body, "text", &mut wrong);
    }
    if method == "sendMessage" && !body["reply_parameters"].is_null() && body["reply_parameters"]["allow_sending_without_reply"] != true {
        wrong.push("a reply is lost if its question is gone".to_owned());
    }
    if method == "answerCallbackQuery" && body["text"].as_str().is_some_and(|text| length(text) > 200) {
        wrong.push("a note is longer than 200".to_owned());
    }
    for (i, result) in body["results"].as_array().into_iter().flatten().enumerate() {
        let id = result["id"].as_str().unwrap_or_default();
        if !(1..=64).contains(&id.len()) || result["type"] != "article" || result["title"].as_str().is_none_or(str::is_empty) {
            wrong.push(format!("result {i}: {result}"));
        }
        if body["results"].as_array().into_iter().flatten().filter(|other| other["id"] == id).count() > 1 {
            wrong.push(format!("result {i}: its id is not its own"));
        }
        message(&result["input_message_content"], "message_text", &mut wrong);
        buttons(&result["reply_markup"], &mut wrong);
    }
    if body["results"].as_array().is_some_and(|results| results.len() > 50) {
        wrong.push("more than 50 results".to_owned());
    }
    for command in body["commands"].as_array().into_iter().flatten() {
        let name = command["command"].as_str().unwrap_or_default();
        let named = (1..=32).contains(&name.len()) && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
        if !named || !(1..=256).contains(&command["description"].as_str().unwrap_or_default().chars().count()) {
            wrong.push(format!("command {command}"));
        }
    }
    buttons(&body["reply_markup"], &mut wrong);
    wrong
}

fn message(body: &Value, field: &str, wrong: &mut Vec<String>) {
    let text = body[field].as_str().unwrap_or_default();
    let plain = if body["parse_mode"] == "HTML" {
        match read_html(text) {
            Ok((plain, italics)) => plain + &italics.concat(),
            Err(fault) => return wrong.push(fault),
        }
    } else {
        text.to_owned()
    };
    if plain.trim().is_empty() || length(&plain) > 4_096 {
        wrong.push(format!("{field} has {} characters", length(&plain)));
    }
    if plain.match_indices('@').any(|(at, _)| plain[at + 1..].starts_with(|c: char| c.is_ascii_alphanumeric())) {
        wrong.push(format!("{field} mentions somebody: {plain}"));
    }
    if body["link_preview_options"]["is_disabled"] != true {
        wrong.push("links are unfolded".to_owned());
    }
}

fn buttons(markup: &Value, wrong: &mut Vec<String>) {
    let rows = markup["inline_keyboard"].as_array().into_iter().flatten();
    for button in rows.flat_map(|row| row.as_array().into_iter().flatten()) {
        let actions = button.as_object().map_or(0, |fields| fields.keys().filter(|key| *key != "text").count());
        let data = button["callback_data"].as_str();
        let link = button["url"].as_str();
        let sound = data.is_some_and(|data| (1..=64).contains(&data.len())) || link.is_some_and(|link| link.starts_with("https://"));
        if actions != 1 || !sound || button["text"].as_str().is_none_or(str::is_empty) {
            wrong.push(format!("button {button}"));
        }
    }
}
