//! OpenClaw's own validator accepts what is rendered. Needs `MOSAIC_TEST_AGENT_IMAGE`; half a minute.

use crate::{
    config::{agent, everything, provider},
    container::{CONFIG, Container, image},
};
use domain::provider::ProviderKind;
use openclaw::render::{Agent, Input, Rendered, render};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

fn validate(container: &Container, rendered: &Rendered) -> (bool, String) {
    container.write(CONFIG, rendered.config.expose_secret());
    container.shell("openclaw config validate", "")
}

#[test]
fn openclaws_own_validator_accepts_every_kind() {
    let Some(image) = image() else { return };
    let container = Container::start(&image);
    let whole =
        Input { internal_url: Some("http://10.77.0.1:8081/api/internal".into()), ..everything("http://h") };
    let (ok, said) = validate(&container, &render(&whole));
    assert!(ok, "{said}");

    let least = Input {
        providers: vec![provider("p", ProviderKind::Anthropic, "https://api.anthropic.com", "k")],
        agents: vec![Agent { tools: [].into(), ..agent("solo", "p/m") }],
        internal_url: None,
    };
    let (ok, said) = validate(&container, &render(&least));
    assert!(ok, "{said}");

    // The validator bites: a key it does not know is refused.
    let mut wrong: Value = serde_json::from_str(render(&least).config.expose_secret()).unwrap();
    wrong["gateway"]["nonsense"] = json!(true);
    container.write(CONFIG, &wrong.to_string());
    let (ok, said) = container.shell("openclaw config validate", "");
    assert!(!ok && said.contains("nonsense"), "{said}");
}
