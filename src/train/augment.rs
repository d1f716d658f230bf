//! What people do to words, done to the examples, so that training meets it: letters mistyped, words dropped, a chatty
//! beginning, no capitals.

use fastrand::Rng;

/// Beginnings that ask nothing by themselves.
const OPENERS: [&str; 16] = [
    "hey",
    "so",
    "ok but",
    "quick question:",
    "can you tell me",
    "guys,",
    "sorry,",
    "for class:",
    "random q",
    "does the paper say",
    "btw",
    "wait",
    "honestly",
    "I need to know",
    "please",
    "one more thing,",
];

/// The example as somebody else might have typed it; often as it is. `whole` keeps every word and begins with nothing
/// else: a statement without its "not" would be another.
pub fn typed(text: &str, whole: bool, rng: &mut Rng) -> String {
    let mut words: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
    if !whole && rng.f32() < 0.25 && words.len() > 3 {
        words.remove(rng.usize(..words.len()));
    }
    if rng.f32() < 0.25
        && let Some(word) = words.get_mut(rng.usize(..text.split_whitespace().count().max(1)))
    {
        *word = mistyped(word, rng);
    }
    if !whole && rng.f32() < 0.15 {
        words.insert(0, OPENERS[rng.usize(..OPENERS.len())].to_owned());
    }
    let joined = words.join(" ");
    if rng.f32() < 0.3 { joined.to_lowercase().trim_end_matches(['?', '.', '!']).to_owned() } else { joined }
}

/// One letter doubled, left out, or changed with its neighbour.
fn mistyped(word: &str, rng: &mut Rng) -> String {
    let mut letters: Vec<char> = word.chars().collect();
    if letters.len() < 4 {
        return word.to_owned();
    }
    let at = rng.usize(1..letters.len() - 1);
    match rng.u8(..3) {
        0 => letters.insert(at, letters[at]),
        1 => drop(letters.remove(at)),
        _ => letters.swap(at, at + 1),
    }
    letters.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_types_the_same() {
        let all = |seed| {
            let mut rng = Rng::with_seed(seed);
            (0..50).map(|_| typed("Who chairs the secretariat of the CSTO?", false, &mut rng)).collect::<Vec<_>>()
        };
        assert_eq!(all(1), all(1));
        assert_ne!(all(1), all(2));
        assert!(all(1).iter().any(|t| t == "Who chairs the secretariat of the CSTO?"));
        typed("", false, &mut Rng::with_seed(1));
        let mut rng = Rng::with_seed(2);
        assert!((0..50).all(|_| typed("Serbia is not a member", true, &mut rng).split_whitespace().count() == 5));
    }
}
