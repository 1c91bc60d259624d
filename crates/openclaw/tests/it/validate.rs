//! OpenClaw's own validator accepts the rendered config. Takes half a minute.

use crate::{
    config::{agent, everything, provider},
    container::{CONFIG, Container, image},
};
use domain::provider::ProviderKind;
use openclaw::render::{AgentInput, RenderInput, RenderedConfig, render};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

fn validate(container: &Container, rendered: &RenderedConfig) -> (bool, String) {
    container.write(CONFIG, rendered.config.expose_secret());
    container.shell("openclaw config validate", "")
}

#[test]
fn openclaws_own_validator_accepts_every_kind() {
    let image = image();
    let container = Container::start(&image);
    let whole = RenderInput {
        internal_url: Some("http://10.77.0.1:8081/api/internal".into()),
        ..everything("http://h")
    };
    let (ok, output) = validate(&container, &render(&whole));
    assert!(ok, "{output}");

    let least = RenderInput {
        providers: vec![provider("p", ProviderKind::Anthropic, "https://api.anthropic.com", "k")],
        agents: vec![AgentInput { tools: [].into(), ..agent("solo", "p/m") }],
        internal_url: None,
    };
    let (ok, output) = validate(&container, &render(&least));
    assert!(ok, "{output}");

    // The validator refuses an unknown key.
    let mut wrong: Value = serde_json::from_str(render(&least).config.expose_secret()).unwrap();
    wrong["gateway"]["nonsense"] = json!(true);
    container.write(CONFIG, &wrong.to_string());
    let (ok, output) = container.shell("openclaw config validate", "");
    assert!(!ok && output.contains("nonsense"), "{output}");
}
