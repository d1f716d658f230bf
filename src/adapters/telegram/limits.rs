//! Telegram's flood limits: a message goes at once while its chat and the bot as a whole are under them, and waits
//! otherwise. A server of one's own may have none.
//!
//! A *window* is a limit over any stretch of time of its length; a bucket that refills would either let too much through
//! in some stretch, or hold messages back that Telegram takes. A *freeze* is what Telegram asks for with `retry_after`:
//! nothing goes to that chat until it is over.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use teloxide::types::ChatId;
use tokio::time::{Instant, sleep_until};

/// Messages, and the length of a window that has at most so many.
type Limit = (usize, Duration);
/// In one chat.
const CHAT: Limit = (1, Duration::from_secs(1));
/// In one group.
const GROUP: Limit = (20, Duration::from_secs(60));
/// In all chats.
const ALL: Limit = (30, Duration::from_secs(1));
/// Chats that are remembered before those at rest are forgotten.
const CHATS: usize = 4_096;

/// The limits of one bot.
pub struct Limits {
    throttle: bool,
    sent: Mutex<Sent>,
}

/// What was sent lately.
#[derive(Default)]
struct Sent {
    chats: HashMap<ChatId, Lately>,
    all: Lately,
}

#[derive(Default)]
struct Lately {
    /// When messages went, the last one last.
    at: VecDeque<Instant>,
    frozen_until: Option<Instant>,
}

impl Limits {
    /// Telegram's limits, or none but what the server asks for.
    pub fn new(throttle: bool) -> Self {
        Self { throttle, sent: Mutex::default() }
    }

    /// Waits until a message may go to a chat, and counts it.
    pub async fn ready(&self, chat: ChatId) {
        while let Some(until) = self.take(chat) {
            sleep_until(until).await;
        }
    }

    /// Sends nothing to a chat for a while.
    pub fn freeze(&self, chat: ChatId, wait: Duration) {
        self.with(|sent| {
            let until = Some(Instant::now() + wait);
            let lately = sent.chats.entry(chat).or_default();
            lately.frozen_until = lately.frozen_until.max(until);
        });
    }

    /// Counts a message that goes now, or says when to ask again.
    fn take(&self, chat: ChatId) -> Option<Instant> {
        self.with(|sent| {
            let now = Instant::now();
            if sent.chats.len() >= CHATS {
                sent.chats.retain(|_, lately| lately.counts(now));
            }
            let here = sent.chats.entry(chat).or_default();
            let frozen = here.frozen_until.filter(|until| *until > now);
            let free = if self.throttle {
                // Groups and channels have negative numbers.
                let group = (chat.0 < 0).then(|| here.free(GROUP, now)).flatten();
                [here.free(CHAT, now), group, sent.all.free(ALL, now)].into_iter().flatten().max()
            } else {
                None
            };
            let wait = frozen.max(free);
            if wait.is_none() && self.throttle {
                here.count(now, GROUP.0);
                sent.all.count(now, ALL.0);
            }
            wait
        })
    }

    fn with<T>(&self, work: impl FnOnce(&mut Sent) -> T) -> T {
        // Nothing that is done under this lock panics half way.
        work(&mut self.sent.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Lately {
    /// When the window has room, if it has none now.
    fn free(&self, (most, length): Limit, now: Instant) -> Option<Instant> {
        let first_that_counts = self.at.len().checked_sub(most).and_then(|at| self.at.get(at))?;
        Some(*first_that_counts + length).filter(|free| *free > now)
    }

    /// Counts a message; no window needs more than so many.
    fn count(&mut self, now: Instant, most: usize) {
        self.at.push_back(now);
        if self.at.len() > most {
            self.at.pop_front();
        }
    }

    /// Whether it still holds anything back.
    fn counts(&self, now: Instant) -> bool {
        self.frozen_until.is_some_and(|until| until > now) || self.at.back().is_some_and(|last| *last + GROUP.1 > now)
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

    #[tokio::test(start_paused = true)]
    async fn goes_at_once_under_the_limits_and_waits_over_them() {
        let limits = Limits::new(true);
        let second = Duration::from_secs(1);
        assert_eq!(takes(&limits, 1).await, Duration::ZERO);
        assert!(takes(&limits, 1).await >= second, "one message a second in a chat");
        for chat in 10..39 {
            assert_eq!(takes(&limits, chat).await, Duration::ZERO, "others do not wait");
        }
        assert!(takes(&limits, 39).await >= second, "thirty messages a second in all");
        for _ in 0..20 {
            assert_eq!(takes(&limits, -1).await, Duration::ZERO);
            tokio::time::advance(second).await;
        }
        let waited = takes(&limits, -1).await;
        assert!(waited >= Duration::from_secs(39) && waited < Duration::from_secs(41), "twenty a minute in a group: {waited:?}");
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

    #[tokio::test(start_paused = true)]
    async fn chats_at_rest_are_forgotten() {
        let limits = Limits::new(true);
        for chat in 0..10_000 {
            limits.ready(ChatId(chat)).await;
        }
        assert!(limits.with(|sent| sent.chats.len()) <= CHATS);
    }
}
