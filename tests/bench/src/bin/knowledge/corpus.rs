//! WordNet's synsets as documents, and questions that have one of them as their right answer.
//!
//! There are two sets of questions: WordNet's own example sentences, which mostly contain the word that they are an
//! example of, and the definitions of another dictionary (GCIDE, which is Webster's of 1913 with additions), which say the
//! same in other words.

use serde::Deserialize;
use std::{
    collections::{BTreeMap, HashMap, HashSet},
    fs,
    path::PathBuf,
};

/// Questions with one right answer each.
pub struct Questions {
    pub name: &'static str,
    pub texts: Vec<String>,
    /// The index of the right document for each question.
    pub answers: Vec<usize>,
}

/// Documents and questions.
pub struct Corpus {
    /// The words and the definition of a synset, in an order that is independent of the dictionary.
    pub documents: Vec<String>,
    pub examples: Questions,
    /// Of the other dictionary.
    pub definitions: Questions,
}

impl Corpus {
    /// Reads the dictionaries in `BENCH_WORDNET` and `BENCH_GCIDE`: `documents` synsets, and at most `questions` questions
    /// of each set.
    pub fn read(documents: usize, questions: usize) -> Self {
        let mut synsets: Vec<(u64, Synset)> = Vec::new();
        for part in ["noun", "verb", "adj", "adv"] {
            let text = fs::read_to_string(folder("BENCH_WORDNET").join(format!("data.{part}"))).unwrap();
            // The licence is at the beginning; each of its lines starts with two spaces.
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

fn examples(synsets: &[Synset], max: usize) -> Questions {
    let example = |(index, synset): (usize, &Synset)| {
        let example = synset.examples.iter().find(|example| example.split(' ').count() >= 4)?;
        Some((example.clone(), index))
    };
    let (texts, answers) = synsets.iter().enumerate().filter_map(example).take(max).unzip();
    Questions { name: "example sentences", texts, answers }
}

/// An entry of GCIDE in the format of the package.
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

/// Definitions of words that have one meaning in both dictionaries, in the order of a hash. GCIDE copied some definitions
/// from an older WordNet: a definition is left out if half of its words are in the answer too, or if it contains the word
/// itself.
fn definitions(synsets: &[Synset], documents: usize, max: usize) -> Questions {
    let mut of_word: HashMap<String, Vec<usize>> = HashMap::new();
    for (index, synset) in synsets.iter().enumerate() {
        for word in &synset.words {
            of_word.entry(word.to_lowercase()).or_default().push(index);
        }
    }
    let mut found: Vec<(u64, String, usize)> = Vec::new();
    for (word, entry) in gcide() {
        let mut all = entry.pos.iter().flat_map(|part| &part.definitions);
        let (Some(only), None) = (all.next(), all.next()) else { continue };
        let [index] = of_word.get(&word.to_lowercase()).map_or(&[][..], Vec::as_slice) else { continue };
        let (asked, answer) = (words_of(&only.text), words_of(&synsets[*index].definition));
        let common = asked.intersection(&answer).count() * 2;
        let stem: String = word.to_lowercase().chars().take(5).collect();
        let contains_word = asked.iter().any(|other| other.starts_with(&stem));
        let length = only.text.split_whitespace().count();
        if *index < documents
            && (5..=60).contains(&length)
            && common < asked.union(&answer).count()
            && !contains_word
        {
            found.push((hash(&word), only.text.clone(), *index));
        }
    }
    found.sort();
    let (texts, answers) = found.into_iter().take(max).map(|(_, text, index)| (text, index)).unzip();
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

/// The words of a text, in lower case.
fn words_of(text: &str) -> HashSet<String> {
    let words = text.split(|letter: char| !letter.is_ascii_alphabetic());
    words.filter(|word| !word.is_empty()).map(str::to_lowercase).collect()
}

/// The average number of words.
pub fn average_words(texts: &[String]) -> f64 {
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
