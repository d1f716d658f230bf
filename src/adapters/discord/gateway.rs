//! Keeps the gateway connection: connects, watches that it is alive, and starts over where serenity would not.
//!
//! serenity spawns a task for each event, and on several threads these overtake each other. The connection therefore
//! has a thread and a runtime of its own, where tasks start in the order of events; all they do is hand over. Ending
//! that runtime ends whatever hangs in it, which is how a connection that never answers is given up.

use super::Adapter;
use super::rest::{self, status};
use crate::config::{DiscordConfig, Secret};
use anyhow::{Context as _, Result, anyhow, bail};
use serenity::all::{ActivityData, ClientBuilder, Context, GatewayError, GatewayIntents, RawEventHandler, ShardId, ShardManager};
use serenity::model::event::Event;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;
use tokio::time::{Instant, interval, sleep};
use tokio_util::sync::CancellationToken;

/// Waits between attempts to reach Discord at all: the first, and the longest; each is twice the one before.
const RETRY: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));
/// Wait before a connection is made anew.
const BREATH: Duration = Duration::from_secs(1);
/// Discord lets one shard connect every five seconds.
const BETWEEN_SHARDS: Duration = Duration::from_secs(6);
/// Events that the bot needs; one of these that cannot be read is a loss.
const NEEDED: [&str; 6] = ["READY", "INTERACTION_CREATE", "MESSAGE_CREATE", "MESSAGE_UPDATE", "MESSAGE_DELETE", "MESSAGE_DELETE_BULK"];

/// How a connection ended.
enum End {
    /// The bot was told to stop.
    Stopped,
    /// It gave no sign of life.
    Stale,
}

/// Keeps the connection until the bot is told to stop.
///
/// # Errors
///
/// Discord refuses the token or the intents; the message says what to do.
pub async fn run(adapter: Arc<Adapter>, config: DiscordConfig, token: Secret, stopping: CancellationToken) -> Result<()> {
    let (done, ended) = oneshot::channel();
    let main = Handle::current();
    let keep = move || {
        // The receiver is gone only if the bot is stopped in haste.
        let _ = done.send(keep(&adapter, &config, &token, &stopping, &main));
    };
    std::thread::Builder::new().name("discord gateway".to_owned()).spawn(keep).context("the system gives no thread for Discord")?;
    ended.await.unwrap_or_else(|_| Err(anyhow!("the connection to Discord broke down")))
}

fn keep(adapter: &Arc<Adapter>, config: &DiscordConfig, token: &Secret, stopping: &CancellationToken, main: &Handle) -> Result<()> {
    loop {
        let runtime = Builder::new_current_thread().enable_all().build().context("the system gives no connection for Discord")?;
        let ended = runtime.block_on(connection(adapter, config, token, stopping, main));
        runtime.shutdown_background();
        match ended? {
            End::Stopped => return Ok(()),
            End::Stale => {
                tracing::warn!("Discord gives no sign of life; connecting anew");
                std::thread::sleep(BREATH);
            }
        }
    }
}

/// One connection, until it ends.
async fn connection(
    adapter: &Arc<Adapter>,
    config: &DiscordConfig,
    token: &Secret,
    stopping: &CancellationToken,
    main: &Handle,
) -> Result<End> {
    let gateway = tokio::select! {
        gateway = reach(config, token) => gateway?,
        () = stopping.cancelled() => return Ok(End::Stopped),
    };
    let ear = Ear { adapter: adapter.clone(), main: main.clone(), heard: AtomicU64::new(0), lost: AtomicU64::new(0) };
    let ear = Arc::new(ear);
    let handler = Shared(ear.clone());
    let mut client = ClientBuilder::new_with_http(rest::http(config, token)?, intents(config))
        .raw_event_handler(handler)
        .activity(ActivityData::custom(adapter.bot.presence()))
        .await
        .context("Discord's client cannot be made")?;
    // serenity would fall back to Discord's own gateway where ours does not answer it.
    *client.ws_url.lock().await = gateway.url;
    let shards = config.shards.map_or((0, gateway.shards.saturating_sub(1), gateway.shards.max(1)), |s| (s.first, s.last, s.total));
    let manager = client.shard_manager.clone();
    let patience = Duration::from_secs(config.stale_after_seconds);
    let ended = tokio::select! {
        ended = client.start_shard_range(shards.0..shards.1, shards.2) => match ended {
            Ok(()) => Ok(End::Stale),
            Err(error) => fatal(error),
        },
        () = stale(&manager, &ear, shards.0..=shards.1, patience) => Ok(End::Stale),
        () = stopping.cancelled() => Ok(End::Stopped),
    };
    if matches!(ended, Ok(End::Stopped)) {
        // Saying goodbye takes a moment, or for ever if nobody listens.
        let _ = tokio::time::timeout(Duration::from_millis(300), manager.shutdown_all()).await;
    }
    ended
}

/// Where the gateway is, and how many shards Discord wants; waits until Discord can be reached.
async fn reach(config: &DiscordConfig, token: &Secret) -> Result<serenity::model::gateway::BotGateway> {
    let http = rest::http(config, token)?;
    let mut wait = RETRY.0;
    loop {
        match http.get_bot_gateway().await {
            Ok(gateway) => return Ok(gateway),
            Err(error) if status(&error) == Some(401) => bail!(BAD_TOKEN),
            Err(error) => tracing::warn!("Discord cannot be reached, trying again in {wait:?}: {error}"),
        }
        sleep(wait).await;
        wait = (wait * 2).min(RETRY.1);
    }
}

const BAD_TOKEN: &str = "Discord does not know this token; copy it again from the developer portal (Bot, Reset Token) into DISCORD_TOKEN";
const BAD_INTENTS: &str = "Discord does not grant the intent to read messages; switch Message Content Intent on in the developer portal (Bot), or set message_content = false under [discord]";

/// What a person has to change before the bot can connect, or that serenity gave up.
fn fatal(error: serenity::Error) -> Result<End> {
    match error {
        serenity::Error::Gateway(GatewayError::InvalidAuthentication) => bail!(BAD_TOKEN),
        serenity::Error::Gateway(GatewayError::DisallowedGatewayIntents | GatewayError::InvalidGatewayIntents) => bail!(BAD_INTENTS),
        error => {
            tracing::warn!("the connection to Discord ended: {error}");
            Ok(End::Stale)
        }
    }
}

fn intents(config: &DiscordConfig) -> GatewayIntents {
    let least = GatewayIntents::GUILD_MESSAGES | GatewayIntents::DIRECT_MESSAGES;
    if config.message_content { least | GatewayIntents::MESSAGE_CONTENT } else { least }
}

/// Ends when a shard has given no sign of life for too long. Signs are events, and heartbeats that were acknowledged,
/// each of which has its own latency; serenity's stages stay as they are while a connection hangs.
async fn stale(manager: &ShardManager, ear: &Ear, shards: std::ops::RangeInclusive<u32>, patience: Duration) {
    let begun = Instant::now();
    let first = *shards.start();
    let mut alive: HashMap<u32, (Instant, Option<Duration>)> =
        shards.map(|shard| (shard, (begun + BETWEEN_SHARDS * (shard - first), None))).collect();
    let mut heard = 0;
    let mut looks = interval((patience / 10).max(Duration::from_millis(50)));
    loop {
        looks.tick().await;
        let now = Instant::now();
        let events = ear.heard.swap(0, Ordering::Relaxed);
        heard += events;
        let runners = manager.runners.lock().await;
        let alone = alive.len() == 1;
        for (shard, (at, latency)) in &mut alive {
            let latest = runners.get(&ShardId(*shard)).and_then(|runner| runner.latency);
            // An event does not say which shard it came through.
            if (latest.is_some() && latest != *latency) || (alone && events > 0) {
                (*at, *latency) = (now.max(*at), latest);
            }
            if now.saturating_duration_since(*at) > patience {
                tracing::warn!(shard, heard, "a shard has gone silent");
                return;
            }
        }
    }
}

/// Listens to all events.
struct Ear {
    adapter: Arc<Adapter>,
    main: Handle,
    heard: AtomicU64,
    lost: AtomicU64,
}

struct Shared(Arc<Ear>);

#[serenity::async_trait]
impl RawEventHandler for Shared {
    async fn raw_event(&self, _: Context, event: Event) {
        let ear = &self.0;
        ear.heard.fetch_add(1, Ordering::Relaxed);
        if let Event::Unknown(unknown) = &event {
            if NEEDED.contains(&unknown.kind.as_str()) {
                let lost = ear.lost.fetch_add(1, Ordering::Relaxed) + 1;
                tracing::warn!(kind = unknown.kind, lost, "an event could not be read");
            }
            return;
        }
        // What answers runs on the main runtime, which outlives this connection.
        let _main = ear.main.enter();
        ear.adapter.receive(event);
    }
}
