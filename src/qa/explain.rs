//! Explanations: a tree of values and what they mean, behind every score.

use serde::Serialize;
use std::fmt;

/// A value, what it means, and what it was made of.
#[derive(Debug, Clone, Serialize)]
pub struct Explanation {
    /// The value.
    pub value: f32,
    /// What it means.
    pub description: String,
    /// What it was made of.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub details: Vec<Explanation>,
}

impl Explanation {
    /// A value without details yet.
    pub fn new(value: f32, description: impl Into<String>) -> Self {
        Self { value, description: description.into(), details: Vec::new() }
    }

    /// Adds a detail.
    pub fn add(&mut self, detail: Self) {
        self.details.push(detail);
    }

    fn write(&self, f: &mut fmt::Formatter<'_>, depth: usize) -> fmt::Result {
        writeln!(f, "{:indent$}{:>7.3}  {}", "", self.value, self.description, indent = depth * 2)?;
        self.details.iter().try_for_each(|detail| detail.write(f, depth + 1))
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, 0)
    }
}
