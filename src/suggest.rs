//! What embeddings tell a curator: ways of asking that are near-duplicates, targets that are too alike, ways that would find
//! another target, and terms of a text that the knowledge does not have.

use crate::qa::meaning::Vectors;
use crate::qa::{Engine, Knowledge};

/// Cosine from which two ways of asking of different targets say the same.
const SAME_WAY: f32 = 0.97;
/// Cosine from which two targets are too alike.
const ALIKE: f32 = 0.85;
/// How much nearer another target must be to win a way of asking.
const LEAD: f32 = 0.02;
/// Targets that each target is compared with way by way.
const NEIGHBOURS: usize = 5;

/// What the vectors of all ways of asking tell, a line each; at most `most` of each sort, the clearest first. `rows` has one
/// for each way, in the order of [`Knowledge::ways`].
pub fn of_vectors(knowledge: &Knowledge, vectors: &Vectors, rows: impl IntoIterator<Item = Vec<i8>>, most: usize) -> Vec<String> {
    let mut rows = rows.into_iter();
    let ids: Vec<&str> = knowledge.entries.iter().map(|e| e.id.as_str()).chain(knowledge.gaps.iter().map(|g| g.id.as_str())).collect();
    let mut alike = Vec::new();
    let mut same = Vec::new();
    let mut lost = Vec::new();
    for (target, ways) in knowledge.ways().enumerate() {
        let prototype = vectors.row(target);
        let mut near: Vec<(f32, usize)> =
            (0..ids.len()).filter(|other| *other != target).map(|other| (vectors.prototype(&prototype, other), other)).collect();
        near.sort_by(|a, b| b.0.total_cmp(&a.0));
        near.truncate(NEIGHBOURS);
        alike.extend(
            near.iter().filter(|(cosine, other)| *cosine >= ALIKE && target < *other).map(|(cosine, other)| (*cosine, target, *other)),
        );
        for (way, row) in ways.zip(rows.by_ref()) {
            let own = vectors.prototype(&row, target);
            for (_, other) in &near {
                let nearest = vectors.nearest(&row, *other);
                if nearest >= SAME_WAY && target < *other {
                    same.push((nearest, format!("\"{way}\" of {} is nearly a way of {}", ids[target], ids[*other])));
                }
                let lead = vectors.prototype(&row, *other) - own;
                if lead >= LEAD {
                    lost.push((lead, format!("\"{way}\" of {} is nearer to {}", ids[target], ids[*other])));
                }
            }
        }
    }
    let alike = alike.into_iter().map(|(cosine, a, b)| (cosine, format!("{} and {}", ids[a], ids[b]))).collect();
    [
        ("Ways of asking that nearly stand twice", same),
        ("Entries and gaps that are much alike", alike),
        ("Ways of asking that another wins", lost),
    ]
    .into_iter()
    .flat_map(|(heading, found)| section(heading, found, most))
    .collect()
}

/// The keywords of a text, best first, whose words the knowledge does not have.
pub fn of_keywords(engine: &Engine, keywords: &[String]) -> Vec<String> {
    let missing = |keyword: &&String| engine.lexicon().analyze(keyword).unknown > 0;
    let found: Vec<(f32, String)> = keywords.iter().filter(missing).map(|keyword| (1.0, keyword.clone())).collect();
    section("Terms of the text that no entry has", found, keywords.len())
}

fn section(heading: &str, mut found: Vec<(f32, String)>, most: usize) -> Vec<String> {
    found.sort_by(|a, b| b.0.total_cmp(&a.0));
    let count = found.len();
    let shown = found.into_iter().take(most).map(|(score, line)| format!("  {score:.2}  {line}\n"));
    std::iter::once(format!("{heading}: {count}\n")).chain(shown).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encoder::{Encoder, LetterCounts};
    use crate::qa::meaning::{VectorsBuilder, quantized};

    #[test]
    fn names_what_is_said_twice_and_what_another_wins() {
        let text = "[[entry]]\nid = \"a\"\nanswer = \"A.\"\nask = [\"who left\", \"zoo zoo zoo\", \"who\", \"left who\"]\n\
                    [[entry]]\nid = \"b\"\nanswer = \"B.\"\nask = [\"zoo zoo\", \"zoo oz\"]\n";
        let knowledge: Knowledge = toml::from_str(text).expect("the sample is right");
        let mut builder = VectorsBuilder::new(26);
        let mut rows = Vec::new();
        for ways in knowledge.ways() {
            let texts: Vec<&str> = ways.map(String::as_str).collect();
            let embeddings = LetterCounts.encode(&texts).expect("it counts");
            rows.extend(embeddings.iter().map(|embedding| quantized(embedding).collect()));
            builder.add(embeddings.into_iter());
        }
        let lines = of_vectors(&knowledge, &builder.build(), rows, 10).concat();
        assert!(lines.contains("\"zoo zoo zoo\" of a is nearly a way of b"), "{lines}");
        assert!(lines.contains("\"zoo zoo zoo\" of a is nearer to b"), "{lines}");
        assert!(!lines.contains("\"who left\" of a is"), "{lines}");
    }

    #[test]
    fn names_terms_that_are_missing() {
        let engine =
            Engine::new(toml::from_str("[[entry]]\nid = \"a\"\nanswer = \"The treaty.\"\nask = [\"what treaty\"]").expect("right"), None);
        let lines = of_keywords(&engine, &["treaty".into(), "protocol".into()]).concat();
        assert!(lines.contains("protocol") && !lines.contains("treaty"), "{lines}");
    }
}
