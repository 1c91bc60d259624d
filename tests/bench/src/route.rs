//! The routes to the same agent: directly, through Mosaic's two endpoints, and through LiteLLM.

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Route {
    /// The agent's gateway itself.
    Direct,
    /// `POST /v1/chat/completions`.
    PassThrough,
    /// `POST /api/chats/…/turns`, then its events.
    Turn,
    /// LiteLLM's proxy.
    LiteLlm,
}

impl Route {
    pub const ALL: [Self; 4] = [Self::Direct, Self::PassThrough, Self::Turn, Self::LiteLlm];

    /// The name in the report.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Direct => "the agent directly",
            Self::PassThrough => "Mosaic /v1",
            Self::Turn => "Mosaic stored turn",
            Self::LiteLlm => "LiteLLM",
        }
    }
}
