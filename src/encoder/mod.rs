//! Embeddings of texts by a transformer: the trait, and what implements it.
//!
//! An *embedding* is a vector of length 1; the dot product of two is their *cosine*, which is high where texts mean the
//! same. The transformer itself stands behind the Cargo feature `bert`.

#[cfg(feature = "bert")]
pub mod bert;

use anyhow::Result;

/// A text's vector.
pub type Embedding = Vec<f32>;

/// Turns texts into embeddings.
pub trait Encoder: Send {
    /// The embeddings of the texts, in their order, each of length 1.
    ///
    /// # Errors
    ///
    /// When the model fails.
    fn encode(&self, texts: &[&str]) -> Result<Vec<Embedding>>;
}
