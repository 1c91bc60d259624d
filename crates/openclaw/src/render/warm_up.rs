//! The model with which OpenClaw is warmed up: Mosaic plays it on its internal port, so that it costs nobody's tokens.

use super::Input;
use serde_json::{Value, json};

/// Its provider's name; no slug has an underscore.
const PROVIDER: &str = "mosaic_warm_up";
/// Its full name.
pub(super) const MODEL: &str = "mosaic_warm_up/warm-up";

/// Its entry in `models.providers`.
pub(super) fn provider(input: &Input) -> Option<(String, Value)> {
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
