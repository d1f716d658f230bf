//! Long polling: asks Telegram for updates, one request at a time, each of which waits until something happens.
//!
//! The *offset* is the number of the first update that is wanted; asking for it confirms all before it. A number is asked
//! for only after what came before was handed over, so what a broken connection swallowed comes again.

use super::Adapter;
use super::api::BAD_TOKEN;
use super::refusal::line;
use anyhow::{Result, bail};
use std::sync::Arc;
use std::time::Duration;
use teloxide::{ApiError, RequestError};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

/// Waits after faults: the first, and the longest; each is twice the one before.
const RETRY: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(30));
/// Conflicts in a row after which another program is at work for sure, and no old one that is just being replaced.
const CONFLICTS: u32 = 4;
/// How long the last request may take.
const CONFIRM_WITHIN: Duration = Duration::from_secs(1);

/// Hands updates over until the bot is told to stop; then confirms them.
///
/// # Errors
///
/// Telegram refuses the token, or another program has it; the message says what to do.
pub async fn run(adapter: &Arc<Adapter>, seconds: u64, stopping: &CancellationToken) -> Result<()> {
    let Some(removed) = stopping.run_until_cancelled(adapter.api.remove_webhook()).await else { return Ok(()) };
    removed?;
    let mut offset = 0;
    let (mut wait, mut conflicts) = (RETRY.0, 0);
    while let Some(polled) = stopping.run_until_cancelled(adapter.api.poll(offset, seconds)).await {
        let pause = match polled {
            Ok(updates) => {
                (wait, conflicts) = (RETRY.0, 0);
                for update in updates {
                    // After a quiet week numbers begin anew, lower or higher, so the last one counts and not the highest.
                    offset = update["update_id"].as_i64().map_or(offset, |id| id + 1);
                    adapter.receive(&update);
                }
                continue;
            }
            Err(RequestError::Api(ApiError::InvalidToken)) => bail!(BAD_TOKEN),
            Err(RequestError::RetryAfter(asked)) => asked.duration(),
            Err(error) => {
                if is_conflict(&error) {
                    conflicts += 1;
                    if conflicts == CONFLICTS {
                        bail!(
                            "another program gets this bot's messages ({}); stop it, or give this one a token of its own in TELEGRAM_TOKEN",
                            line(&error)
                        );
                    }
                }
                tracing::warn!("no messages from Telegram, trying again in {wait:?}: {}", line(&error));
                let pause = wait;
                wait = (wait * 2).min(RETRY.1);
                pause
            }
        };
        stopping.run_until_cancelled(sleep(pause)).await;
    }
    if offset != 0 && timeout(CONFIRM_WITHIN, adapter.api.poll(offset, 0)).await.is_err() {
        tracing::warn!("the last messages were not confirmed, so some may be answered again");
    }
    Ok(())
}

/// Whether somebody else polls with this token, or has set a webhook for it.
fn is_conflict(error: &RequestError) -> bool {
    match error {
        RequestError::Api(ApiError::TerminatedByOtherGetUpdates | ApiError::CantGetUpdates) => true,
        RequestError::Api(ApiError::Unknown(text)) => text.starts_with("Conflict"),
        _ => false,
    }
}
