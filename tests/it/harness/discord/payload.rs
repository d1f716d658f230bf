//! What Discord sends: users, messages, interactions. Fields as in Discord's documentation; serenity drops an event
//! without a word if one that it needs is missing.

use serde_json::{Value, json};
use std::sync::atomic::{AtomicU64, Ordering};

/// The application, which is also the bot's user.
pub const APPLICATION: u64 = 4_242_000_000_000_000_001;
/// Permission to manage a server.
const MANAGE_GUILD: u64 = 1 << 5;

/// A number that no other object of this run has; ordered in time, as Discord's are.
pub fn snowflake() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1_300_000_000_000_000_000);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// The bot's user.
pub fn me() -> Value {
    json!({ "id": APPLICATION.to_string(), "username": "footnote", "discriminator": "0", "global_name": null, "avatar": null, "bot": true, "public_flags": 0, "flags": 0, "primary_guild": null })
}

/// A person; the same name is the same person.
pub fn user(name: &str) -> Value {
    let id = name.bytes().fold(1_100_000_000_000_000_000_u64, |id, byte| id.wrapping_mul(31).wrapping_add(u64::from(byte)) >> 1);
    json!({ "id": (id | 1).to_string(), "username": name, "discriminator": "0", "global_name": name, "avatar": null, "public_flags": 0, "flags": 0, "primary_guild": null })
}

/// A person in a server.
fn member(name: &str, manager: bool) -> Value {
    let permissions = if manager { MANAGE_GUILD } else { 0 };
    json!({
        "user": user(name), "roles": [], "joined_at": "2024-01-01T00:00:00+00:00", "deaf": false, "mute": false, "flags": 0,
        "permissions": permissions.to_string(), "nick": null, "avatar": null, "premium_since": null, "pending": false,
        "communication_disabled_until": null, "banner": null,
    })
}

/// A message.
pub fn message(id: u64, channel: u64, author: &Value, content: &str) -> Value {
    json!({
        "id": id.to_string(), "channel_id": channel.to_string(), "author": author, "content": content,
        "timestamp": "2026-01-01T00:00:00.000000+00:00", "edited_timestamp": null, "tts": false, "mention_everyone": false,
        "mentions": [], "mention_roles": [], "attachments": [], "embeds": [], "pinned": false, "type": 0, "flags": 0, "components": [],
    })
}

/// Where an interaction takes place.
#[derive(Debug, Clone, Copy)]
pub struct Where {
    /// The server, if it is in one.
    pub guild: Option<u64>,
    /// The channel.
    pub channel: u64,
    /// The channel of the thread, if it is one.
    pub parent: Option<u64>,
    /// 0 in a server, 1 with the bot alone, 2 in another private channel.
    pub context: u8,
}

/// An interaction of a kind, with its data.
pub fn interaction(id: u64, kind: u8, place: Where, who: &str, manager: bool, data: &Value) -> Value {
    let channel_type = match (place.context, place.parent) {
        (0, None) => 0,
        (0, Some(_)) => 11,
        (1, _) => 1,
        _ => 3,
    };
    let mut channel = json!({ "id": place.channel.to_string(), "type": channel_type, "name": "general", "permissions": "0" });
    if let Some(parent) = place.parent {
        channel["parent_id"] = parent.to_string().into();
        channel["thread_metadata"] = json!({ "archived": false, "auto_archive_duration": 1440, "locked": false });
    }
    let owner = place.guild.map_or_else(|| json!({ "1": user(who)["id"] }), |guild| json!({ "0": guild.to_string() }));
    let mut value = json!({
        "id": id.to_string(), "application_id": APPLICATION.to_string(), "type": kind, "data": data, "channel": channel,
        "channel_id": place.channel.to_string(), "token": format!("token-{id}"), "version": 1, "app_permissions": "0",
        "locale": "ru", "guild_locale": "en-US", "entitlements": [], "authorizing_integration_owners": owner,
        "context": place.context, "attachment_size_limit": 524_288,
    });
    match place.guild {
        Some(guild) => {
            value["guild_id"] = guild.to_string().into();
            value["member"] = member(who, manager);
        }
        None => value["user"] = user(who),
    }
    value
}
