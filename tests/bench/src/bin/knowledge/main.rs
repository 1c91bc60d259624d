//! `make bench-knowledge`: how fast and how well the search finds, and how fast texts get in.
//!
//! Owns the order of the measurements. The texts are WordNet's: a synset's words and definition are a document; example
//! sentences and another dictionary's definitions are questions for which it is the right answer. All vectors are really
//! made, those of the documents once and kept in a file. Prints Markdown.
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
    reason = "a measurement that cannot go on has nothing better to do than to say so and stop"
)]

mod corpus;
mod crowd;
mod peers;
mod relevance;
mod searches;
mod vectors;
mod world;

use corpus::Corpus;
use world::World;

/// Documents of the largest single user, unless `BENCH_KNOWLEDGE_DOCUMENTS` says fewer.
const LARGE: usize = 100_000;
/// Documents of the middling one.
const MIDDLE: usize = 10_000;
/// Queries that are timed and compared.
const QUERIES: usize = 1_000;

#[tokio::main]
async fn main() {
    let documents = std::env::var("BENCH_KNOWLEDGE_DOCUMENTS").map_or(LARGE, |count| count.parse().unwrap());
    let corpus = Corpus::read(documents, QUERIES);
    println!(
        "{} documents of {:.0} words on average; questions: {} of {:.0} words, {} of {:.0}.\n",
        corpus.documents.len(),
        corpus::words(&corpus.documents),
        corpus.examples.name,
        corpus::words(&corpus.examples.texts),
        corpus.definitions.name,
        corpus::words(&corpus.definitions.texts)
    );
    let vectors = vectors::of(&corpus).await;
    let world = World::make().await;
    let large = world.user("large").await;
    if std::env::var("BENCH_KNOWLEDGE_ONLY").is_ok_and(|part| part == "relevance") {
        world.fill(large, &corpus.documents, &vectors.documents).await;
        world.settle().await;
        relevance::judge(&world, large, &corpus, &vectors).await;
        world.remove().await;
        return;
    }
    searches::head();
    let middle = world.user("middle").await;
    world.fill(middle, &corpus.documents[..MIDDLE], &vectors.documents[..MIDDLE]).await;
    world.settle().await;
    searches::time(&world, "10,000 of one user, alone", middle, &corpus, &vectors).await;
    let rate = world.fill(large, &corpus.documents, &vectors.documents).await;
    world.settle().await;
    searches::time(&world, &format!("{documents} of one user"), large, &corpus, &vectors).await;
    relevance::judge(&world, large, &corpus, &vectors).await;
    println!("\n| in | pieces per second |\n|---|---|");
    println!("| saved, with their words | {:.0} |", rate.saved);
    println!("| vectors stored | {:.0} |", rate.vectors);
    if let Some(rate) = vectors.rate {
        println!("| embedded by the engine, in batches of {} | {rate:.0} |", vectors::BATCH);
    }
    peers::measure(&world, &[("10,000", middle), ("all", large)], &vectors).await;
    if let Some(total) = crowd::wanted() {
        let one = crowd::gather(&world, total, &corpus, &vectors).await;
        world.settle().await;
        searches::head();
        for (rows, user) in [(1_000, one), (MIDDLE, middle), (documents, large)] {
            searches::time(&world, &format!("{rows} of one user beside {total}"), user, &corpus, &vectors)
                .await;
        }
    }
    world.remove().await;
}
