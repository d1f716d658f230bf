//! Similarity of meaning between a question and the targets, by the table of word-piece vectors.
//!
//! Each target has the embeddings of its ways of asking and a *prototype*, their mean. The similarity is the mean of the
//! cosine with the prototype, which knows what the target is about, and with the nearest way, which knows how it is
//! asked. Vectors are kept as 8-bit whole numbers, 127 being 1; they are computed where the knowledge is indexed, so that
//! entries newer than the table work too.

use super::lexicon::{Lexicon, Mention, Word};
use super::table::Table;
use std::borrow::Cow;

/// The vectors of a knowledge file's targets.
#[derive(Debug, Clone)]
pub struct Meaning {
    table: Table,
    /// Per target: its first way; one more at the end.
    ways: Vec<u32>,
    /// The prototypes, then the ways, `dims` bytes each.
    vectors: Cow<'static, [u8]>,
}

/// Computes the vectors of targets, one after another.
pub struct MeaningBuilder {
    table: Table,
    ways: Vec<u32>,
    prototypes: Vec<u8>,
    vectors: Vec<u8>,
}

impl MeaningBuilder {
    /// Starts without targets.
    pub fn new(table: Table) -> Self {
        Self { table, ways: vec![0], prototypes: Vec::new(), vectors: Vec::new() }
    }

    /// Adds a target with its ways of asking, each given as its words and mentions.
    pub fn add<'a>(&mut self, lexicon: &Lexicon, ways: impl Iterator<Item = (&'a [Word], &'a [Mention])>) {
        let mut mean = vec![0f32; self.table.dims()];
        let mut count = self.ways.last().copied().unwrap_or(0);
        for (words, mentions) in ways {
            let vector = embed(&self.table, lexicon, words, mentions);
            mean.iter_mut().zip(&vector).for_each(|(m, x)| *m += x);
            self.vectors.extend(bytes(&vector));
            count += 1;
        }
        self.ways.push(count);
        let length = mean.iter().map(|x| x * x).sum::<f32>().sqrt().max(1e-9);
        mean.iter_mut().for_each(|x| *x /= length);
        self.prototypes.extend(bytes(&mean));
    }

    /// The numbers of ways of each target and all vectors, as [`Meaning::new`] takes them.
    pub fn parts(self) -> (Table, Vec<u32>, Vec<u8>) {
        (self.table, self.ways, [self.prototypes, self.vectors].concat())
    }
}

impl Meaning {
    /// Puts together what [`MeaningBuilder::parts`] gave; `None` if the sizes do not fit.
    pub fn new(table: Table, ways: Vec<u32>, vectors: Cow<'static, [u8]>) -> Option<Self> {
        let rows = ways.len().checked_sub(1)? + *ways.last()? as usize;
        (ways.is_sorted() && vectors.len() == rows * table.dims()).then_some(Self { table, ways, vectors })
    }

    /// The embedding of a question.
    pub fn embed(&self, lexicon: &Lexicon, words: &[Word], mentions: &[Mention]) -> Vec<i8> {
        bytes(&embed(&self.table, lexicon, words, mentions)).map(|byte| byte as i8).collect()
    }

    /// All vectors, as [`Meaning::new`] takes them.
    pub fn vectors(&self) -> &[u8] {
        &self.vectors
    }

    /// Number of targets.
    pub fn targets(&self) -> usize {
        self.ways.len() - 1
    }

    /// Cosine with a target's prototype.
    pub fn prototype(&self, question: &[i8], target: usize) -> f32 {
        self.cosine(question, target)
    }

    /// Cosine with the nearest of a target's ways of asking.
    pub fn nearest(&self, question: &[i8], target: usize) -> f32 {
        let ways = self.ways[target] as usize..self.ways[target + 1] as usize;
        ways.map(|way| self.cosine(question, self.targets() + way)).fold(0.0, f32::max)
    }

    fn cosine(&self, question: &[i8], row: usize) -> f32 {
        let dims = self.table.dims();
        let row = &self.vectors[row * dims..(row + 1) * dims];
        let dot: i32 = question.iter().zip(row).map(|(a, b)| i32::from(i16::from(*a) * i16::from(*b as i8))).sum();
        dot as f32 / (127.0 * 127.0)
    }
}

fn embed(table: &Table, lexicon: &Lexicon, words: &[Word], mentions: &[Mention]) -> Vec<f32> {
    table.embed(words.iter().map(|word| &*word.text), wholes(lexicon, words, mentions))
}

/// The wholes of a text: words side by side, and the things that it mentions.
pub fn wholes(lexicon: &Lexicon, words: &[Word], mentions: &[Mention]) -> impl Iterator<Item = String> {
    let pairs = words.windows(2).map(|pair| format!("{} {}", pair[0].text, pair[1].text));
    pairs.chain(mentions.iter().map(|mention| format!("@{}", lexicon.thing(mention.thing).name)))
}

fn bytes(vector: &[f32]) -> impl Iterator<Item = u8> {
    vector.iter().map(|x| (x * 127.0).round() as i8 as u8)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::qa::knowledge::Knowledge;
    use crate::qa::lexicon::Lexicon;

    #[test]
    fn the_same_words_are_nearest() {
        let rows: Vec<f32> = (0..3).flat_map(|i| (0..8).map(move |j| if i == j { 2.0 } else { 0.0 })).collect();
        let table = Table::read(Cow::Owned(Table::write(&["who", "when", "left"], &rows, 8, 0))).expect("it is whole");
        let lexicon = Lexicon::new(&Knowledge::default());
        let ways = ["who left", "who", "when left"].map(|text| lexicon.read(text));
        let mut builder = MeaningBuilder::new(table);
        builder.add(&lexicon, ways[..2].iter().map(|words| (words.as_slice(), [].as_slice())));
        builder.add(&lexicon, ways[2..].iter().map(|words| (words.as_slice(), [].as_slice())));
        let (table, ways, vectors) = builder.parts();
        let meaning = Meaning::new(table.clone(), ways.clone(), Cow::Owned(vectors)).expect("the sizes fit");
        let question = meaning.embed(&lexicon, &lexicon.read("when left"), &[]);
        assert!(meaning.nearest(&question, 1) > 0.98);
        assert!(meaning.nearest(&question, 0) < 0.6);
        assert!(meaning.prototype(&question, 1) > meaning.prototype(&question, 0));
        assert!(Meaning::new(table, ways, Cow::Owned(vec![0; 7])).is_none());
    }
}
