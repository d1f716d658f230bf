//! Similarity of meaning between a text and what the knowledge has.
//!
//! A *class* is a target or one side of the statements that claims are judged by, in the order of [`Knowledge::ways`] and
//! then [`Knowledge::statements`]. Each has a *prototype*, the mean of its texts' embeddings; a target also keeps those of
//! the ways of asking that differ most. A target's similarity is the mean of the cosine with the prototype, which knows what it is about,
//! and with the nearest way, which knows how it is asked. [`Vectors`] keeps them as 8-bit whole numbers, 127 being 1;
//! [`Meaning`] makes them with the table of word-piece vectors where the knowledge is indexed, so that entries newer than
//! the table work too. A transformer makes others.
//!
//! [`Knowledge::ways`]: super::knowledge::Knowledge::ways
//! [`Knowledge::statements`]: super::knowledge::Knowledge::statements

use super::index::best;
use super::knowledge::Knowledge;
use super::lexicon::{Lexicon, Mention, Word};
use super::table::Table;
use std::borrow::Cow;

/// Classes whose single ways an embedding is compared with.
const NEAR: usize = 48;
/// Ways of asking that a target keeps beside its prototype. On ways kept aside, 24 do as well as all hundred (first right
/// in 77.7 % against 77.6 %), and 12 less well (77.3 %).
const KEPT: usize = 24;

/// The vectors of a knowledge file's classes.
#[derive(Debug, Clone)]
pub struct Vectors {
    dims: usize,
    /// Per class: its first way; one more at the end.
    ways: Vec<u32>,
    /// The prototypes, then the ways, `dims` bytes each.
    bytes: Cow<'static, [u8]>,
}

/// Collects the vectors of classes, one after another.
#[derive(Debug, Clone)]
pub struct VectorsBuilder {
    dims: usize,
    ways: Vec<u32>,
    prototypes: Vec<u8>,
    vectors: Vec<u8>,
}

impl VectorsBuilder {
    /// Starts without classes.
    pub fn new(dims: usize) -> Self {
        Self { dims, ways: vec![0], prototypes: Vec::new(), vectors: Vec::new() }
    }

    /// Adds a target with the embeddings of its ways of asking, each of length 1.
    pub fn add(&mut self, ways: impl Iterator<Item = Vec<f32>>) {
        let ways: Vec<Vec<f32>> = ways.collect();
        let kept = most_different(&ways, KEPT);
        self.vectors.extend(kept.iter().flat_map(|way| quantized(&ways[*way])).map(|x| x as u8));
        self.add_prototype(ways.into_iter());
        self.ways.last_mut().into_iter().for_each(|end| *end += kept.len() as u32);
    }

    /// Adds a class of which only the prototype is kept.
    pub fn add_prototype(&mut self, texts: impl Iterator<Item = Vec<f32>>) {
        let mut mean = vec![0f32; self.dims];
        for vector in texts {
            mean.iter_mut().zip(&vector).for_each(|(m, x)| *m += x);
        }
        self.ways.push(self.ways.last().copied().unwrap_or(0));
        let length = mean.iter().map(|x| x * x).sum::<f32>().sqrt().max(1e-9);
        mean.iter_mut().for_each(|x| *x /= length);
        self.prototypes.extend(quantized(&mean).map(|x| x as u8));
    }

    /// The vectors of all classes.
    pub fn build(self) -> Vectors {
        Vectors { dims: self.dims, ways: self.ways, bytes: Cow::Owned([self.prototypes, self.vectors].concat()) }
    }
}

impl Vectors {
    /// Puts bytes that [`Vectors::bytes`] gave together again; `None` if the sizes do not fit. `counts` has the number of
    /// ways that each class keeps.
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

    /// Number of classes.
    pub fn classes(&self) -> usize {
        self.ways.len() - 1
    }

    /// Cosine of an embedding with a class's prototype.
    pub fn prototype(&self, text: &[i8], class: usize) -> f32 {
        cosine(self.dot(text, class))
    }

    /// Cosine of an embedding with the nearest of a target's ways of asking.
    pub fn nearest(&self, question: &[i8], target: usize) -> f32 {
        let ways = self.ways[target] as usize..self.ways[target + 1] as usize;
        let dots = ways.map(|way| self.dot(question, self.classes() + way));
        dots.max().map_or(0.0, cosine).max(0.0)
    }

    /// The similarity of an embedding to every class. Where no ways are kept, or the prototype is so far away that no way
    /// would bring the class to the front, the prototype decides alone.
    pub fn similarities(&self, text: &[i8]) -> Vec<f32> {
        let mut similar: Vec<f32> = (0..self.classes()).map(|class| self.prototype(text, class)).collect();
        let keeps = |class: usize| self.ways[class] < self.ways[class + 1];
        for class in best(similar.len(), NEAR, |class| if keeps(class) { similar[class] } else { 0.0 }) {
            let class = class as usize;
            similar[class] = (similar[class] + self.nearest(text, class)) / 2.0;
        }
        similar
    }

    /// The vector of a class's prototype.
    pub fn row(&self, class: usize) -> Vec<i8> {
        self.bytes[class * self.dims..(class + 1) * self.dims].iter().map(|byte| *byte as i8).collect()
    }

    /// Sixteen numbers at a time, each place with a sum of its own: so the compiler makes the most of the simplest processors.
    fn dot(&self, text: &[i8], row: usize) -> i32 {
        let row = &self.bytes[row * self.dims..(row + 1) * self.dims];
        let (text, text_rest) = text.as_chunks::<16>();
        let (row, row_rest) = row.as_chunks::<16>();
        let mut sums = [0i32; 16];
        for (a, b) in text.iter().zip(row) {
            for (i, sum) in sums.iter_mut().enumerate() {
                *sum += i32::from(i16::from(a[i]) * i16::from(b[i] as i8));
            }
        }
        let rest = text_rest.iter().zip(row_rest).map(|(a, b)| i32::from(*a) * i32::from(*b as i8)).sum::<i32>();
        sums.iter().sum::<i32>() + rest
    }
}

/// Numbers of up to `most` vectors: the first, and then always the one that is farthest from all chosen before (Gonzalez,
/// "Clustering to minimize the maximum intercluster distance", 1985).
fn most_different(vectors: &[Vec<f32>], most: usize) -> Vec<usize> {
    if vectors.len() <= most {
        return (0..vectors.len()).collect();
    }
    let mut nearest = vec![f32::MIN; vectors.len()];
    let mut chosen = vec![0];
    while chosen.len() < most {
        let latest = &vectors[chosen[chosen.len() - 1]];
        for (nearest, vector) in nearest.iter_mut().zip(vectors) {
            *nearest = nearest.max(vector.iter().zip(latest).map(|(a, b)| a * b).sum());
        }
        chosen.extend((0..vectors.len()).min_by(|a, b| nearest[*a].total_cmp(&nearest[*b])));
    }
    chosen
}

/// The cosine of two vectors of 8-bit numbers by their dot product.
fn cosine(dot: i32) -> f32 {
    dot as f32 * (1.0 / (127.0 * 127.0))
}

/// A vector of length 1 as 8-bit whole numbers.
pub fn quantized(vector: &[f32]) -> impl Iterator<Item = i8> {
    vector.iter().map(|x| (x * 127.0).round() as i8)
}

/// The table, and the vectors that it makes of a knowledge file's classes.
#[derive(Debug, Clone)]
pub struct Meaning {
    table: Table,
    vectors: Vectors,
    /// Number of targets: the first class of statements.
    targets: usize,
}

/// Makes the vectors of classes, one after another: first of all targets, then of all sides of statements.
pub struct MeaningBuilder {
    table: Table,
    vectors: VectorsBuilder,
    targets: usize,
}

impl MeaningBuilder {
    /// Starts without classes.
    pub fn new(table: Table) -> Self {
        Self { vectors: VectorsBuilder::new(table.dims()), table, targets: 0 }
    }

    /// Adds a target with its ways of asking, each given as its words and mentions.
    pub fn add<'a>(&mut self, lexicon: &Lexicon, ways: impl Iterator<Item = (&'a [Word], &'a [Mention])>) {
        let Self { table, vectors, targets } = self;
        vectors.add(ways.map(|(words, mentions)| embed(table, lexicon, words, mentions)));
        *targets += 1;
    }

    /// Adds one side of statements, given likewise.
    pub fn add_statements<'a>(&mut self, lexicon: &Lexicon, statements: impl Iterator<Item = (&'a [Word], &'a [Mention])>) {
        let Self { table, vectors, .. } = self;
        vectors.add_prototype(statements.map(|(words, mentions)| embed(table, lexicon, words, mentions)));
    }

    /// The finished vectors, with their table.
    pub fn build(self) -> Meaning {
        Meaning { table: self.table, vectors: self.vectors.build(), targets: self.targets }
    }
}

impl Meaning {
    /// Puts a table and the vectors that were made of a knowledge file with it together; `None` if the sizes do not fit.
    /// `counts` has the number of ways that each class keeps; the first `targets` classes are those.
    pub fn new(table: Table, counts: &[u32], targets: usize, bytes: Cow<'static, [u8]>) -> Option<Self> {
        let vectors = Vectors::new(table.dims(), counts.iter().map(|count| *count as usize), bytes)?;
        Some(Self { table, vectors, targets })
    }

    /// The embedding of a text.
    pub fn embed(&self, lexicon: &Lexicon, words: &[Word], mentions: &[Mention]) -> Vec<i8> {
        quantized(&embed(&self.table, lexicon, words, mentions)).collect()
    }

    /// Cosines of an embedding with every side of statements, in the order of the file.
    pub fn statements(&self, text: &[i8]) -> Vec<f32> {
        (self.targets..self.vectors.classes()).map(|class| self.vectors.prototype(text, class)).collect()
    }

    /// The vectors of all classes.
    pub fn vectors(&self) -> &Vectors {
        &self.vectors
    }
}

/// How many vectors beside the prototype each class keeps.
pub fn kept(knowledge: &Knowledge) -> impl Iterator<Item = usize> {
    knowledge.ways().map(|ways| ways.count().min(KEPT)).chain(knowledge.statements().map(|_| 0))
}

fn embed(table: &Table, lexicon: &Lexicon, words: &[Word], mentions: &[Mention]) -> Vec<f32> {
    table.embed(words.iter().map(|word| &*word.text), |found| wholes(lexicon, words, mentions, found))
}

/// Gives the wholes of a text: words side by side, and the things that it mentions.
pub fn wholes(lexicon: &Lexicon, words: &[Word], mentions: &[Mention], found: &mut dyn FnMut(&str)) {
    let mut whole = String::new();
    let mut give = |parts: [&str; 3]| {
        whole.clear();
        whole.extend(parts);
        found(&whole);
    };
    words.windows(2).for_each(|pair| give([&pair[0].text, " ", &pair[1].text]));
    mentions.iter().for_each(|mention| give(["@", &lexicon.thing(mention.thing).name, ""]));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::qa::lexicon::Lexicon;

    #[test]
    fn what_differs_is_kept() {
        let vectors = [[1.0, 0.0], [0.99, 0.14], [0.0, 1.0], [0.98, 0.2]].map(|v| v.to_vec());
        assert_eq!(most_different(&vectors, 2), [0, 2]);
        assert_eq!(most_different(&vectors, 4), [0, 1, 2, 3]);
    }

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
        assert_eq!(again.row(1), question);
        assert!(Vectors::new(8, [2, 2].into_iter(), Cow::Owned(vectors.bytes().to_vec())).is_none());
    }
}
