//! Reciprocal rank fusion: one ranking out of two whose scores cannot be compared.

use super::MatchedBy;
use std::{collections::HashMap, hash::Hash};

/// Keeps the first ranks from deciding everything; the value of the paper that proposed the method.
const K: f64 = 60.0;

/// One thing in the fused ranking.
#[derive(Debug, Clone, PartialEq)]
pub struct Fused<T> {
    /// The thing.
    pub key: T,
    /// The sum of 1 ÷ (60 + rank) over the rankings that have it: at most 2 ÷ 61.
    pub score: f64,
    /// Which rankings have it.
    pub matched_by: Vec<MatchedBy>,
}

/// Fuses two rankings, best first. Where a ranking names a thing twice, its first place counts. Equal scores keep the
/// order of the first appearance, text before meaning.
pub fn fuse<T: Eq + Hash + Copy>(text: &[T], meaning: &[T]) -> Vec<Fused<T>> {
    let mut found: Vec<Fused<T>> = Vec::new();
    let mut places: HashMap<T, usize> = HashMap::new();
    for (ranking, by) in [(text, MatchedBy::Text), (meaning, MatchedBy::Meaning)] {
        let mut rank = 0.0;
        for key in ranking {
            let place = *places.entry(*key).or_insert_with(|| {
                found.push(Fused { key: *key, score: 0.0, matched_by: Vec::new() });
                found.len() - 1
            });
            let thing = &mut found[place];
            if thing.matched_by.contains(&by) {
                continue;
            }
            rank += 1.0;
            thing.score += 1.0 / (K + rank);
            thing.matched_by.push(by);
        }
    }
    found.sort_by(|a, b| b.score.total_cmp(&a.score));
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use MatchedBy::{Meaning, Text};

    #[test]
    fn what_both_rank_high_comes_first_and_doubles_count_once() {
        let fused = fuse(&["a", "b", "b", "c"], &["c", "d", "a"]);
        let order: Vec<_> = fused.iter().map(|thing| thing.key).collect();
        assert_eq!(order, ["a", "c", "b", "d"]);
        assert_eq!(fused[0].matched_by, [Text, Meaning]);
        assert_eq!(fused[3].matched_by, [Meaning]);
        assert!((fused[0].score - (1.0 / 61.0 + 1.0 / 63.0)).abs() < 1e-12);
        assert!((fused[1].score - (1.0 / 63.0 + 1.0 / 61.0)).abs() < 1e-12, "its third place in the text");
        assert!(fuse::<u8>(&[], &[]).is_empty());
    }
}
