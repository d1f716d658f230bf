//! An encoder at work: one model in a thread of its own, questions in a bounded queue.
//!
//! Questions that wait together are encoded together, and one that came before is not encoded again. Whoever asks gets
//! the similarities to all targets, or an error at once where the queue is full; waiting is the caller's business.

use super::{Embedding, Encoder};
use crate::qa::meaning::{Vectors, quantized};
use anyhow::{Context, Result, anyhow};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use std::collections::{HashMap, VecDeque};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use tokio::sync::oneshot;

/// Questions that may wait.
const QUEUE: usize = 64;
/// Questions that are encoded together.
const BATCH: usize = 16;
/// Questions whose embeddings are remembered.
const REMEMBERED: usize = 512;
/// Characters of a question that are encoded.
const LONGEST: usize = 2_000;

/// A question that waits, and where its similarities go.
struct Job {
    text: String,
    answer: oneshot::Sender<Result<Vec<f32>>>,
}

/// The door to the thread; it ends when the service is dropped.
pub struct Service {
    jobs: SyncSender<Job>,
}

impl Service {
    /// Starts the thread.
    ///
    /// # Errors
    ///
    /// When the system gives no thread.
    pub fn start(encoder: Box<dyn Encoder>, vectors: Vectors) -> Result<Self> {
        let (jobs, waiting) = sync_channel(QUEUE);
        std::thread::Builder::new()
            .name("encoder".into())
            .spawn(move || serve(&*encoder, &vectors, &waiting))
            .context("the system gives no thread to the encoder")?;
        Ok(Self { jobs })
    }

    /// The similarity of a text to each target.
    pub fn similarities(&self, text: &str) -> BoxFuture<'static, Result<Vec<f32>>> {
        let (answer, similarities) = oneshot::channel();
        let text = text.chars().take(LONGEST).collect();
        if self.jobs.try_send(Job { text, answer }).is_err() {
            return async { Err(anyhow!("too many questions wait for the encoder")) }.boxed();
        }
        async move { similarities.await.context("the encoder has stopped")? }.boxed()
    }
}

fn serve(encoder: &dyn Encoder, vectors: &Vectors, waiting: &Receiver<Job>) {
    let mut known = Known::default();
    while let Ok(first) = waiting.recv() {
        let jobs: Vec<Job> = std::iter::once(first).chain(waiting.try_iter()).take(BATCH).collect();
        // Whoever gave up waiting needs no answer.
        let jobs: Vec<Job> = jobs.into_iter().filter(|job| !job.answer.is_closed()).collect();
        let mut fresh: Vec<&str> = jobs.iter().map(|job| job.text.as_str()).filter(|text| !known.has(text)).collect();
        fresh.sort_unstable();
        fresh.dedup();
        let failed = match encoder.encode(&fresh) {
            Ok(embeddings) => {
                fresh.iter().zip(embeddings).for_each(|(text, embedding)| known.add(text, embedding));
                None
            }
            Err(error) => Some(format!("{error:#}")),
        };
        for job in jobs {
            let similarities = match (known.get(&job.text), &failed) {
                (Some(embedding), _) => Ok(vectors.similarities(&quantized(embedding).collect::<Vec<i8>>())),
                (None, error) => Err(anyhow!("{}", error.as_deref().unwrap_or("the model gave no embedding"))),
            };
            // Nobody may be waiting any more.
            let _ = job.answer.send(similarities);
        }
    }
}

/// Embeddings of the latest questions; the oldest is forgotten first.
#[derive(Default)]
struct Known {
    embeddings: HashMap<String, Embedding>,
    order: VecDeque<String>,
}

impl Known {
    fn has(&self, text: &str) -> bool {
        self.embeddings.contains_key(text)
    }

    fn get(&self, text: &str) -> Option<&Embedding> {
        self.embeddings.get(text)
    }

    fn add(&mut self, text: &str, embedding: Embedding) {
        if self.order.len() >= REMEMBERED
            && let Some(oldest) = self.order.pop_front()
        {
            self.embeddings.remove(&oldest);
        }
        self.order.push_back(text.to_owned());
        self.embeddings.insert(text.to_owned(), embedding);
    }
}

#[cfg(test)]
mod tests {
    use super::super::LetterCounts;
    use super::*;
    use crate::qa::meaning::VectorsBuilder;
    use futures_util::future::join_all;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::{Arc, mpsc};

    fn vectors() -> Vectors {
        let mut builder = VectorsBuilder::new(26);
        for texts in [["who", "how"], ["zebra", "zoo"]] {
            builder.add(LetterCounts.encode(&texts).expect("it counts").into_iter());
        }
        builder.build()
    }

    /// Counts texts and calls, and waits until it may begin.
    struct Slow(Arc<AtomicUsize>, Arc<AtomicUsize>, std::sync::Mutex<mpsc::Receiver<()>>);

    impl Encoder for Slow {
        fn encode(&self, texts: &[&str]) -> Result<Vec<Embedding>> {
            if !texts.is_empty() {
                self.2.lock().expect("one thread").recv().ok();
                self.0.fetch_add(texts.len(), Ordering::SeqCst);
                self.1.fetch_add(1, Ordering::SeqCst);
            }
            LetterCounts.encode(texts)
        }
    }

    #[tokio::test]
    async fn the_nearest_target_is_the_most_similar() {
        let service = Service::start(Box::new(LetterCounts), vectors()).expect("a thread");
        let similar = service.similarities("zoo").await.expect("it encodes");
        assert!(similar[1] > similar[0], "{similar:?}");
    }

    #[tokio::test]
    async fn what_waits_together_is_encoded_together_and_once() {
        let (texts, calls) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let (go, gate) = mpsc::channel();
        let service = Service::start(Box::new(Slow(texts.clone(), calls.clone(), gate.into())), vectors()).expect("a thread");
        let first = service.similarities("first");
        // The first may be under way alone; these wait for it together.
        std::thread::sleep(std::time::Duration::from_millis(50));
        let rest: Vec<_> = ["a", "b", "a", "first"].iter().map(|text| service.similarities(text)).collect();
        (0..3).for_each(|_| go.send(()).expect("it listens"));
        assert!(first.await.is_ok());
        assert!(join_all(rest).await.iter().all(Result::is_ok));
        assert_eq!((texts.load(Ordering::SeqCst), calls.load(Ordering::SeqCst)), (3, 2));
    }

    #[tokio::test]
    async fn a_full_queue_says_so_at_once() {
        let (go, gate) = mpsc::channel();
        let slow = Slow(Arc::default(), Arc::default(), gate.into());
        let service = Service::start(Box::new(slow), vectors()).expect("a thread");
        let all: Vec<_> = (0..QUEUE + BATCH + 2).map(|i| service.similarities(&i.to_string())).collect();
        drop(go);
        let refused = join_all(all).await.into_iter().filter(Result::is_err).count();
        assert!(refused >= 1, "{refused}");
    }
}
