//! Vectors of texts by an endpoint that speaks OpenAI's embeddings API.
//!
//! Owns the call and the check of its answer. It must not store vectors.

use crate::{
    cause::{Cause, Failure},
    outbound::{AllowedHosts, Outbound},
    session::{Session, Target},
};
use serde_json::Value;
use std::time::Duration;

/// The most numbers of a vector: what the database can index and compare.
const MOST_DIMENSIONS: usize = 4000;

/// One unit vector for each text, in their order, of the target's first model. Makes one request.
///
/// # Errors
/// Why there are none; [`Cause::BadAnswer`] also when they are not one for each text, or not all of one length.
pub async fn embed(
    outbound: &Outbound,
    allowed: &AllowedHosts,
    target: &Target,
    texts: &[String],
    within: Duration,
) -> Result<Vec<Vec<f32>>, Failure> {
    let Some(model) = target.models.first() else { return Err(Cause::ModelUnknown.into()) };
    let session = Session::open(outbound, allowed, target).await?;
    let document = session.embed(model, texts, within).await?;
    Ok(read(&document, texts.len()).ok_or(Cause::BadAnswer)?)
}

/// The vectors in the answer, by the places that it names; `None` when they cannot be used.
fn read(document: &Value, texts: usize) -> Option<Vec<Vec<f32>>> {
    let items = document["data"].as_array().filter(|items| items.len() == texts)?;
    let mut vectors = vec![Vec::new(); texts];
    for (n, item) in items.iter().enumerate() {
        let place = item["index"].as_u64().map_or(Some(n), |index| usize::try_from(index).ok())?;
        *vectors.get_mut(place)? = unit(&item["embedding"])?;
    }
    let dimensions = vectors.first()?.len();
    let usable = (1..=MOST_DIMENSIONS).contains(&dimensions);
    (usable && vectors.iter().all(|vector| vector.len() == dimensions)).then_some(vectors)
}

/// A vector of length one: then halves are precise enough, and a product is the cosine.
fn unit(numbers: &Value) -> Option<Vec<f32>> {
    let numbers: Vec<f64> = numbers.as_array()?.iter().map(Value::as_f64).collect::<Option<_>>()?;
    let length = numbers.iter().map(|number| number * number).sum::<f64>().sqrt();
    #[allow(clippy::cast_possible_truncation)] // That is the point.
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
    fn what_cannot_be_compared_is_no_answer() {
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
