//! The embeddings of a knowledge file's ways of asking and statements, computed once and kept on disk.
//!
//! The *cache* is one file per model and knowledge, named by the hashes of both: magic, dimensions, the vectors
//! ([`Vectors`]), and a hash of all that. A cache that is damaged or another's is computed again, with one warning.

use super::{Embedding, Encoder};
use crate::qa::Knowledge;
use crate::qa::meaning::{Vectors, VectorsBuilder, kept};
use crate::qa::table::hash;
use anyhow::{Context, Result};
use std::borrow::Cow;
use std::fs;
use std::path::Path;

const MAGIC: &[u8; 8] = b"FNINDEX1";
/// Texts that are encoded at a time.
const BATCH: usize = 64;

/// Loads the vectors from the cache folder, or computes and keeps them. `model` is the model's fingerprint; `progress` is
/// told how many texts are done, of how many.
///
/// # Errors
///
/// When the model fails, or the cache cannot be written.
pub fn load(
    folder: &Path,
    model: u64,
    knowledge: &Knowledge,
    encoder: &dyn Encoder,
    progress: &mut dyn FnMut(usize, usize),
) -> Result<Vectors> {
    let path = folder.join(format!("{model:016x}-{:016x}.vectors", fingerprint(knowledge)));
    match fs::read(&path) {
        Ok(bytes) => match read(&bytes, knowledge) {
            Some(vectors) => return Ok(vectors),
            None => tracing::warn!("{} is damaged and is made anew", path.display()),
        },
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => tracing::warn!("{} cannot be read and is made anew: {error}", path.display()),
    }
    let vectors = compute(knowledge, encoder, progress)?;
    let mut bytes = MAGIC.to_vec();
    bytes.extend((vectors.dims() as u32).to_le_bytes());
    bytes.extend(vectors.bytes());
    let end = hash(&bytes);
    bytes.extend(end.to_le_bytes());
    fs::create_dir_all(folder)
        .with_context(|| format!("cannot make the folder {}; name another under [encoder] cache", folder.display()))?;
    // Beside it first, so that nobody ever reads half of it.
    let beside = path.with_extension(format!("part-{}", std::process::id()));
    fs::write(&beside, bytes).and_then(|()| fs::rename(&beside, &path)).with_context(|| format!("cannot write {}", path.display()))?;
    Ok(vectors)
}

fn read(bytes: &[u8], knowledge: &Knowledge) -> Option<Vectors> {
    let (body, end) = bytes.split_at_checked(bytes.len().checked_sub(8)?)?;
    let body_hash = u64::from_le_bytes(end.try_into().ok()?);
    if !body.starts_with(MAGIC) || hash(body) != body_hash {
        return None;
    }
    let dims = u32::from_le_bytes(body.get(8..12)?.try_into().ok()?) as usize;
    Vectors::new(dims, kept(knowledge), Cow::Owned(body[12..].to_vec()))
}

fn compute(knowledge: &Knowledge, encoder: &dyn Encoder, progress: &mut dyn FnMut(usize, usize)) -> Result<Vectors> {
    let embeddings = embed(all_texts(knowledge), encoder, progress)?;
    let mut builder = VectorsBuilder::new(embeddings.first().map_or(1, Vec::len));
    let mut embeddings = embeddings.into_iter();
    for ways in knowledge.ways() {
        builder.add(embeddings.by_ref().take(ways.count()));
    }
    for statements in knowledge.statements() {
        builder.add_prototype(embeddings.by_ref().take(statements.len()));
    }
    Ok(builder.build())
}

/// The embeddings of texts, in their order. `progress` is told how many are done, of how many.
///
/// # Errors
///
/// When the model fails.
pub fn embed<'a>(
    texts: impl Iterator<Item = &'a str>,
    encoder: &dyn Encoder,
    progress: &mut dyn FnMut(usize, usize),
) -> Result<Vec<Embedding>> {
    let mut texts: Vec<(usize, &str)> = texts.enumerate().collect();
    texts.sort_by_key(|(_, text)| text.len()); // texts of one length waste nothing on padding
    let mut embeddings = vec![Vec::new(); texts.len()];
    for (done, chunk) in texts.chunks(BATCH).enumerate() {
        let rows = encoder.encode(&chunk.iter().map(|(_, text)| *text).collect::<Vec<_>>())?;
        chunk.iter().zip(rows).for_each(|((place, _), row)| embeddings[*place] = row);
        progress((done * BATCH + chunk.len()).min(texts.len()), texts.len());
    }
    Ok(embeddings)
}

fn all_texts(knowledge: &Knowledge) -> impl Iterator<Item = &str> {
    knowledge.ways().flatten().chain(knowledge.statements().flatten()).map(String::as_str)
}

/// Fingerprint of the texts that are encoded.
pub fn fingerprint(knowledge: &Knowledge) -> u64 {
    let texts: Vec<&str> = all_texts(knowledge).collect();
    hash(texts.join("\n").as_bytes())
}

#[cfg(test)]
mod tests {
    use super::super::LetterCounts;
    use super::*;

    fn knowledge() -> Knowledge {
        let text = "[[entry]]\nid = \"a\"\nanswer = \"A.\"\nask = [\"who left\", \"left who\"]\n[[entry]]\nid = \"b\"\nanswer = \"B.\"\nask = [\"zoo\"]\n";
        toml::from_str(text).expect("the sample is right")
    }

    fn loaded(folder: &Path) -> (Vectors, usize) {
        let mut encoded = 0;
        let vectors = load(folder, 7, &knowledge(), &LetterCounts, &mut |done, _| encoded = done).expect("it loads");
        (vectors, encoded)
    }

    #[test]
    fn what_is_kept_is_not_computed_again() {
        let folder = tempfile::tempdir().expect("a folder");
        let (first, encoded) = loaded(folder.path());
        assert_eq!((first.classes(), encoded), (2, 3));
        let (second, encoded) = loaded(folder.path());
        assert_eq!((second.bytes(), encoded), (first.bytes(), 0));
    }

    #[test]
    fn what_is_damaged_is_made_anew() {
        let folder = tempfile::tempdir().expect("a folder");
        let (first, _) = loaded(folder.path());
        let file = fs::read_dir(folder.path()).expect("readable").next().expect("one file").expect("readable").path();
        for damage in [
            b"hello".to_vec(),
            fs::read(&file)
                .map(|mut b| {
                    b[20] ^= 1;
                    b
                })
                .expect("readable"),
        ] {
            fs::write(&file, damage).expect("writable");
            let (again, encoded) = loaded(folder.path());
            assert_eq!((again.bytes(), encoded), (first.bytes(), 3));
        }
    }
}
