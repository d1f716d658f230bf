//! Inline mode: whoever types `@bot` and a few words in any chat is shown answers, and posts one by choosing it.

use super::api::Api;
use super::render;
use crate::bot::cut::{Count, cut};
use crate::bot::{Bot, Found};
use crate::message::Citation;
use anyhow::Result;
use teloxide::types::{
    InlineQuery, InlineQueryResult, InlineQueryResultArticle, InputMessageContent, InputMessageContentText, LinkPreviewOptions, ParseMode,
};

/// Answers that are shown while somebody types.
const SHOWN: usize = 10;
/// Characters of a title and of the lines under it that are shown.
const TITLE: usize = 100;
const LINES: usize = 160;

/// Shows answers to what somebody is typing to the bot of this name.
///
/// # Errors
///
/// Telegram did not take them.
pub async fn answer(bot: &Bot, api: &Api, name: &str, query: &InlineQuery) -> Result<()> {
    let results = bot.search(&query.query, SHOWN).into_iter().map(|found| article(found, name)).collect();
    api.answer_inline(&query.id, results).await
}

fn article(found: Found, name: &str) -> InlineQueryResult {
    let Found { id, title, reply } = found;
    let text = InputMessageContentText::new(render::html(Some(&title), &reply, render::MESSAGE))
        .parse_mode(ParseMode::Html)
        .link_preview_options(no_preview());
    let lines: Vec<String> = reply.citations.iter().take(1).map(Citation::line).chain([reply.text()]).collect();
    let keyboard = render::inline_keyboard(&reply, name);
    let title = cut(&title, TITLE, Count::Characters);
    let article = InlineQueryResultArticle::new(id, title, InputMessageContent::Text(text)).description(cut(
        &lines.join("\n"),
        LINES,
        Count::Characters,
    ));
    InlineQueryResult::Article(if keyboard.inline_keyboard.is_empty() { article } else { article.reply_markup(keyboard) })
}

/// Links are not unfolded.
pub fn no_preview() -> LinkPreviewOptions {
    LinkPreviewOptions { is_disabled: true, url: None, prefer_small_media: false, prefer_large_media: false, show_above_text: false }
}
