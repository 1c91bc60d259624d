//! Interprets a provider's error responses.
//!
//! Owns the mapping from status and error body to a [`Cause`]. It must not pass on any text of the provider except for the
//! scrubbed message.

use crate::{
    cause::{Cause, Failure},
    outbound::{Response, header},
    scrub::scrub,
};
use secrecy::SecretString;
use serde_json::Value;

/// What an unsuccessful `response` means.
pub(crate) fn failure(response: &Response, key: Option<&SecretString>) -> Failure {
    let error = ErrorBody::read(&response.body);
    let status = response.status.as_u16();
    let cause = match (cause_of(status, &error), key) {
        (Cause::KeyRejected, None) => Cause::KeyMissing,
        (cause, _) => cause,
    };
    Failure {
        cause,
        status: Some(status),
        provider_says: error.message.and_then(|text| scrub(&text, key)),
        retry_after_seconds: retry_after(response),
        did_you_mean: Vec::new(),
    }
}

fn cause_of(status: u16, error: &ErrorBody) -> Cause {
    match status {
        300..=399 => Cause::Redirected,
        401 => Cause::KeyRejected,
        402 => Cause::QuotaExhausted,
        400..=499 if error.is_about_credit() => Cause::QuotaExhausted,
        429 => Cause::RateLimited,
        // Google and xAI reject a wrong key with 400.
        400 if error.is_about_the_key() => Cause::KeyRejected,
        400 | 403 | 404 | 422 if error.is_about_the_model() => Cause::ModelUnknown,
        403 => Cause::KeyForbidden,
        404 | 405 => Cause::NotFound,
        408 | 504 => Cause::TimedOut,
        400..=499 => Cause::RequestRejected,
        503 | 529 => Cause::Overloaded,
        500..=599 => Cause::ServerError,
        _ => Cause::BadAnswer,
    }
}

/// What error bodies of all dialects contain somewhere.
#[derive(Default)]
struct ErrorBody {
    message: Option<String>,
    /// Codes, types and reasons, in lower case, joined by spaces.
    tags: String,
}

impl ErrorBody {
    fn read(body: &[u8]) -> Self {
        let Ok(document) = serde_json::from_slice::<Value>(body) else {
            return Self::default();
        };
        let outer = document.get(0).unwrap_or(&document);
        let inner = &outer["error"];
        let messages =
            [&inner["message"], inner, &outer["message"], &outer["detail"], &outer["detail"][0]["msg"]];
        let tags = [&inner["type"], &inner["code"], &inner["status"], &outer["type"], &outer["code"]];
        let reasons = inner["details"].as_array().into_iter().flatten().map(|detail| &detail["reason"]);
        Self {
            message: messages.into_iter().find_map(Value::as_str).map(str::to_owned),
            tags: tags.into_iter().chain(reasons).filter_map(tag).collect::<Vec<_>>().join(" "),
        }
    }

    fn message_contains(&self, any: &[&str]) -> bool {
        let message = self.message.as_deref().unwrap_or_default().to_lowercase();
        any.iter().any(|needle| message.contains(needle))
    }

    fn has_tag(&self, any: &[&str]) -> bool {
        any.iter().any(|needle| self.tags.contains(needle))
    }

    fn is_about_credit(&self) -> bool {
        self.has_tag(&["insufficient_quota", "billing", "insufficient_balance", "credit"])
            || self.message_contains(&[
                "insufficient balance",
                "credit balance",
                "insufficient credit",
                "out of credit",
            ])
    }

    fn is_about_the_key(&self) -> bool {
        self.has_tag(&["api_key_invalid", "invalid_api_key", "authentication_error"])
            || self.message_contains(&[
                "incorrect api key",
                "invalid api key",
                "api key not valid",
                "api key expired",
            ])
    }

    fn is_about_the_model(&self) -> bool {
        self.has_tag(&["model_not_found", "invalid_model", "unknown_model"])
            || self.message_contains(&["model", "models/"])
                && self.message_contains(&[
                    "not found",
                    "not exist",
                    "unknown",
                    "no such",
                    "not a valid",
                    "invalid model",
                    "not supported",
                    "no endpoints",
                    "model: ",
                ])
    }

    /// The key may use models but not list them.
    fn is_about_scopes(&self) -> bool {
        self.message_contains(&["scope"])
    }

    fn is_about_the_token_field(&self) -> bool {
        self.message_contains(&["max_completion_tokens"])
    }
}

fn tag(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.to_lowercase()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// Whether the model list was refused for a missing scope. The key may still be good for chat.
pub(crate) fn is_missing_scope(response: &Response) -> bool {
    response.status.as_u16() == 403 && ErrorBody::read(&response.body).is_about_scopes()
}

/// Whether a completion was refused only for the name of the field that limits its tokens.
pub(crate) fn requires_newer_token_field(response: &Response) -> bool {
    response.status.as_u16() == 400 && ErrorBody::read(&response.body).is_about_the_token_field()
}

fn retry_after(response: &Response) -> Option<u32> {
    let seconds = response.headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(u32::min(seconds, 86_400))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;
    use crate::outbound::StatusCode;
    use serde_json::json;

    fn answer(status: u16, body: impl ToString) -> Response {
        Response {
            status: StatusCode::from_u16(status).unwrap(),
            headers: header::HeaderMap::new(),
            body: body.to_string().into(),
        }
    }

    fn cause(status: u16, body: impl ToString) -> Cause {
        failure(&answer(status, body), Some(&"sk-secret".into())).cause
    }

    #[test]
    #[rustfmt::skip] // One response per line.
    fn error_responses_of_providers_are_interpreted() {
        // OpenAI
        assert_eq!(cause(401, json!({"error":{"message":"Incorrect API key provided: sk-…","type":"invalid_request_error","code":"invalid_api_key"}})), Cause::KeyRejected);
        assert_eq!(cause(429, json!({"error":{"message":"You exceeded your current quota","type":"insufficient_quota","code":"insufficient_quota"}})), Cause::QuotaExhausted);
        assert_eq!(cause(429, json!({"error":{"message":"Rate limit reached for gpt-5.4","type":"tokens","code":"rate_limit_exceeded"}})), Cause::RateLimited);
        assert_eq!(cause(404, json!({"error":{"message":"The model `x` does not exist or you do not have access to it.","code":"model_not_found"}})), Cause::ModelUnknown);
        assert_eq!(cause(403, json!({"error":{"message":"Project does not have access to model x","code":"model_not_found"}})), Cause::ModelUnknown);
        assert_eq!(cause(403, json!({"error":{"message":"Country, region, or territory not supported","code":"unsupported_country_region_territory"}})), Cause::KeyForbidden);
        // Anthropic
        assert_eq!(cause(401, json!({"type":"error","error":{"type":"authentication_error","message":"invalid x-api-key"}})), Cause::KeyRejected);
        assert_eq!(cause(400, json!({"type":"error","error":{"type":"invalid_request_error","message":"Your credit balance is too low to access the Anthropic API."}})), Cause::QuotaExhausted);
        assert_eq!(cause(404, json!({"type":"error","error":{"type":"not_found_error","message":"model: claude-x"}})), Cause::ModelUnknown);
        assert_eq!(cause(529, json!({"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}})), Cause::Overloaded);
        // Google
        assert_eq!(cause(400, json!({"error":{"code":400,"message":"API key not valid. Please pass a valid API key.","status":"INVALID_ARGUMENT","details":[{"reason":"API_KEY_INVALID"}]}})), Cause::KeyRejected);
        assert_eq!(cause(404, json!({"error":{"code":404,"message":"models/x is not found for API version v1beta","status":"NOT_FOUND"}})), Cause::ModelUnknown);
        assert_eq!(cause(429, json!([{"error":{"code":429,"message":"Quota exceeded for requests per minute","status":"RESOURCE_EXHAUSTED"}}])), Cause::RateLimited);
        assert_eq!(cause(403, json!({"error":{"code":403,"message":"Generative Language API has not been used in project 1","status":"PERMISSION_DENIED"}})), Cause::KeyForbidden);
        // xAI, Z.ai, OpenRouter, Ollama, Mistral, FastAPI servers
        assert_eq!(cause(400, json!({"code":"invalid argument","error":"Incorrect API key provided: xa***."})), Cause::KeyRejected);
        assert_eq!(cause(429, json!({"error":{"code":"1113","message":"Insufficient balance or no resource package. Please recharge."}})), Cause::QuotaExhausted);
        assert_eq!(cause(400, json!({"error":{"code":"1211","message":"Unknown Model, please check the model code."}})), Cause::ModelUnknown);
        assert_eq!(cause(402, json!({"error":{"code":402,"message":"Insufficient credits"}})), Cause::QuotaExhausted);
        assert_eq!(cause(400, json!({"error":{"code":400,"message":"x/y is not a valid model ID"}})), Cause::ModelUnknown);
        assert_eq!(cause(404, json!({"error":"model 'x' not found"})), Cause::ModelUnknown);
        assert_eq!(cause(400, json!({"object":"error","message":"Invalid model: x","type":"invalid_model","code":"1500"})), Cause::ModelUnknown);
        assert_eq!(cause(404, json!({"detail":"Not Found"})), Cause::NotFound);
        assert_eq!(cause(422, json!({"detail":[{"msg":"field required"}]})), Cause::RequestRejected);
    }

    #[test]
    fn the_status_decides_when_the_body_says_nothing() {
        for (status, expected) in [
            (301, Cause::Redirected),
            (400, Cause::RequestRejected),
            (401, Cause::KeyRejected),
            (403, Cause::KeyForbidden),
            (404, Cause::NotFound),
            (405, Cause::NotFound),
            (408, Cause::TimedOut),
            (429, Cause::RateLimited),
            (500, Cause::ServerError),
            (502, Cause::ServerError),
            (503, Cause::Overloaded),
            (504, Cause::TimedOut),
            (204, Cause::BadAnswer),
        ] {
            for body in ["", "<html>model not found</html>", "[]", "null", "{\"error\":7}"] {
                let failure = failure(&answer(status, body), Some(&"sk-secret".into()));
                assert_eq!((failure.cause, failure.provider_says), (expected, None), "{status} {body}");
            }
        }
    }

    #[test]
    fn without_a_key_a_401_means_that_one_is_needed() {
        assert_eq!(failure(&answer(401, ""), None).cause, Cause::KeyMissing);
    }

    #[test]
    fn hostile_retry_after_is_bounded_or_ignored() {
        for (value, expected) in [
            ("7", Some(7)),
            ("99999999", Some(86_400)),
            ("99999999999999999999", None),
            ("-1", None),
            ("Wed, 21 Oct 2026 07:28:00 GMT", None),
            ("\u{7f}", None),
        ] {
            let mut answer = answer(429, "");
            let Ok(value) = header::HeaderValue::from_str(value) else { continue };
            answer.headers.insert(header::RETRY_AFTER, value);
            assert_eq!(retry_after(&answer), expected);
        }
    }
}
