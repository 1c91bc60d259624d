//! Splits a text into chunks that an embedding model can read as a whole.

/// A model with 256 tokens reads about a thousand characters of English.
const CHUNK_CHARS: usize = 900;
/// How much a chunk shares with the previous one, so that a passage across the cut is found too.
const OVERLAP_CHARS: usize = 120;
/// How many chunks of a text are searchable. What follows them (after about 50,000 characters) is stored but not searched.
pub const MAX_CHUNKS: usize = 64;

/// The chunks of `text`, in order. A chunk ends with a paragraph, a sentence or a word, if one ends in its second half.
/// Blank text has no chunks.
pub fn chunks(text: &str) -> Vec<&str> {
    let mut chunks = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() && chunks.len() < MAX_CHUNKS {
        let Some(limit) = offset(rest, CHUNK_CHARS) else {
            chunks.push(rest);
            break;
        };
        let end = chunk_end(&rest[..limit]);
        chunks.push(rest[..end].trim_end());
        rest = rest[next_start(&rest[..end])..].trim_start();
    }
    chunks
}

/// The byte at which character `count` begins; `None` when the text ends before it.
fn offset(text: &str, count: usize) -> Option<usize> {
    text.char_indices().nth(count).map(|(at, _)| at)
}

/// Where the chunk at the start of `window` ends.
fn chunk_end(window: &str) -> usize {
    let half = offset(window, CHUNK_CHARS / 2).unwrap_or(0);
    let ends = ["\n\n", "\n", ". ", "! ", "? ", "。", " "];
    let end = ends.iter().find_map(|end| window[half..].rfind(end).map(|at| half + at + end.len()));
    end.unwrap_or(window.len())
}

/// Where the next chunk begins: some words before the end of this one.
fn next_start(chunk: &str) -> usize {
    let back = chunk.char_indices().rev().nth(OVERLAP_CHARS).map_or(0, |(at, _)| at);
    match chunk[back..].find(char::is_whitespace) {
        Some(space) => back + space,
        None if back > 0 => back,
        None => chunk.len(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_short_text_is_one_chunk_and_a_blank_one_none() {
        assert_eq!(chunks("  Hello there.\n"), ["Hello there."]);
        assert!(chunks(" \n\t ").is_empty());
    }

    #[test]
    fn chunks_end_with_sentences_and_overlap() {
        let text = "The quick brown fox jumps over the lazy dog again. ".repeat(60);
        let found = chunks(&text);
        assert!(found.len() >= 4, "{}", found.len());
        assert!(found.iter().all(|chunk| chunk.ends_with("again.")), "{found:?}");
        for pair in found.windows(2) {
            let head: String = pair[1].chars().take(60).collect();
            assert!(pair[0].contains(&head), "{head}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn every_chunk_is_small_and_no_word_is_lost(words in prop::collection::vec("[a-zß水 ]{1,30}", 0..400)) {
            let text = words.join("\n");
            let found = chunks(&text);
            for chunk in &found {
                prop_assert!(!chunk.trim().is_empty() && chunk.chars().count() <= CHUNK_CHARS);
            }
            let whole = found.join(" ");
            for word in text.split_whitespace() {
                prop_assert!(whole.contains(word), "{word}");
            }
        }

        #[test]
        fn chunking_any_text_ends(text in "\\PC{0,4000}") {
            prop_assert!(chunks(&text).len() <= MAX_CHUNKS);
        }
    }
}
