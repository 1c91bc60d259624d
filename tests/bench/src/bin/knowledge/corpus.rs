//! WordNet's synsets as documents; questions that have one of them as their right answer.
//!
//! Two sets of questions: WordNet's own example sentences, which mostly hold the very word that they are an example of,
//! and definitions of another dictionary (GCIDE, which is Webster's of 1913 with additions): the same thing said by
//! somebody else, without the word.

use serde::Deserialize;
use std::{
    collections::{BTreeMap, HashMap, HashSet},
    fs,
    path::PathBuf,
};

/// Questions with one right answer each.
pub struct Questions {
    /// What they are.
    pub name: &'static str,
    /// The questions.
    pub texts: Vec<String>,
    /// For each the place of its document.
    pub answers: Vec<usize>,
}

/// Texts to find, and texts to find them by.
pub struct Corpus {
    /// A synset's words and its definition, in an order that has nothing to do with the dictionary's.
    pub documents: Vec<String>,
    /// Example sentences.
    pub examples: Questions,
    /// Definitions by others.
    pub definitions: Questions,
}

impl Corpus {
    /// Reads the dictionaries in `BENCH_WORDNET` and `BENCH_GCIDE`: `documents` synsets, and of each sort of question one
    /// for each of `questions` of them.
    pub fn read(documents: usize, questions: usize) -> Self {
        let mut synsets: Vec<(u64, Synset)> = Vec::new();
        for part in ["noun", "verb", "adj", "adv"] {
            let text = fs::read_to_string(folder("BENCH_WORDNET").join(format!("data.{part}"))).unwrap();
            // The licence stands in front, each line behind two spaces.
            for line in text.lines().filter(|line| !line.starts_with(' ')) {
                synsets.push((hash(line), synset(line)));
            }
        }
        synsets.sort_by_key(|(order, _)| *order);
        let mut synsets: Vec<Synset> = synsets.into_iter().map(|(_, synset)| synset).collect();
        let definitions = definitions(&synsets, documents, questions);
        synsets.truncate(documents);
        Self {
            examples: examples(&synsets, questions),
            definitions,
            documents: synsets.iter().map(text).collect(),
        }
    }
}

fn folder(variable: &str) -> PathBuf {
    PathBuf::from(std::env::var(variable).expect("run this by `make bench-knowledge`"))
}

struct Synset {
    words: Vec<String>,
    definition: String,
    examples: Vec<String>,
}

fn text(synset: &Synset) -> String {
    format!("{}: {}", synset.words.join(", "), synset.definition)
}

fn examples(synsets: &[Synset], most: usize) -> Questions {
    let example = |(place, synset): (usize, &Synset)| {
        let example = synset.examples.iter().find(|example| example.split(' ').count() >= 4)?;
        Some((example.clone(), place))
    };
    let (texts, answers) = synsets.iter().enumerate().filter_map(example).take(most).unzip();
    Questions { name: "example sentences", texts, answers }
}

/// An entry of GCIDE as the package has it.
#[derive(Deserialize)]
struct Entry {
    pos: Vec<PartOfSpeech>,
}

#[derive(Deserialize)]
struct PartOfSpeech {
    definitions: Vec<Definition>,
}

#[derive(Deserialize)]
struct Definition {
    text: String,
}

/// Of words with one meaning in both dictionaries, the order that of a hash. GCIDE took some definitions over from an older
/// WordNet: what has half of its words in common with the answer is left out, and what names the word itself.
fn definitions(synsets: &[Synset], within: usize, most: usize) -> Questions {
    let mut of_word: HashMap<String, Vec<usize>> = HashMap::new();
    for (place, synset) in synsets.iter().enumerate() {
        for word in &synset.words {
            of_word.entry(word.to_lowercase()).or_default().push(place);
        }
    }
    let mut found: Vec<(u64, String, usize)> = Vec::new();
    for (word, entry) in gcide() {
        let mut all = entry.pos.iter().flat_map(|part| &part.definitions);
        let (Some(only), None) = (all.next(), all.next()) else { continue };
        let [place] = of_word.get(&word.to_lowercase()).map_or(&[][..], Vec::as_slice) else { continue };
        let (asked, answer) = (plain(&only.text), plain(&synsets[*place].definition));
        let common = asked.intersection(&answer).count() * 2;
        let stem: String = word.to_lowercase().chars().take(5).collect();
        let says_it = asked.iter().any(|other| other.starts_with(&stem));
        let length = only.text.split_whitespace().count();
        if *place < within && (5..=60).contains(&length) && common < asked.union(&answer).count() && !says_it
        {
            found.push((hash(&word), only.text.clone(), *place));
        }
    }
    found.sort();
    let (texts, answers) = found.into_iter().take(most).map(|(_, text, place)| (text, place)).unzip();
    Questions { name: "definitions of another dictionary", texts, answers }
}

fn gcide() -> BTreeMap<String, Entry> {
    let mut all = BTreeMap::new();
    for file in fs::read_dir(folder("BENCH_GCIDE")).unwrap() {
        let entries: BTreeMap<String, Entry> =
            serde_json::from_slice(&fs::read(file.unwrap().path()).unwrap()).unwrap();
        all.extend(entries);
    }
    all
}

/// The words of a text, without anything else.
fn plain(text: &str) -> HashSet<String> {
    let words = text.split(|letter: char| !letter.is_ascii_alphabetic());
    words.filter(|word| !word.is_empty()).map(str::to_lowercase).collect()
}

/// Words on average.
pub fn words(texts: &[String]) -> f64 {
    texts.iter().map(|text| text.split_whitespace().count()).sum::<usize>() as f64 / texts.len() as f64
}

/// `offset file type count word id word id … | definition; "example"; "example"`
fn synset(line: &str) -> Synset {
    let (head, gloss) = line.split_once(" | ").unwrap();
    let fields: Vec<&str> = head.split(' ').collect();
    let count = usize::from_str_radix(fields[3], 16).unwrap();
    let words: Vec<String> = (0..count).map(|n| fields[4 + 2 * n].replace('_', " ")).collect();
    let parts: Vec<&str> = gloss.trim().split('"').collect();
    let definition = parts[0].trim().trim_end_matches(';');
    let examples = parts.iter().skip(1).step_by(2).map(|example| (*example).to_owned()).collect();
    Synset { words, definition: definition.to_owned(), examples }
}

fn hash(text: &str) -> u64 {
    text.bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}
