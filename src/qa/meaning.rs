//! Similarity of meaning between a question and the targets.
//!
//! Each target has the embeddings of its ways of asking and a *prototype*, their mean. The similarity is the mean of the
//! cosine with the prototype, which knows what the target is about, and with the nearest way, which knows how it is
//! asked. [`Vectors`] keeps them as 8-bit whole numbers, 127 being 1; [`Meaning`] makes them with the table of word-piece
//! vectors where the knowledge is indexed, so that entries newer than the table work too. A transformer makes others.

use super::lexicon::{Lexicon, Mention, Word};
use super::table::Table;
use std::borrow::Cow;

/// The vectors of a knowledge file's targets.
#[derive(Debug, Clone)]
pub struct Vectors {
    dims: usize,
    /// Per target: its first way; one more at the end.
    ways: Vec<u32>,
    /// The prototypes, then the ways, `dims` bytes each.
    bytes: Cow<'static, [u8]>,
}

/// Collects the vectors of targets, one after another.
#[derive(Debug, Clone)]
pub struct VectorsBuilder {
    dims: usize,
    ways: Vec<u32>,
    prototypes: Vec<u8>,
    vectors: Vec<u8>,
}

impl VectorsBuilder {
    /// Starts without targets.
    pub fn new(dims: usize) -> Self {
        Self { dims, ways: vec![0], prototypes: Vec::new(), vectors: Vec::new() }
    }

    /// Adds a target with the embeddings of its ways of asking, each of length 1.
    pub fn add(&mut self, ways: impl Iterator<Item = Vec<f32>>) {
        let mut mean = vec![0f32; self.dims];
        let mut count = self.ways.last().copied().unwrap_or(0);
        for vector in ways {
            mean.iter_mut().zip(&vector).for_each(|(m, x)| *m += x);
            self.vectors.extend(quantized(&vector).map(|x| x as u8));
            count += 1;
        }
        self.ways.push(count);
        let length = mean.iter().map(|x| x * x).sum::<f32>().sqrt().max(1e-9);
        mean.iter_mut().for_each(|x| *x /= length);
        self.prototypes.extend(quantized(&mean).map(|x| x as u8));
    }

    /// The vectors of all targets.
    pub fn build(self) -> Vectors {
        Vectors { dims: self.dims, ways: self.ways, bytes: Cow::Owned([self.prototypes, self.vectors].concat()) }
    }
}

impl Vectors {
    /// Puts bytes that [`Vectors::bytes`] gave together again; `None` if the sizes do not fit. `counts` has the number of
    /// ways of each target.
    pub fn new(dims: usize, counts: impl Iterator<Item = usize>, bytes: Cow<'static, [u8]>) -> Option<Self> {
        let mut ways = vec![0u32];
        for count in counts {
            ways.push(ways[ways.len() - 1] + count as u32);
        }
        let rows = ways.len() - 1 + *ways.last()? as usize;
        (bytes.len() == rows * dims).then_some(Self { dims, ways, bytes })
    }

    /// Numbers in a vector.
    pub fn dims(&self) -> usize {
        self.dims
    }

    /// All vectors: the prototypes, then the ways.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Number of targets.
    pub fn targets(&self) -> usize {
        self.ways.len() - 1
    }

    /// Cosine of an embedding with a target's prototype.
    pub fn prototype(&self, question: &[i8], target: usize) -> f32 {
        self.cosine(question, target)
    }

    /// Cosine of an embedding with the nearest of a target's ways of asking.
    pub fn nearest(&self, question: &[i8], target: usize) -> f32 {
        let ways = self.ways[target] as usize..self.ways[target + 1] as usize;
        ways.map(|way| self.cosine(question, self.targets() + way)).fold(0.0, f32::max)
    }

    /// The similarity of an embedding to every target.
    pub fn similarities(&self, question: &[i8]) -> Vec<f32> {
        (0..self.targets()).map(|target| (self.prototype(question, target) + self.nearest(question, target)) / 2.0).collect()
    }

    /// The vector of a target's prototype, or of a way of asking by its number within the target.
    pub fn row(&self, target: usize, way: Option<usize>) -> Vec<i8> {
        let row = way.map_or(target, |way| self.targets() + self.ways[target] as usize + way);
        self.bytes[row * self.dims..(row + 1) * self.dims].iter().map(|byte| *byte as i8).collect()
    }

    fn cosine(&self, question: &[i8], row: usize) -> f32 {
        let row = &self.bytes[row * self.dims..(row + 1) * self.dims];
        let dot: i32 = question.iter().zip(row).map(|(a, b)| i32::from(i16::from(*a) * i16::from(*b as i8))).sum();
        dot as f32 / (127.0 * 127.0)
    }
}

/// A vector of length 1 as 8-bit whole numbers.
pub fn quantized(vector: &[f32]) -> impl Iterator<Item = i8> {
    vector.iter().map(|x| (x * 127.0).round() as i8)
}

/// The table, and the vectors that it makes of a knowledge file's targets.
#[derive(Debug, Clone)]
pub struct Meaning {
    table: Table,
    vectors: Vectors,
}

/// Makes the vectors of targets, one after another.
pub struct MeaningBuilder {
    table: Table,
    vectors: VectorsBuilder,
}

impl MeaningBuilder {
    /// Starts without targets.
    pub fn new(table: Table) -> Self {
        Self { vectors: VectorsBuilder::new(table.dims()), table }
    }

    /// Adds a target with its ways of asking, each given as its words and mentions.
    pub fn add<'a>(&mut self, lexicon: &Lexicon, ways: impl Iterator<Item = (&'a [Word], &'a [Mention])>) {
        let Self { table, vectors } = self;
        vectors.add(ways.map(|(words, mentions)| embed(table, lexicon, words, mentions)));
    }

    /// The finished vectors, with their table.
    pub fn build(self) -> Meaning {
        Meaning { table: self.table, vectors: self.vectors.build() }
    }
}

impl Meaning {
    /// Puts a table and the vectors that were made with it together; `None` if the sizes do not fit.
    pub fn new(table: Table, counts: impl Iterator<Item = usize>, bytes: Cow<'static, [u8]>) -> Option<Self> {
        let vectors = Vectors::new(table.dims(), counts, bytes)?;
        Some(Self { table, vectors })
    }

    /// The embedding of a question.
    pub fn embed(&self, lexicon: &Lexicon, words: &[Word], mentions: &[Mention]) -> Vec<i8> {
        quantized(&embed(&self.table, lexicon, words, mentions)).collect()
    }

    /// The vectors of the targets.
    pub fn vectors(&self) -> &Vectors {
        &self.vectors
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
        let meaning = builder.build();
        let question = meaning.embed(&lexicon, &lexicon.read("when left"), &[]);
        let vectors = meaning.vectors();
        assert!(vectors.nearest(&question, 1) > 0.98);
        assert!(vectors.nearest(&question, 0) < 0.6);
        assert!(vectors.prototype(&question, 1) > vectors.prototype(&question, 0));
        assert!(vectors.similarities(&question)[1] > vectors.similarities(&question)[0]);
        let again = Vectors::new(8, [2, 1].into_iter(), Cow::Owned(vectors.bytes().to_vec())).expect("the sizes fit");
        assert_eq!(again.row(1, Some(0)), question);
        assert!(Vectors::new(8, [2, 2].into_iter(), Cow::Owned(vectors.bytes().to_vec())).is_none());
    }
}
