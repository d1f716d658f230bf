//! A bounded dispatcher: jobs of one *lane* run in order, lanes run side by side, and nothing grows without bound.
//!
//! A *job* answers one event. What is too much is *shed*: it is not done, and the person is told once in a while. A job
//! that fails or panics costs its own reply: the fault is logged once, and its apology runs.

use crate::message::AuthorId;
use anyhow::Result;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use std::any::Any;
use std::collections::{HashMap, VecDeque};
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;
use tokio::sync::{Notify, Semaphore};
use tokio::time::{Instant, timeout};

/// How much is too much.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Jobs that run at a time.
    pub running: usize,
    /// Jobs that wait in one lane.
    pub lane: usize,
    /// Jobs that wait or run in all.
    pub all: usize,
    /// How long a job may take.
    pub job: Duration,
    /// How long a person who was told that the bot is busy is not told again.
    pub told: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { running: 64, lane: 32, all: 4_096, job: Duration::from_secs(30), told: Duration::from_secs(60) }
    }
}

/// People who are remembered as having been told; beyond that, shedding is silent.
const TOLD: usize = 1_024;
/// How long an apology may take.
const APOLOGY: Duration = Duration::from_secs(5);

/// A job was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shed {
    /// Whether to tell the person that the bot is busy.
    pub tell: bool,
}

/// The dispatcher. A clone is the same dispatcher.
#[derive(Clone)]
pub struct Queue {
    limits: Limits,
    running: Arc<Semaphore>,
    state: Arc<Mutex<State>>,
    idle: Arc<Notify>,
}

#[derive(Default)]
struct State {
    /// Waiting jobs of each lane that has a worker.
    lanes: HashMap<String, VecDeque<Job>>,
    /// Jobs that wait or run.
    all: usize,
    closed: bool,
    told: HashMap<AuthorId, Instant>,
}

struct Job {
    work: BoxFuture<'static, Result<()>>,
    apology: BoxFuture<'static, ()>,
}

impl Queue {
    /// A dispatcher with these limits.
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            running: Arc::new(Semaphore::new(limits.running)),
            state: Arc::new(Mutex::new(State::default())),
            idle: Arc::new(Notify::new()),
        }
    }

    /// Adds a job to the end of a lane. The apology runs if the job fails, panics, or takes too long.
    ///
    /// # Errors
    ///
    /// There is too much to do, or the queue is closed.
    pub fn push(
        &self,
        lane: &str,
        author: &AuthorId,
        work: impl Future<Output = Result<()>> + Send + 'static,
        apology: impl Future<Output = ()> + Send + 'static,
    ) -> Result<(), Shed> {
        let mut state = self.state();
        if state.closed {
            return Err(Shed { tell: false });
        }
        if state.all >= self.limits.all || state.lanes.get(lane).is_some_and(|jobs| jobs.len() >= self.limits.lane) {
            return Err(Shed { tell: state.tell(author, self.limits.told) });
        }
        state.all += 1;
        let job = Job { work: work.boxed(), apology: apology.boxed() };
        if let Some(jobs) = state.lanes.get_mut(lane) {
            jobs.push_back(job);
            return Ok(());
        }
        state.lanes.insert(lane.to_owned(), VecDeque::from([job]));
        drop(state);
        tokio::spawn(self.clone().work(lane.to_owned()));
        Ok(())
    }

    /// Takes no more jobs, and waits until those taken are done, but not longer than this; how many are left, which the
    /// log tells too.
    pub async fn drain(&self, within: Duration) -> usize {
        self.state().closed = true;
        let done = async {
            loop {
                let idle = self.idle.notified();
                if self.state().all == 0 {
                    break;
                }
                idle.await;
            }
        };
        // What is left after the time is counted, not waited for.
        let _ = timeout(within, done).await;
        let left = self.state().all;
        if left > 0 {
            tracing::warn!(left, "stopped before all replies were sent");
        }
        left
    }

    /// Runs the jobs of a lane until there are none.
    async fn work(self, lane: String) {
        loop {
            let job = {
                let mut state = self.state();
                let next = state.lanes.get_mut(&lane).and_then(VecDeque::pop_front);
                if next.is_none() {
                    state.lanes.remove(&lane);
                }
                next
            };
            let Some(job) = job else { break };
            // The semaphore is never closed.
            let permit = self.running.acquire().await;
            run(job, self.limits.job).await;
            drop(permit);
            self.state().all -= 1;
            self.idle.notify_waiters();
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing that is done under this lock panics half way.
        self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

impl State {
    fn tell(&mut self, author: &AuthorId, again: Duration) -> bool {
        let now = Instant::now();
        self.told.retain(|_, at| now.duration_since(*at) < again);
        if self.told.len() >= TOLD || self.told.contains_key(author) {
            return false;
        }
        self.told.insert(author.clone(), now);
        true
    }
}

async fn run(job: Job, longest: Duration) {
    match timeout(longest, AssertUnwindSafe(job.work).catch_unwind()).await {
        Ok(Ok(Ok(()))) => return,
        Ok(Ok(Err(error))) => tracing::error!("a reply is lost: {error:#}"),
        Ok(Err(panic)) => tracing::error!("a reply is lost: its handler panicked: {}", said(&*panic)),
        Err(_) => tracing::error!("a reply is lost: its handler took longer than {longest:?}"),
    }
    let apology = AssertUnwindSafe(timeout(APOLOGY, job.apology)).catch_unwind().await;
    if !matches!(apology, Ok(Ok(()))) {
        tracing::warn!("the apology could not be said");
    }
}

/// What a panic said.
fn said(panic: &(dyn Any + Send)) -> &str {
    panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("without a word")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use tokio::sync::mpsc;
    use tokio::time::sleep;

    fn me() -> AuthorId {
        AuthorId("me".into())
    }

    #[tokio::test(start_paused = true)]
    async fn a_lane_keeps_its_order_and_others_do_not_wait() {
        let queue = Queue::new(Limits::default());
        let (tx, mut rx) = mpsc::unbounded_channel();
        for (lane, n, takes) in [("a", 1, 500), ("a", 2, 1), ("b", 3, 100), ("a", 4, 0)] {
            let tx = tx.clone();
            let work = async move {
                sleep(Duration::from_millis(takes)).await;
                tx.send(n)?;
                Ok(())
            };
            queue.push(lane, &me(), work, async {}).expect("taken");
        }
        drop(tx);
        let mut order = Vec::new();
        while let Some(n) = rx.recv().await {
            order.push(n);
        }
        assert_eq!(order, [3, 1, 2, 4]);
    }

    #[tokio::test(start_paused = true)]
    async fn sheds_and_tells_each_person_once() {
        let limits = Limits { lane: 2, ..Limits::default() };
        let queue = Queue::new(limits);
        let slow = || async {
            sleep(Duration::from_secs(20)).await;
            Ok(())
        };
        for _ in 0..2 {
            queue.push("a", &me(), slow(), async {}).expect("taken");
        }
        // Nothing has run yet, so both wait.
        assert_eq!(queue.push("a", &me(), slow(), async {}), Err(Shed { tell: true }));
        assert_eq!(queue.push("a", &me(), slow(), async {}), Err(Shed { tell: false }));
        assert_eq!(queue.push("a", &AuthorId("you".into()), slow(), async {}), Err(Shed { tell: true }));
        queue.push("b", &me(), slow(), async {}).expect("another lane has room");
        sleep(Duration::from_secs(61)).await;
        assert_eq!(queue.state().all, 0);
        assert!(queue.state().lanes.is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn a_failing_job_costs_one_reply_and_apologises() {
        let queue = Queue::new(Limits::default());
        let sorry = Arc::new(AtomicUsize::new(0));
        let done = Arc::new(AtomicUsize::new(0));
        let faults: [BoxFuture<'static, Result<()>>; 3] = [
            async { anyhow::bail!("no") }.boxed(),
            async { panic!("a panic that belongs to the test") }.boxed(),
            std::future::pending().boxed(),
        ];
        for work in faults {
            let sorry = sorry.clone();
            let apology = async move {
                sorry.fetch_add(1, Ordering::SeqCst);
            };
            queue.push("a", &me(), work, apology).expect("taken");
        }
        let counted = done.clone();
        let last = async move {
            counted.fetch_add(1, Ordering::SeqCst);
            Ok(())
        };
        queue.push("a", &me(), last, async { panic!("an apology that panics never runs here") }).expect("taken");
        assert_eq!(queue.drain(Duration::from_secs(60)).await, 0);
        assert_eq!((sorry.load(Ordering::SeqCst), done.load(Ordering::SeqCst)), (3, 1));
    }

    #[tokio::test(start_paused = true)]
    async fn draining_waits_for_what_was_taken_but_not_for_ever() {
        let queue = Queue::new(Limits::default());
        queue.push("a", &me(), async { Ok(()) }, async {}).expect("taken");
        queue.push("b", &me(), std::future::pending(), async {}).expect("taken");
        let start = Instant::now();
        assert_eq!(queue.drain(Duration::from_secs(5)).await, 1);
        assert_eq!(start.elapsed(), Duration::from_secs(5));
        assert_eq!(queue.push("a", &me(), async { Ok(()) }, async {}), Err(Shed { tell: false }));
    }
}
