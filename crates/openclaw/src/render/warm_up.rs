//! The model of the warm-up chat: Mosaic plays it on its internal port, so that no provider is asked.

use super::RenderInput;
use serde_json::{Value, json};

/// Not a slug, because of the underscores.
const PROVIDER: &str = "mosaic_warm_up";
pub(super) const MODEL: &str = "mosaic_warm_up/warm-up";

/// The entry in `models.providers`.
pub(super) fn provider(input: &RenderInput) -> Option<(String, Value)> {
    let url = input.internal_url.as_ref()?;
    let model = json!({ "id": "warm-up", "name": "warm-up", "input": ["text"] });
    let entry = json!({
        "api": "openai-completions",
        "apiKey": "${OPENCLAW_GATEWAY_TOKEN}",
        "baseUrl": format!("{url}/warm-up/v1"),
        "models": [model],
        "timeoutSeconds": 30,
    });
    Some((PROVIDER.to_owned(), entry))
}
