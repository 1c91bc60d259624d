//! Cutting a text into chunks that an embedding model can take in whole.

/// Characters of a piece. A model of 256 tokens takes about a thousand of English in.
const SIZE: usize = 900;
/// Characters that a piece shares with the one before, so that what stands across a cut is found too.
const OVERLAP: usize = 120;
/// The most chunks of one text: what is behind them (about 50,000 characters) is kept, but not searched.
pub const MOST_PIECES: usize = 64;

/// The chunks of `text`, in order. A cut falls on the end of a paragraph, a sentence or a word where there is one in the
/// second half of the piece. Blank text has none.
pub fn chunks(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() && found.len() < MOST_PIECES {
        let Some(most) = offset(rest, SIZE) else {
            found.push(rest);
            break;
        };
        let end = cut(&rest[..most]);
        found.push(rest[..end].trim_end());
        rest = rest[next(&rest[..end])..].trim_start();
    }
    found
}

/// The byte at which character `count` begins; `None` when the text ends before it.
fn offset(text: &str, count: usize) -> Option<usize> {
    text.char_indices().nth(count).map(|(at, _)| at)
}

/// Where the piece ends.
fn cut(window: &str) -> usize {
    let half = offset(window, SIZE / 2).unwrap_or(0);
    let ends = ["\n\n", "\n", ". ", "! ", "? ", "。", " "];
    let end = ends.iter().find_map(|end| window[half..].rfind(end).map(|at| half + at + end.len()));
    end.unwrap_or(window.len())
}

/// Where the next piece begins: some words before the end of this one.
fn next(piece: &str) -> usize {
    let back = piece.char_indices().rev().nth(OVERLAP).map_or(0, |(at, _)| at);
    match piece[back..].find(char::is_whitespace) {
        Some(space) => back + space,
        None if back > 0 => back,
        None => piece.len(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_short_text_is_one_piece_and_a_blank_one_none() {
        assert_eq!(chunks("  Hello there.\n"), ["Hello there."]);
        assert!(chunks(" \n\t ").is_empty());
    }

    #[test]
    fn cuts_fall_between_sentences_and_pieces_overlap() {
        let text = "The quick brown fox jumps over the lazy dog again. ".repeat(60);
        let found = chunks(&text);
        assert!(found.len() >= 4, "{}", found.len());
        assert!(found.iter().all(|piece| piece.ends_with("again.")), "{found:?}");
        for pair in found.windows(2) {
            let head: String = pair[1].chars().take(60).collect();
            assert!(pair[0].contains(&head), "{head}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn every_piece_is_small_and_no_word_is_lost(words in prop::collection::vec("[a-zß水 ]{1,30}", 0..400)) {
            let text = words.join("\n");
            let found = chunks(&text);
            for piece in &found {
                prop_assert!(!piece.trim().is_empty() && piece.chars().count() <= SIZE);
            }
            let whole = found.join(" ");
            for word in text.split_whitespace() {
                prop_assert!(whole.contains(word), "{word}");
            }
        }

        #[test]
        fn any_text_comes_to_an_end(text in "\\PC{0,4000}") {
            prop_assert!(chunks(&text).len() <= MOST_PIECES);
        }
    }
}
