//! A table of word-piece vectors: meaning without a transformer, in microseconds.
//!
//! A *word piece* is a word, or a part of one, of a BERT vocabulary; `##` marks the parts that continue a word. A *whole*
//! is what the curated texts often have: two words side by side, or a thing that the lexicon knows. The *table* has one
//! vector for each, trained on a knowledge file's ways of asking, stored as 8-bit whole numbers with one scale a row. A
//! text's *embedding* is the sum of the vectors of its pieces and wholes, scaled to length 1: how much one counts is in
//! its vector's own length.
//!
//! The file, all numbers little-endian:
//!
//! | bytes | what |
//! | --- | --- |
//! | 8 | magic `FNTABLE1` |
//! | 4 × 4 | dimensions D, pieces and wholes P, slots S (a power of two), length of the pieces' text T |
//! | 8 | fingerprint of the knowledge that it was trained on, for whoever asks whether it is current |
//! | 4 × S | hash table: number of a piece plus one, or 0; linear probing from the piece's hash |
//! | 4 × (P + 1) | where each piece begins in the text |
//! | T | the pieces' text |
//! | 4 × P | scale of each row |
//! | P × D | the rows |
//! | 8 | hash of all that stands before |

use std::borrow::Cow;

const MAGIC: &[u8; 8] = b"FNTABLE1";
const HEADER: usize = 8 + 4 * 4 + 8;
/// Dimensions that a table may have.
const DIMENSIONS: std::ops::RangeInclusive<usize> = 8..=1024;
/// Letters of a word that are looked at; longer ones are no words.
const LONGEST_WORD: usize = 60;

/// The table.
#[derive(Debug, Clone)]
pub struct Table {
    bytes: Cow<'static, [u8]>,
    dims: usize,
    pieces: usize,
    slots: usize,
    text: usize,
}

/// Why bytes are no table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Damaged {
    /// They do not begin as a table does, or are one of another version.
    Foreign,
    /// They end too early, or say sizes that cannot be.
    Sizes,
    /// Their hash is wrong.
    Hash,
}

impl std::fmt::Display for Damaged {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Foreign => "it is not a word-piece table of this version",
            Self::Sizes => "it is cut off, or its sizes do not fit",
            Self::Hash => "its bytes have changed since it was written",
        })
    }
}

impl std::error::Error for Damaged {}

impl Table {
    /// Reads a table and checks it whole.
    ///
    /// # Errors
    ///
    /// Bytes that are no table, or a damaged one.
    pub fn read(bytes: Cow<'static, [u8]>) -> Result<Self, Damaged> {
        let table = Self::trusted(bytes)?;
        let end = table.bytes.len() - 8;
        if hash(&table.bytes[..end]) != u64::from_le_bytes(array(&table.bytes, end)) {
            return Err(Damaged::Hash);
        }
        let starts: Vec<usize> = (0..=table.pieces).map(|piece| table.start(piece)).collect();
        let text = table.part(HEADER + 4 * table.slots + 4 * (table.pieces + 1), table.text);
        let whole = starts.first() == Some(&0) && starts.last() == Some(&table.text) && starts.is_sorted();
        let slots_fit = (0..table.slots).all(|slot| table.slot(slot) <= table.pieces);
        if !whole || !slots_fit || starts.windows(2).any(|w| std::str::from_utf8(&text[w[0]..w[1]]).is_err()) {
            return Err(Damaged::Sizes);
        }
        Ok(table)
    }

    /// Reads a table that was checked before, such as the one built into the program: only its sizes are looked at, so
    /// that starting does not touch all of it.
    ///
    /// # Errors
    ///
    /// Bytes that are no table, or of another size than they say.
    pub fn trusted(bytes: Cow<'static, [u8]>) -> Result<Self, Damaged> {
        if bytes.len() < HEADER + 8 || !bytes.starts_with(MAGIC) {
            return Err(Damaged::Foreign);
        }
        let number = |at: usize| u32::from_le_bytes(array(&bytes, at)) as usize;
        let (dims, pieces, slots, text) = (number(8), number(12), number(16), number(20));
        let fits = DIMENSIONS.contains(&dims) && slots.is_power_of_two() && pieces < slots && slots < 1 << 26 && text < 1 << 26;
        if !fits || bytes.len() != HEADER + 4 * slots + 4 * (pieces + 1) + text + 4 * pieces + pieces * dims + 8 {
            return Err(Damaged::Sizes);
        }
        Ok(Self { bytes, dims, pieces, slots, text })
    }

    /// Writes a table: `rows` holds one vector of `dims` numbers for each piece.
    pub fn write(pieces: &[&str], rows: &[f32], dims: usize, knowledge: u64) -> Vec<u8> {
        let slots = (pieces.len() * 2 + 2).next_power_of_two();
        let mut table = vec![0u32; slots];
        for (number, piece) in pieces.iter().enumerate() {
            let mut slot = hash(piece.as_bytes()) as usize & (slots - 1);
            while table[slot] != 0 {
                slot = (slot + 1) & (slots - 1);
            }
            table[slot] = number as u32 + 1;
        }
        let text: usize = pieces.iter().map(|p| p.len()).sum();
        let mut bytes = MAGIC.to_vec();
        for number in [dims, pieces.len(), slots, text] {
            bytes.extend((number as u32).to_le_bytes());
        }
        bytes.extend(knowledge.to_le_bytes());
        bytes.extend(table.iter().flat_map(|slot| slot.to_le_bytes()));
        let mut start = 0u32;
        for piece in pieces {
            bytes.extend(start.to_le_bytes());
            start += piece.len() as u32;
        }
        bytes.extend(start.to_le_bytes());
        pieces.iter().for_each(|piece| bytes.extend(piece.as_bytes()));
        let scales: Vec<f32> = rows.chunks(dims).map(|row| row.iter().fold(0f32, |most, x| most.max(x.abs())) / 127.0).collect();
        bytes.extend(scales.iter().flat_map(|scale| scale.to_le_bytes()));
        for (row, scale) in rows.chunks(dims).zip(&scales) {
            bytes.extend(row.iter().map(|x| if *scale > 0.0 { (x / scale).round() as i8 as u8 } else { 0 }));
        }
        let hash = hash(&bytes);
        bytes.extend(hash.to_le_bytes());
        bytes
    }

    /// Numbers in a vector.
    pub fn dims(&self) -> usize {
        self.dims
    }

    /// Number of word pieces.
    pub fn len(&self) -> usize {
        self.pieces
    }

    /// Whether there are no pieces.
    pub fn is_empty(&self) -> bool {
        self.pieces == 0
    }

    /// Fingerprint of the knowledge that the table was trained on.
    pub fn knowledge(&self) -> u64 {
        u64::from_le_bytes(array(&self.bytes, 24))
    }

    /// The embedding of a text that is given as words in lower case and as wholes, of length 1; all 0 where none is known.
    pub fn embed<'a>(&self, words: impl Iterator<Item = &'a str>, wholes: impl FnOnce(&mut dyn FnMut(&str))) -> Vec<f32> {
        let mut sum = vec![0f32; self.dims];
        let rows = self.bytes.len() - 8 - self.pieces * self.dims;
        let mut add = |piece: u32| {
            let scale = f32::from_le_bytes(array(&self.bytes, rows - 4 * (self.pieces - piece as usize)));
            let row = self.part(rows + piece as usize * self.dims, self.dims);
            for (slot, value) in sum.iter_mut().zip(row) {
                *slot += scale * f32::from(*value as i8);
            }
        };
        for word in words {
            split(word, |piece| self.find(piece), &mut add);
        }
        wholes(&mut |whole| self.find(whole).into_iter().for_each(&mut add));
        let length = sum.iter().map(|x| x * x).sum::<f32>().sqrt();
        if length > 0.0 {
            sum.iter_mut().for_each(|x| *x /= length);
        }
        sum
    }

    /// The number of a piece.
    fn find(&self, piece: &str) -> Option<u32> {
        let mut slot = hash(piece.as_bytes()) as usize & (self.slots - 1);
        loop {
            let number = self.slot(slot).checked_sub(1)?;
            let text = HEADER + 4 * self.slots + 4 * (self.pieces + 1);
            let (start, end) = (self.start(number), self.start(number + 1));
            if self.bytes.get(text + start..text + end) == Some(piece.as_bytes()) {
                return Some(number as u32);
            }
            slot = (slot + 1) & (self.slots - 1);
        }
    }

    fn slot(&self, slot: usize) -> usize {
        u32::from_le_bytes(array(&self.bytes, HEADER + 4 * slot)) as usize
    }

    fn start(&self, piece: usize) -> usize {
        u32::from_le_bytes(array(&self.bytes, HEADER + 4 * self.slots + 4 * piece)) as usize
    }

    fn part(&self, start: usize, length: usize) -> &[u8] {
        &self.bytes[start..start + length]
    }
}

/// Splits a word into known pieces: numbers and letters apart, the longest piece first, as BERT's tokenizer does.
pub fn split(word: &str, find: impl Fn(&str) -> Option<u32>, found: &mut impl FnMut(u32)) {
    let word = word.get(..word.len().min(LONGEST_WORD)).unwrap_or(word);
    let mut piece = String::with_capacity(word.len() + 2);
    let mut rest = word;
    let mut inside = false;
    while !rest.is_empty() {
        let mut end = rest.len();
        let number = loop {
            piece.clear();
            if inside {
                piece.push_str("##");
            }
            piece.push_str(&rest[..end]);
            if let Some(number) = find(&piece) {
                break Some(number);
            }
            match rest[..end].char_indices().next_back() {
                Some((shorter, _)) if shorter > 0 => end = shorter,
                _ => break None,
            }
        };
        match number {
            Some(number) => found(number),
            None => end = rest.chars().next().map_or(rest.len(), char::len_utf8),
        }
        rest = &rest[end..];
        inside = true;
    }
}

/// Eight bytes from a place that is known to be inside.
fn array<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    let mut array = [0; N];
    if let Some(part) = bytes.get(at..at + N) {
        array.copy_from_slice(part);
    }
    array
}

/// A hash that is the same on every machine: FNV-1a over words of eight bytes (Fowler, Noll, Vo), the rest byte by byte.
pub fn hash(bytes: &[u8]) -> u64 {
    const PRIME: u64 = 0x0000_0100_0000_01b3;
    let mut state = 0xcbf2_9ce4_8422_2325u64;
    let words = bytes.chunks_exact(8);
    let rest = words.remainder();
    for word in words {
        state = (state ^ u64::from_le_bytes(array(word, 0))).wrapping_mul(PRIME);
        state ^= state >> 29; // high bits come down, so that every byte reaches the low ones
    }
    for byte in rest {
        state = (state ^ u64::from(*byte)).wrapping_mul(PRIME);
    }
    state ^ (state >> 32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const PIECES: [&str; 5] = ["drill", "##s", "army", "a", "é"];

    fn sample() -> Vec<u8> {
        let rows: Vec<f32> = (0..5).flat_map(|i| (0..8).map(move |j| if i == j { 1.0 } else { 0.0 })).collect();
        Table::write(&PIECES, &rows, 8, 7)
    }

    #[test]
    fn reads_what_it_wrote() {
        let table = Table::read(Cow::Owned(sample())).expect("it is whole");
        assert_eq!((table.dims(), table.len(), table.knowledge()), (8, 5, 7));
        let vector = table.embed(["drills", "army"].into_iter(), |_| {});
        let third = 1.0 / 3f32.sqrt();
        for (value, expected) in vector.iter().zip([third, third, third, 0.0]) {
            assert!((value - expected).abs() < 1e-4, "{vector:?}");
        }
        assert!(table.embed(["xyz"].into_iter(), |_| {}).iter().all(|x| *x == 0.0));
    }

    #[test]
    fn refuses_what_is_damaged() {
        let whole = sample();
        assert_eq!(Table::read(Cow::Owned(b"hello".to_vec())).err(), Some(Damaged::Foreign));
        assert_eq!(Table::read(Cow::Owned(whole[..whole.len() - 9].to_vec())).err(), Some(Damaged::Sizes));
        let mut changed = whole.clone();
        changed[HEADER + 100] ^= 1;
        assert_eq!(Table::read(Cow::Owned(changed)).err(), Some(Damaged::Hash));
    }

    proptest! {
        /// Whatever byte is changed, reading never panics, and the change is noticed.
        #[test]
        fn any_changed_byte_is_noticed(at in 0usize..300, with in 1u8..=255) {
            let mut bytes = sample();
            let at = at % bytes.len();
            bytes[at] ^= with;
            prop_assert!(Table::read(Cow::Owned(bytes)).is_err());
        }

        #[test]
        fn any_word_splits(word in "\\PC{0,80}") {
            let table = Table::read(Cow::Owned(sample())).expect("it is whole");
            prop_assert!(table.embed([word.as_str()].into_iter(), |found| found(&word)).iter().all(|x| x.is_finite()));
        }
    }
}
