//! Adapters: they translate between a platform and the bot, and decide nothing about content.

pub mod console;
pub mod discord;
pub mod telegram;
