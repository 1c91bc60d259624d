//! `make bench-knowledge`: how fast and how well the search works, and how fast texts are stored.
//!
//! Owns the order of the measurements. The texts are WordNet's: the words and definition of a synset are a document; its
//! example sentences and the definitions of another dictionary are questions that it is the right answer to. All vectors
//! are computed, those of the documents once: they are kept in a file. Prints Markdown.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_methods,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a measurement that cannot continue should stop with an error"
)]

mod background_users;
mod corpus;
mod database;
mod peers;
mod relevance;
mod searches;
mod vectors;

use corpus::Corpus;
use database::Database;

/// Documents of the largest user, unless `BENCH_KNOWLEDGE_DOCUMENTS` sets fewer.
const LARGE_DOCUMENTS: usize = 100_000;
/// Documents of the middle-sized user.
const MIDDLE_DOCUMENTS: usize = 10_000;
/// Queries that are measured and compared.
const QUERIES: usize = 1_000;

#[tokio::main]
async fn main() {
    let documents =
        std::env::var("BENCH_KNOWLEDGE_DOCUMENTS").map_or(LARGE_DOCUMENTS, |count| count.parse().unwrap());
    let corpus = Corpus::read(documents, QUERIES);
    println!(
        "{} documents of {:.0} words on average; questions: {} of {:.0} words, {} of {:.0}.\n",
        corpus.documents.len(),
        corpus::average_words(&corpus.documents),
        corpus.examples.name,
        corpus::average_words(&corpus.examples.texts),
        corpus.definitions.name,
        corpus::average_words(&corpus.definitions.texts)
    );
    let vectors = vectors::compute(&corpus).await;
    let database = Database::create().await;
    let large = database.user("large").await;
    if std::env::var("BENCH_KNOWLEDGE_ONLY").is_ok_and(|part| part == "relevance") {
        database.fill(large, &corpus.documents, &vectors.documents).await;
        database.vacuum().await;
        relevance::measure(&database, large, &corpus, &vectors).await;
        database.drop().await;
        return;
    }
    searches::print_header();
    let middle = database.user("middle").await;
    database
        .fill(middle, &corpus.documents[..MIDDLE_DOCUMENTS], &vectors.documents[..MIDDLE_DOCUMENTS])
        .await;
    database.vacuum().await;
    searches::measure(&database, "10,000 of one user, alone", middle, &corpus, &vectors).await;
    let rate = database.fill(large, &corpus.documents, &vectors.documents).await;
    database.vacuum().await;
    searches::measure(&database, &format!("{documents} of one user"), large, &corpus, &vectors).await;
    relevance::measure(&database, large, &corpus, &vectors).await;
    println!("\n| stored | chunks per second |\n|---|---|");
    println!("| saved, with their words | {:.0} |", rate.saved);
    println!("| vectors stored | {:.0} |", rate.vectors);
    if let Some(rate) = vectors.rate {
        println!("| embedded by the engine, in batches of {} | {rate:.0} |", vectors::BATCH_SIZE);
    }
    peers::measure(&database, &[("10,000", middle), ("all", large)], &vectors).await;
    if let Some(total) = background_users::total_rows() {
        let one = background_users::insert(&database, total, &corpus, &vectors).await;
        database.vacuum().await;
        searches::print_header();
        for (rows, user) in [(1_000, one), (MIDDLE_DOCUMENTS, middle), (documents, large)] {
            searches::measure(
                &database,
                &format!("{rows} of one user beside {total}"),
                user,
                &corpus,
                &vectors,
            )
            .await;
        }
    }
    database.drop().await;
}
