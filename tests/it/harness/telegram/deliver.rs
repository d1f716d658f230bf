//! Webhooks of the fake: it delivers updates to the address that the bot sets, in order, and again until they are taken.

use super::State;
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;

/// A webhook that was set.
#[derive(Debug, Clone)]
pub struct Webhook {
    /// Where to.
    pub url: String,
    /// The secret that goes along.
    pub secret: String,
}

impl Webhook {
    /// The webhook that a request sets.
    pub fn of(body: &Value) -> Self {
        let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
        Self { url: text("url"), secret: text("secret_token") }
    }
}

/// Delivers an update; the status of the answer, 0 if there was none.
pub async fn post(url: &str, secret: &str, update: &Value) -> u16 {
    let request = reqwest::Client::new().post(url).header("X-Telegram-Bot-Api-Secret-Token", secret);
    let sent = request.header("content-type", "application/json").body(update.to_string()).send().await;
    sent.map_or(0, |answer| answer.status().as_u16())
}

/// Delivers all updates while a webhook is set.
pub async fn deliver(state: Arc<State>) {
    loop {
        let news = state.news.notified();
        let webhook = state.webhook.lock().expect("not poisoned").clone();
        let next = webhook.and_then(|webhook| Some((webhook, state.updates.lock().expect("not poisoned").pop_front()?)));
        let Some((webhook, update)) = next else {
            // News may have come before this waits, so it looks again after a while.
            let _ = tokio::time::timeout(Duration::from_millis(100), news).await;
            continue;
        };
        if post(&webhook.url, &webhook.secret, &update).await != 200 {
            state.updates.lock().expect("not poisoned").push_front(update);
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}
