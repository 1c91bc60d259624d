//! W3C trace context: the request that logs, spans and jobs belong to.
//!
//! Owns the form of a `traceparent` (<https://www.w3.org/TR/trace-context/>, version 00). Clients may choose it, so that it
//! must never grant any rights.

use std::fmt;

/// A span of a trace: `00-<trace id>-<span id>-<flags>`, in lower-case hexadecimal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TraceParent(String);

impl TraceParent {
    /// The first span of a new trace. Neither number may be 0.
    pub fn new(trace: u128, span: u64) -> Self {
        Self(format!("00-{trace:032x}-{span:016x}-01"))
    }

    /// Reads the header of a client or another service; `None` when it is not valid.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('-');
        let (version, trace, span, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let lengths = (version.len(), trace.len(), span.len(), flags.len());
        let hex = |part: &str| part.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        let empty = |part: &str| part.bytes().all(|byte| byte == b'0');
        // Later versions may append parts, which are dropped.
        let known =
            lengths == (2, 32, 16, 2) && version != "ff" && (version != "00" || parts.next().is_none());
        let sound = [version, trace, span, flags].into_iter().all(hex) && !empty(trace) && !empty(span);
        (known && sound).then(|| Self(format!("00-{trace}-{span}-{flags}")))
    }

    /// The same trace with another span.
    #[must_use]
    pub fn child(&self, span: u64) -> Self {
        Self(format!("{}{span:016x}{}", &self.0[..36], &self.0[52..]))
    }

    /// The trace's id: 32 hexadecimal digits.
    pub fn trace_id(&self) -> &str {
        &self.0[3..35]
    }

    /// The span's id: 16 hexadecimal digits.
    pub fn span_id(&self) -> &str {
        &self.0[36..52]
    }

    /// Whether the trace is to be recorded.
    pub fn sampled(&self) -> bool {
        u8::from_str_radix(&self.0[53..], 16).is_ok_and(|flags| flags & 1 == 1)
    }

    /// As stored in headers and columns.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TraceParent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const SENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    #[test]
    fn a_trace_goes_on_with_another_span() {
        let sent = TraceParent::parse(SENT).unwrap();
        assert_eq!(sent.trace_id(), "0af7651916cd43dd8448eb211c80319c");
        assert_eq!((sent.span_id(), sent.sampled()), ("b7ad6b7169203331", true));
        assert!(!TraceParent::parse(&SENT.replace("-01", "-00")).unwrap().sampled());
        assert_eq!(sent.child(7).as_str(), "00-0af7651916cd43dd8448eb211c80319c-0000000000000007-01");
        let own = TraceParent::new(1, 2);
        assert_eq!(TraceParent::parse(own.as_str()), Some(own));
        assert_eq!(TraceParent::parse(&SENT.replace("00-0", "01-0").replace("-01", "-01-new")), Some(sent));
    }

    #[test]
    fn what_is_not_one_is_none() {
        for wrong in [
            "",
            "00",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
            "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
            "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more",
            "00-äf7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        ] {
            assert_eq!(TraceParent::parse(wrong), None, "{wrong}");
        }
    }
}
