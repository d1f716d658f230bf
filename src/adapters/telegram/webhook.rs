//! Webhooks: Telegram delivers updates to an address of ours. Several replicas can stand behind one address.
//!
//! The last part of the path, and the secret that Telegram sends along, are made from the token: nobody else can guess
//! them, and all replicas have the same.

use super::Adapter;
use crate::config::{Secret, TelegramConfig};
use anyhow::{Context, Result};
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::routing::post;
use sha2::{Digest, Sha256};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

/// The header in which Telegram sends the secret.
const SECRET: &str = "x-telegram-bot-api-secret-token";
/// How long deliveries that have begun, and the removal of the webhook, may take when the bot stops.
const END_WITHIN: Duration = Duration::from_millis(500);

struct Hook {
    adapter: Arc<Adapter>,
    path: String,
    secret: String,
}

/// Takes updates until the bot is told to stop.
///
/// # Errors
///
/// The address cannot be listened at, or Telegram refuses it; the message says what to do.
pub async fn run(adapter: &Arc<Adapter>, config: &TelegramConfig, url: &str, token: &Secret, stopping: &CancellationToken) -> Result<()> {
    let hook = Hook { adapter: adapter.clone(), path: derived(token, "path"), secret: derived(token, "secret") };
    let listen = &config.webhook_listen;
    let listener = TcpListener::bind(listen).await.with_context(|| {
        format!("[telegram] webhook_listen = \"{listen}\" cannot be listened at; choose another port, or free this one")
    })?;
    let address = format!("{}/{}", url.trim_end_matches('/'), hook.path);
    let (secret, stop) = (hook.secret.clone(), stopping.clone());
    let routes = Router::new().fallback(post(deliver)).with_state(Arc::new(hook));
    let server = tokio::spawn(axum::serve(listener, routes).with_graceful_shutdown(stop.cancelled_owned()).into_future());
    if let Some(set) = stopping.run_until_cancelled(adapter.api.set_webhook(&address, &secret, config.webhook_connections)).await {
        set?;
        tracing::info!("Telegram delivers to {url}");
        stopping.cancelled().await;
        if config.webhook_remove_on_stop && !matches!(timeout(END_WITHIN, adapter.api.remove_webhook()).await, Ok(Ok(()))) {
            tracing::warn!("the webhook was not removed");
        }
    }
    let abort = server.abort_handle();
    if timeout(END_WITHIN, server).await.is_err() {
        abort.abort();
    }
    Ok(())
}

async fn deliver(State(hook): State<Arc<Hook>>, uri: Uri, headers: HeaderMap, body: Bytes) -> StatusCode {
    // A reverse proxy may have taken the path before the last part away.
    if uri.path().rsplit('/').next() != Some(hook.path.as_str()) {
        return StatusCode::NOT_FOUND;
    }
    if headers.get(SECRET).and_then(|secret| secret.to_str().ok()) != Some(hook.secret.as_str()) {
        tracing::warn!("a delivery without Telegram's secret was refused");
        return StatusCode::UNAUTHORIZED;
    }
    let Ok(update) = serde_json::from_slice(&body) else { return StatusCode::BAD_REQUEST };
    hook.adapter.receive(&update);
    StatusCode::OK
}

/// A text that nobody can guess without the token, nor the token from it.
fn derived(token: &Secret, purpose: &str) -> String {
    Sha256::digest(format!("{purpose} of the webhook of {}", token.expose())).iter().map(|byte| format!("{byte:02x}")).collect()
}
