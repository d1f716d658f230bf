//! The built-in paper: indexed, compressed and embedded by build.rs, unpacked when it is first needed.

use crate::qa::table::Table;
use crate::qa::{Engine, Knowledge};
use anyhow::{Context, Result, ensure};
use std::borrow::Cow;
use std::sync::LazyLock;

/// The table of word-piece vectors is read in place: its numbers hardly compress.
static TABLE: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/paper.table"));
/// The engine, and the vectors of its ways of asking. Indexes are read in place, so the bytes stay for good.
static ENGINE: LazyLock<Option<Vec<u8>>> = LazyLock::new(|| unpack(include_bytes!(concat!(env!("OUT_DIR"), "/paper.zst"))));
static VECTORS: LazyLock<Option<Vec<u8>>> = LazyLock::new(|| unpack(include_bytes!(concat!(env!("OUT_DIR"), "/vectors.zst"))));

/// The knowledge with all its texts, of which answering needs few.
static KNOWLEDGE: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/knowledge.zst"));
const DAMAGED: &str = "the built-in paper is damaged; build the program again";

/// Unpacks bytes that have their size, in four bytes, before them.
fn unpack(bytes: &[u8]) -> Option<Vec<u8>> {
    let (size, packed) = bytes.split_first_chunk::<4>()?;
    zstd::bulk::decompress(packed, u32::from_le_bytes(*size) as usize).ok()
}

/// The engine of the built-in paper.
///
/// # Errors
///
/// A damaged program.
pub fn engine() -> Result<Engine> {
    let mut engine: Engine = postcard::from_bytes(ENGINE.as_ref().context(DAMAGED)?).context(DAMAGED)?;
    if !TABLE.is_empty() {
        let table = Table::trusted(Cow::Borrowed(TABLE)).context(DAMAGED)?;
        let vectors = VECTORS.as_ref().context(DAMAGED)?;
        ensure!(engine.join_vectors(table, Cow::Borrowed(vectors)), DAMAGED);
    }
    Ok(engine)
}

/// The knowledge of the built-in paper, with all ways of asking and statements.
///
/// # Errors
///
/// A damaged program.
pub fn knowledge() -> Result<Knowledge> {
    postcard::from_bytes(&unpack(KNOWLEDGE).context(DAMAGED)?).context(DAMAGED)
}
