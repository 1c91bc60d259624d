//! Reciprocal rank fusion: combines two rankings whose scores cannot be compared.

use super::MatchedBy;
use std::{collections::HashMap, hash::Hash};

/// Limits the weight of the first ranks. The value is the one of the paper that proposed the method.
const RANK_OFFSET: f64 = 60.0;

/// An entry of the fused ranking.
#[derive(Debug, Clone, PartialEq)]
pub struct Fused<T> {
    /// What was ranked.
    pub key: T,
    /// The sum of 1 ÷ (60 + rank) over the rankings that contain it: at most 2 ÷ 61.
    pub score: f64,
    /// Which rankings contain it.
    pub matched_by: Vec<MatchedBy>,
}

/// Fuses two rankings, best first. If a ranking contains a key twice, its first rank counts. Equal scores keep the order
/// of first appearance, text before meaning.
pub fn fuse<T: Eq + Hash + Copy>(text: &[T], meaning: &[T]) -> Vec<Fused<T>> {
    let mut fused: Vec<Fused<T>> = Vec::new();
    let mut positions: HashMap<T, usize> = HashMap::new();
    for (ranking, by) in [(text, MatchedBy::Text), (meaning, MatchedBy::Meaning)] {
        let mut rank = 0.0;
        for key in ranking {
            let position = *positions.entry(*key).or_insert_with(|| {
                fused.push(Fused { key: *key, score: 0.0, matched_by: Vec::new() });
                fused.len() - 1
            });
            let entry = &mut fused[position];
            if entry.matched_by.contains(&by) {
                continue;
            }
            rank += 1.0;
            entry.score += 1.0 / (RANK_OFFSET + rank);
            entry.matched_by.push(by);
        }
    }
    fused.sort_by(|a, b| b.score.total_cmp(&a.score));
    fused
}

#[cfg(test)]
mod tests {
    use super::*;
    use MatchedBy::{Meaning, Text};

    #[test]
    fn what_both_rank_high_comes_first_and_doubles_count_once() {
        let fused = fuse(&["a", "b", "b", "c"], &["c", "d", "a"]);
        let order: Vec<_> = fused.iter().map(|entry| entry.key).collect();
        assert_eq!(order, ["a", "c", "b", "d"]);
        assert_eq!(fused[0].matched_by, [Text, Meaning]);
        assert_eq!(fused[3].matched_by, [Meaning]);
        assert!((fused[0].score - (1.0 / 61.0 + 1.0 / 63.0)).abs() < 1e-12);
        assert!((fused[1].score - (1.0 / 63.0 + 1.0 / 61.0)).abs() < 1e-12, "its third rank by text");
        assert!(fuse::<u8>(&[], &[]).is_empty());
    }
}
