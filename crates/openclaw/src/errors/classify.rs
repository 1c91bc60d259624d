//! From OpenClaw's error types and sentences to causes.
//!
//! Owns every sentence of OpenClaw that Mosaic recognises. All of them were observed on the real gateway.

use super::{Cause, UpstreamError};
use std::time::Duration;

const MAX_REJECTION_CHARS: usize = 300;
const MAX_RETRY_AFTER_SECONDS: u64 = 86_400;

/// An error inside a chat stream: `{"error":{"type","message"}}`.
pub(crate) fn classify_stream_error(kind: &str, message: &str) -> UpstreamError {
    let text = message.to_lowercase();
    let cause = cause_by_sentence(&text).unwrap_or_else(|| cause_by_type(kind, &text));
    UpstreamError { cause, retry_after: parse_retry_after(&text), rejection_message: None }
}

/// A response without a stream: its status, `Retry-After` in seconds, and the JSON error (empty without one).
pub(crate) fn classify_response(
    status: u16,
    retry_after: Option<u64>,
    kind: &str,
    message: &str,
) -> UpstreamError {
    let cause = match (status, kind) {
        (401, "unauthorized") => Cause::GatewayAuth,
        // The gateway's own 429; a provider's has another type.
        (429, kind) if kind != "rate_limit_error" && kind != "insufficient_quota" => Cause::GatewayLocked,
        (503, _) => Cause::AgentRestarting,
        (300..=399 | 404 | 405 | 415, _) | (_, "") => Cause::BadAnswer,
        _ => return classify_rejection(status, retry_after, kind, message),
    };
    UpstreamError { retry_after: retry_after.map(Duration::from_secs), ..cause.into() }
}

fn classify_rejection(status: u16, retry_after: Option<u64>, kind: &str, message: &str) -> UpstreamError {
    let error = classify_stream_error(kind, message);
    let is_rejection = status == 400 && error.cause == Cause::RequestRejected;
    let rejection_message = is_rejection.then(|| message.chars().take(MAX_REJECTION_CHARS).collect());
    let retry_after = retry_after.map(Duration::from_secs).or(error.retry_after);
    UpstreamError { retry_after, rejection_message, ..error }
}

/// The sentence that OpenClaw commits to the history instead of an answer.
pub(crate) fn classify_failed_entry(sentence: &str) -> UpstreamError {
    let text = sentence.to_lowercase();
    let cause = cause_by_sentence(&text).or_else(|| cause_by_status(&text)).unwrap_or(Cause::AgentFailed);
    UpstreamError { cause, retry_after: parse_retry_after(&text), rejection_message: None }
}

fn cause_by_sentence(text: &str) -> Option<Cause> {
    const TABLE: [(&str, Cause); 22] = [
        ("temporarily disabled after a provider auth/billing failure", Cause::KeyParked),
        ("no api key found", Cause::KeyMissing),
        ("context overflow", Cause::ContextTooLong),
        ("maximum context length", Cause::ContextTooLong),
        ("context_length_exceeded", Cause::ContextTooLong),
        ("prompt is too long", Cause::ContextTooLong),
        ("append-only response stream", Cause::AnswerRetracted),
        ("unknown agent", Cause::AgentUnknown),
        ("unknown model", Cause::ModelUnknown),
        ("model not found", Cause::ModelUnknown),
        ("configured model is unavailable", Cause::ModelUnknown),
        ("is not allowed for agent", Cause::ModelUnknown),
        ("upstream provider timeout", Cause::ProviderUnreachable),
        ("network connection error", Cause::ProviderUnreachable),
        ("llm request failed (request timed out)", Cause::ProviderUnreachable),
        ("upstream provider overloaded", Cause::Overloaded),
        ("upstream provider error", Cause::ServerError),
        ("request timed out", Cause::RunTimedOut),
        ("temporarily unavailable while suspending or restarting", Cause::AgentRestarting),
        ("session rebound", Cause::AgentFailed),
        ("rate limit", Cause::RateLimited),
        ("billing", Cause::QuotaExhausted),
    ];
    TABLE.iter().find(|(sentence, _)| text.contains(sentence)).map(|(_, cause)| *cause)
}

fn cause_by_type(kind: &str, text: &str) -> Cause {
    match kind {
        "authentication_error" if text.starts_with("403") => Cause::KeyForbidden,
        "authentication_error" => Cause::KeyRejected,
        "permission_error" => Cause::KeyForbidden,
        "insufficient_quota" => Cause::QuotaExhausted,
        "rate_limit_error" => Cause::RateLimited,
        "unauthorized" => Cause::GatewayAuth,
        "service_unavailable" => Cause::AgentRestarting,
        "invalid_request_error" if text.starts_with("404") => Cause::ModelUnknown,
        "invalid_request_error" => Cause::RequestRejected,
        _ => Cause::AgentFailed,
    }
}

/// "LLM request failed (authentication failed, HTTP 401)."
fn cause_by_status(text: &str) -> Option<Cause> {
    let (_, rest) = text.split_once("http ")?;
    Some(match rest.get(..3)?.parse::<u16>().ok()? {
        401 => Cause::KeyRejected,
        402 => Cause::QuotaExhausted,
        403 => Cause::KeyForbidden,
        404 => Cause::ModelUnknown,
        429 => Cause::RateLimited,
        529 => Cause::Overloaded,
        400..=499 => Cause::RequestRejected,
        500..=599 => Cause::ServerError,
        _ => return None,
    })
}

/// "Retry after about 10 minutes", "Retry-After: 2 seconds".
fn parse_retry_after(text: &str) -> Option<Duration> {
    let (_, rest) = text.split_once("retry after about ").or_else(|| text.split_once("retry-after: "))?;
    let mut words = rest.split_whitespace();
    let count: u64 = words.next()?.parse().ok()?;
    let unit = words.next()?;
    let seconds = if unit.starts_with("minute") { count.checked_mul(60)? } else { count };
    (seconds <= MAX_RETRY_AFTER_SECONDS).then(|| Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// Recorded from the gateway, with the cause that the user should see.
    const RECORDED: [(&str, &str, Cause); 20] = [
        ("authentication_error", "401 Incorrect API key provided: sk-***", Cause::KeyRejected),
        ("authentication_error", "403 failed with 403", Cause::KeyForbidden),
        (
            "authentication_error",
            "No API key found for provider \"s3-1\". Auth store: /data/state/openclaw.sqlite (agentDir: …).",
            Cause::KeyMissing,
        ),
        (
            "api_error",
            "Inline API key for provider \"p-1\" is temporarily disabled after a provider auth/billing failure. Retry after about 1 minute, or switch to a different auth profile/API key.",
            Cause::KeyParked,
        ),
        (
            "insufficient_quota",
            "429 You exceeded your current quota, please check your plan and billing details.",
            Cause::QuotaExhausted,
        ),
        ("insufficient_quota", "402 failed with 402", Cause::QuotaExhausted),
        ("rate_limit_error", "429 Rate limit reached for fake-1; Retry-After: 2 seconds", Cause::RateLimited),
        ("rate_limit_error", "429 failed with 429", Cause::RateLimited),
        ("api_error", "upstream provider error", Cause::ServerError),
        ("api_error", "upstream provider timeout", Cause::ProviderUnreachable),
        ("api_error", "upstream provider overloaded", Cause::Overloaded),
        ("api_error", "internal error", Cause::AgentFailed),
        (
            "api_error",
            "Failed to persist terminal assistant error: session rebound for sessionKey: agent:a:x",
            Cause::AgentFailed,
        ),
        (
            "api_error",
            "Assistant output cannot be represented as an append-only response stream.",
            Cause::AnswerRetracted,
        ),
        ("invalid_request_error", "404 The model `fake-9` does not exist", Cause::ModelUnknown),
        (
            "invalid_request_error",
            "Unknown model: gone-1/fake-1. Run `openclaw models list --refresh --provider gone-1` to inspect …",
            Cause::ModelUnknown,
        ),
        ("invalid_request_error", "422 failed with 422", Cause::RequestRejected),
        ("invalid_request_error", "400 failed with 400", Cause::RequestRejected),
        ("invalid_request_error", "Unknown agent 'nope'.", Cause::AgentUnknown),
        ("invalid_request_error", "Model 'p-1/x' is not allowed for agent 'ada'.", Cause::ModelUnknown),
    ];

    #[test]
    fn every_recorded_error_has_its_cause() {
        for (kind, message, cause) in RECORDED {
            assert_eq!(classify_stream_error(kind, message).cause, cause, "{message}");
        }
    }

    #[test]
    fn waiting_times_are_read() {
        let after = |message| classify_stream_error("api_error", message).retry_after.map(|d| d.as_secs());
        assert_eq!(after("… Retry after about 1 minute, or switch …"), Some(60));
        assert_eq!(after("… Retry after about 10 minutes, or …"), Some(600));
        assert_eq!(after("429 Rate limit reached; Retry-After: 2 seconds"), Some(2));
        assert_eq!(after("Retry-After: 99999999999999999999 seconds"), None);
        assert_eq!(after("Retry after about 307445734561825861 minutes"), None);
        assert_eq!(after("internal error"), None);
    }

    #[test]
    fn refusals_before_the_stream() {
        let cause = |status, kind, message| classify_response(status, None, kind, message).cause;
        assert_eq!(cause(401, "unauthorized", "Unauthorized"), Cause::GatewayAuth);
        assert_eq!(cause(401, "authentication_error", "401 Incorrect API key"), Cause::KeyRejected);
        assert_eq!(cause(429, "rate_limited", "Too many failed attempts"), Cause::GatewayLocked);
        assert_eq!(cause(429, "rate_limit_error", "429 slow down"), Cause::RateLimited);
        assert_eq!(cause(302, "", ""), Cause::BadAnswer);
        assert_eq!(cause(404, "", ""), Cause::BadAnswer);
        let restarting =
            classify_response(503, Some(1), "service_unavailable", "Gateway is temporarily unavailable");
        assert_eq!(restarting.cause, Cause::AgentRestarting);
        assert_eq!(restarting.retry_after, Some(Duration::from_secs(1)));
    }

    #[test]
    fn only_the_gateways_own_sentence_about_a_refused_request_is_kept() {
        let refused =
            classify_response(400, None, "invalid_request_error", "`temperature` must be between 0 and 2.");
        assert_eq!(refused.rejection_message.as_deref(), Some("`temperature` must be between 0 and 2."));
        assert_eq!(
            classify_response(401, None, "authentication_error", "401 key sk-123").rejection_message,
            None
        );
        assert_eq!(
            classify_stream_error("invalid_request_error", "400 your prompt was …").rejection_message,
            None
        );
        assert_eq!(
            classify_response(400, None, "invalid_request_error", &"ä".repeat(999))
                .rejection_message
                .unwrap()
                .chars()
                .count(),
            300
        );
    }

    #[test]
    fn sentences_committed_to_the_history() {
        for (sentence, cause) in [
            (
                "Context overflow: this conversation is too large for the model. Try /compact …",
                Cause::ContextTooLong,
            ),
            (
                "⚠️ LLM request failed (authentication failed, HTTP 401). Re-authenticate the provider and try again.",
                Cause::KeyRejected,
            ),
            (
                "⚠️ LLM request failed (authentication failed, HTTP 403). Re-authenticate …",
                Cause::KeyForbidden,
            ),
            ("⚠️ LLM request failed (model not found, HTTP 404).", Cause::ModelUnknown),
            (
                "⚠️ LLM request failed (rate limited, HTTP 429). This is usually temporary …",
                Cause::RateLimited,
            ),
            ("⚠️ LLM request failed (provider internal error, HTTP 500). This is …", Cause::ServerError),
            ("⚠️ LLM request failed (provider overloaded, HTTP 529). This is …", Cause::Overloaded),
            (
                "⚠️ LLM request failed (request timed out). This is usually temporary …",
                Cause::ProviderUnreachable,
            ),
            ("⚠️ LLM request failed (request format rejected, HTTP 400).", Cause::RequestRejected),
            (
                "This turn ended before a reply: ⚠️ The configured model is unavailable from …",
                Cause::ModelUnknown,
            ),
            ("LLM request failed: network connection error.", Cause::ProviderUnreachable),
            ("request timed out", Cause::RunTimedOut),
            ("⚠️ Agent run failed (model: p-1/m).", Cause::AgentFailed),
        ] {
            assert_eq!(classify_failed_entry(sentence).cause, cause, "{sentence}");
        }
    }
}
