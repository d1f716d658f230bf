//! Telegram's flood limits: a message goes at once while its chat and the bot as a whole are under them, and waits
//! otherwise. A server of one's own may have none.
//!
//! A *freeze* is what Telegram asks for with `retry_after`: nothing goes to that chat until it is over.

use governor::clock::DefaultClock;
use governor::state::{InMemoryState, NotKeyed, keyed::DefaultKeyedStateStore};
use governor::{Quota, RateLimiter};
use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use teloxide::types::ChatId;
use tokio::time::{Instant, sleep_until};

/// Messages a second in one chat.
const CHAT: NonZeroU32 = NonZeroU32::MIN;
/// At most 20 messages in any minute in a group: these at once, and then one in each period.
const GROUP: (NonZeroU32, Duration) = (five(), Duration::from_secs(4));
/// At most 30 messages in any second in all: these at once, and the rest spread.
const ALL: (NonZeroU32, Duration) = (five(), Duration::from_millis(40));
/// Chats that are remembered before those at rest are forgotten.
const CHATS: usize = 4_096;

const fn five() -> NonZeroU32 {
    NonZeroU32::MIN.saturating_add(4)
}

type Keyed = RateLimiter<ChatId, DefaultKeyedStateStore<ChatId>, DefaultClock>;

/// The limits of one bot.
pub struct Limits {
    kept: Option<Kept>,
    frozen: Mutex<HashMap<ChatId, Instant>>,
}

struct Kept {
    chat: Keyed,
    group: Keyed,
    all: RateLimiter<NotKeyed, InMemoryState, DefaultClock>,
}

impl Limits {
    /// Telegram's limits, or none but what the server asks for.
    pub fn new(throttle: bool) -> Self {
        let spread = |(burst, period)| Quota::with_period(period).unwrap_or(Quota::per_second(CHAT)).allow_burst(burst);
        let kept = throttle.then(|| Kept {
            chat: RateLimiter::keyed(Quota::per_second(CHAT)),
            group: RateLimiter::keyed(spread(GROUP)),
            all: RateLimiter::direct(spread(ALL)),
        });
        Self { kept, frozen: Mutex::default() }
    }

    /// Waits until a message may go to a chat.
    pub async fn ready(&self, chat: ChatId) {
        loop {
            while let Some(until) = self.frozen_until(chat) {
                sleep_until(until).await;
            }
            let Some(kept) = &self.kept else { return };
            kept.forget_those_at_rest();
            // Groups and channels have negative numbers.
            if chat.0 < 0 {
                kept.group.until_key_ready(&chat).await;
            }
            kept.chat.until_key_ready(&chat).await;
            kept.all.until_ready().await;
            if self.frozen_until(chat).is_none() {
                return;
            }
        }
    }

    /// Sends nothing to a chat for a while.
    pub fn freeze(&self, chat: ChatId, wait: Duration) {
        let mut frozen = self.frozen();
        let until = Instant::now() + wait;
        let latest = frozen.entry(chat).or_insert(until);
        *latest = until.max(*latest);
    }

    fn frozen_until(&self, chat: ChatId) -> Option<Instant> {
        let now = Instant::now();
        let mut frozen = self.frozen();
        frozen.retain(|_, until| *until > now);
        frozen.get(&chat).copied()
    }

    fn frozen(&self) -> MutexGuard<'_, HashMap<ChatId, Instant>> {
        self.frozen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn forget_those_at_rest(&self) {
        for limiter in [&self.chat, &self.group] {
            if limiter.len() > CHATS {
                limiter.retain_recent();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn takes(limits: &Limits, chat: i64) -> Duration {
        let begun = Instant::now();
        limits.ready(ChatId(chat)).await;
        begun.elapsed()
    }

    #[tokio::test]
    async fn goes_at_once_under_the_limits_and_waits_over_them() {
        let limits = Limits::new(true);
        let short = Duration::from_millis(200);
        assert!(takes(&limits, 1).await < short && takes(&limits, -2).await < short);
        assert!(takes(&limits, 1).await > Duration::from_millis(500), "one message a second in a chat");
        let begun = Instant::now();
        for chat in 10..45 {
            limits.ready(ChatId(chat)).await;
        }
        assert!(begun.elapsed() > Duration::from_millis(1_000), "thirty messages a second in all");
    }

    #[tokio::test(start_paused = true)]
    async fn a_freeze_holds_for_its_chat_alone() {
        let limits = Limits::new(false);
        limits.freeze(ChatId(1), Duration::from_secs(7));
        limits.freeze(ChatId(1), Duration::from_secs(2));
        assert_eq!(takes(&limits, 2).await, Duration::ZERO);
        assert!(takes(&limits, 1).await >= Duration::from_secs(7));
        assert_eq!(takes(&limits, 1).await, Duration::ZERO);
    }
}
