//! Embeds texts by an endpoint with OpenAI's embeddings API.
//!
//! Owns the request and the check of its response. It must not store vectors.

use crate::{
    account::{AccountClient, ProviderAccount},
    cause::{Cause, Failure},
    outbound::{AllowedHosts, Outbound},
};
use serde_json::Value;
use std::time::Duration;

/// The database cannot index longer vectors.
const MAX_DIMENSIONS: usize = 4000;

/// One unit vector for each text, in the same order, from the account's first model. Makes one request.
///
/// # Errors
/// Why the request failed. [`Cause::BadAnswer`] also when the number of vectors is wrong or their lengths differ.
pub async fn embed(
    outbound: &Outbound,
    allowed: &AllowedHosts,
    account: &ProviderAccount,
    texts: &[String],
    timeout: Duration,
) -> Result<Vec<Vec<f32>>, Failure> {
    let Some(model) = account.models.first() else { return Err(Cause::ModelUnknown.into()) };
    let client = AccountClient::open(outbound, allowed, account).await?;
    let document = client.embed(model, texts, timeout).await?;
    Ok(read(&document, texts.len()).ok_or(Cause::BadAnswer)?)
}

/// The vectors in the response, ordered by their index; `None` when they cannot be used.
fn read(document: &Value, texts: usize) -> Option<Vec<Vec<f32>>> {
    let items = document["data"].as_array().filter(|items| items.len() == texts)?;
    let mut vectors = vec![Vec::new(); texts];
    for (n, item) in items.iter().enumerate() {
        let index = item["index"].as_u64().map_or(Some(n), |index| usize::try_from(index).ok())?;
        *vectors.get_mut(index)? = unit_vector(&item["embedding"])?;
    }
    let dimensions = vectors.first()?.len();
    let usable = (1..=MAX_DIMENSIONS).contains(&dimensions);
    (usable && vectors.iter().all(|vector| vector.len() == dimensions)).then_some(vectors)
}

/// A unit vector: half precision is enough for it, and a product of two is their cosine.
fn unit_vector(numbers: &Value) -> Option<Vec<f32>> {
    let numbers: Vec<f64> = numbers.as_array()?.iter().map(Value::as_f64).collect::<Option<_>>()?;
    let length = numbers.iter().map(|number| number * number).sum::<f64>().sqrt();
    #[allow(clippy::cast_possible_truncation)] // f32 is precise enough.
    let scaled = |number: f64| (number / length) as f32;
    (length.is_normal()).then(|| numbers.into_iter().map(scaled).collect())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use serde_json::json;

    #[test]
    fn vectors_come_in_the_order_of_the_texts_and_have_length_one() {
        let answer =
            json!({"data": [{"index": 1, "embedding": [0, 2]}, {"index": 0, "embedding": [3.0, 4.0]}]});
        assert_eq!(read(&answer, 2).unwrap(), [vec![0.6, 0.8], vec![0.0, 1.0]]);
    }

    #[test]
    fn vectors_that_cannot_be_compared_are_no_answer() {
        for wrong in [
            json!({}),
            json!({"data": []}),
            json!({"data": [{"embedding": [1]}]}),
            json!({"data": [{"embedding": [1]}, {"embedding": [1, 2]}]}),
            json!({"data": [{"embedding": [1, "x"]}, {"embedding": [1, 2]}]}),
            json!({"data": [{"embedding": [0, 0]}, {"embedding": [1, 2]}]}),
            json!({"data": [{"embedding": []}, {"embedding": []}]}),
            json!({"data": [{"index": 0, "embedding": [1]}, {"index": 0, "embedding": [1]}]}),
            json!({"data": [{"index": 9, "embedding": [1]}, {"embedding": [1]}]}),
        ] {
            assert_eq!(read(&wrong, 2), None, "{wrong}");
        }
    }
}
