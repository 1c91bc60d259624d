//! WordNet's synsets as documents, their example sentences as queries.

use std::{fs, path::PathBuf};

/// Texts to find, and texts to find them by.
pub struct Corpus {
    /// A synset's words and its definition, in an order that has nothing to do with the dictionary's.
    pub documents: Vec<String>,
    /// Example sentences.
    pub queries: Vec<String>,
    /// For each query the document that it is an example of.
    pub answers: Vec<usize>,
}

impl Corpus {
    /// Reads the dictionary in `BENCH_WORDNET`: `documents` synsets and one example of each of `queries` of them.
    pub fn read(documents: usize, queries: usize) -> Self {
        let folder =
            PathBuf::from(std::env::var("BENCH_WORDNET").expect("run this by `make bench-knowledge`"));
        let mut synsets: Vec<(u64, String, Vec<String>)> = Vec::new();
        for part in ["noun", "verb", "adj", "adv"] {
            let text = fs::read_to_string(folder.join(format!("data.{part}"))).unwrap();
            // The licence stands in front, each line behind two spaces.
            for line in text.lines().filter(|line| !line.starts_with(' ')) {
                let (document, examples) = synset(line);
                synsets.push((hash(line), document, examples));
            }
        }
        synsets.sort();
        synsets.truncate(documents);
        let mut corpus = Self { documents: Vec::new(), queries: Vec::new(), answers: Vec::new() };
        for (place, (_, document, examples)) in synsets.into_iter().enumerate() {
            corpus.documents.push(document);
            if let Some(example) = examples.into_iter().find(|example| example.split(' ').count() >= 4)
                && corpus.queries.len() < queries
            {
                corpus.queries.push(example);
                corpus.answers.push(place);
            }
        }
        corpus
    }
}

/// Words on average.
pub fn words(texts: &[String]) -> f64 {
    texts.iter().map(|text| text.split_whitespace().count()).sum::<usize>() as f64 / texts.len() as f64
}

/// `offset file type count word id word id … | definition; "example"; "example"`
fn synset(line: &str) -> (String, Vec<String>) {
    let (head, gloss) = line.split_once(" | ").unwrap();
    let fields: Vec<&str> = head.split(' ').collect();
    let count = usize::from_str_radix(fields[3], 16).unwrap();
    let words: Vec<String> = (0..count).map(|n| fields[4 + 2 * n].replace('_', " ")).collect();
    let parts: Vec<&str> = gloss.trim().split('"').collect();
    let definition = parts[0].trim().trim_end_matches(';');
    let examples = parts.iter().skip(1).step_by(2).map(|example| (*example).to_owned()).collect();
    (format!("{}: {definition}", words.join(", ")), examples)
}

fn hash(text: &str) -> u64 {
    text.bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}
