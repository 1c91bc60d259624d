#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
use super::*;
use proptest::prelude::*;

fn slug(text: &str) -> Slug {
    Slug::try_from(text.to_owned()).unwrap()
}

fn model(text: &str) -> ModelRef {
    ModelRef::try_from(text.to_owned()).unwrap()
}

fn provider(kind: ProviderKind) -> ProviderInput {
    ProviderInput {
        slug: slug(&format!("my-{kind}")),
        kind,
        base_url: "https://llm.example.com/v1/".into(),
        key: Some("sk-test".into()),
        key_generation: 3,
        models: vec![Model::parse("some/model-1").unwrap()],
    }
}

fn agent(name: &str, model_ref: &str) -> AgentInput {
    AgentInput {
        slug: Slug::from_name(name, "agent"),
        name: name.into(),
        model: model(model_ref),
        fallbacks: Vec::new(),
        personality: Personality::default(),
        tools: Tool::ALL.into(),
        skills: Vec::new(),
    }
}

fn input() -> RenderInput {
    RenderInput {
        providers: ProviderKind::ALL.map(provider).into(),
        agents: vec![agent("Ada", "my-anthropic/some/model-1"), agent("Bob", "my-openai/gpt-x")],
        internal_url: Some("http://10.77.0.1:8081/api/internal".into()),
    }
}

fn config(input: &RenderInput) -> Value {
    serde_json::from_str(render(input).config.expose_secret()).unwrap()
}

#[test]
fn each_kind_has_its_entry() {
    let config = config(&input());
    let entries = &config["models"]["providers"];
    // And the provider that Mosaic plays itself.
    assert_eq!(entries.as_object().unwrap().len(), ProviderKind::ALL.len() + 1);
    assert_eq!(entries["mosaic_warm_up"]["baseUrl"], "http://10.77.0.1:8081/api/internal/warm-up/v1");
    let lines: Vec<String> =
        ProviderKind::ALL.map(|kind| format!("{kind}: {}", entries[format!("my-{kind}-3")])).into();
    let snapshot = include_str!("kinds.snapshot");
    assert_eq!(lines.join("\n"), snapshot.trim_end(), "the rendering of a kind changed");
}

#[test]
fn agents_name_models_by_the_current_key_generation() {
    let mut input = input();
    input.agents[0].fallbacks = vec![model("my-groq/a"), model("gone/b")];
    let entries = &config(&input)["agents"]["entries"];
    let expected =
        json!({ "primary": "my-anthropic-3/some/model-1", "fallbacks": ["my-groq-3/a", "gone-0/b"] });
    assert_eq!(entries["ada"]["model"], expected);
    assert_eq!(entries["ada"]["workspace"], "/data/workspace-ada");
    assert_eq!(entries["bob"]["model"]["primary"], "my-openai-3/gpt-x");
}

#[test]
fn models_that_agents_name_are_offered_and_idle_providers_left_out() {
    let mut input = input();
    input.providers.iter_mut().for_each(|provider| provider.models.clear());
    let providers = &config(&input)["models"]["providers"];
    let names: Vec<&String> = providers.as_object().unwrap().keys().collect();
    assert_eq!(names, ["mosaic_warm_up", "my-anthropic-3", "my-openai-3"]);
    assert_eq!(providers["my-openai-3"]["models"][0]["id"], "gpt-x");
}

#[test]
fn a_new_key_is_a_new_provider() {
    let before = render(&input());
    let mut input = input();
    input.providers[0].key_generation += 1;
    let after = render(&input);
    assert_ne!(before.version, after.version);
    assert!(config(&input)["models"]["providers"]["my-anthropic-4"].is_object());
    assert_eq!(config(&input)["agents"]["entries"]["ada"]["model"]["primary"], "my-anthropic-4/some/model-1");
}

#[test]
fn plugins_tools_and_mcp_are_those_that_are_needed() {
    let all = config(&input());
    assert_eq!(all["plugins"]["allow"], json!(["memory-core", "ollama"]));
    assert_eq!(
        all["tools"]["alsoAllow"],
        json!(["read", "write", "edit", "exec", "web_fetch", "bundle-mcp"])
    );
    let mut input = input();
    input.providers.retain(|provider| provider.kind == ProviderKind::Anthropic);
    input.agents.iter_mut().for_each(|agent| agent.tools = [Tool::Read].into());
    input.internal_url = None;
    let few = config(&input);
    assert_eq!(few["plugins"]["allow"], json!(["memory-core"]));
    assert_eq!(few["tools"]["alsoAllow"], json!(["read"]));
    assert_eq!(few["mcp"], json!({}));
}

#[test]
fn personality_files_stay_below_openclaws_caps() {
    let mut input = input();
    input.agents.truncate(1);
    input.agents[0].personality =
        Personality { soul: "Calm.\n".into(), identity: "🔭".repeat(20_000), user: "ä".repeat(4_000) };
    let files = render(&input).files;
    let paths: Vec<&str> = files.iter().map(|file| file.path.as_str()).collect();
    let expected = ["AGENTS.md", "IDENTITY.md", "SOUL.md", "USER.md", "skills/mosaic/SKILL.md"];
    assert_eq!(paths, expected.map(|name| format!("workspace-ada/{name}")));
    let units: Vec<usize> = files.iter().map(|file| file.content.encode_utf16().count()).collect();
    assert!(units[1] <= 20_000 && units[3] == 4_000, "{units:?}");
    assert!(files[1].content.starts_with("# Identity\n\nName: Ada\n\n🔭"));
    assert_eq!(files[2].content, "# Soul\n\nCalm.\n");
}

#[test]
fn nothing_prints_keys_or_personality() {
    let mut input = input();
    input.agents[0].personality.soul = "my-soul".into();
    let printed = format!("{:?} {:?}", render(&input), input.providers);
    assert!(!printed.contains("sk-test") && !printed.contains("my-soul"), "{printed}");
}

#[test]
fn texts_with_references_arrive_as_they_are() {
    let mut input = input();
    input.providers[0].key = Some("a${HOME}b".into());
    input.agents[0].name = "${OPENCLAW_GATEWAY_TOKEN}".into();
    let config = config(&input);
    assert_eq!(config["models"]["providers"]["my-anthropic-3"]["apiKey"], "a$${HOME}b");
    assert_eq!(config["agents"]["entries"]["agent"], Value::Null);
    assert_eq!(config["agents"]["entries"]["ada"]["name"], "$${OPENCLAW_GATEWAY_TOKEN}");
    assert_eq!(config["gateway"]["auth"]["token"], "${OPENCLAW_GATEWAY_TOKEN}");
}

#[test]
fn the_envelope_carries_config_and_files() {
    let rendered = render(&input());
    let envelope: Value = serde_json::from_str(&rendered.envelope()).unwrap();
    assert_eq!(envelope["config"], config(&input()));
    assert_eq!(envelope["version"], rendered.version);
    assert_eq!(envelope["files"][0]["path"], "workspace-ada/AGENTS.md");
    assert!(rendered.version.len() == 16 && rendered.version.bytes().all(|b| b.is_ascii_hexdigit()));
}

fn keys_are_sorted(value: &Value) -> bool {
    match value {
        Value::Object(fields) => fields.keys().is_sorted() && fields.values().all(keys_are_sorted),
        Value::Array(items) => items.iter().all(keys_are_sorted),
        _ => true,
    }
}

#[test]
fn the_bytes_are_stable() {
    let (once, again) = (render(&input()), render(&input()));
    assert_eq!(once.config.expose_secret(), again.config.expose_secret());
    assert_eq!(once.version, again.version);
    let text = once.config.expose_secret().to_owned();
    assert!(keys_are_sorted(&serde_json::from_str(&text).unwrap()));
    let first = text.find("\"agents\"").unwrap();
    assert!(first < text.find("\"browser\"").unwrap() && text.ends_with("}\n"));
}

proptest! {
    #[test]
    fn every_part_of_a_text_counts_for_the_version(a in "[a-z]{0,4}", b in "[a-z]{0,4}", c in "[a-z]{0,4}", d in "[a-z]{0,4}") {
        let file = |path: &str, content: &str| StateFile { path: path.into(), content: content.into() };
        let same = (&a, &b) == (&c, &d);
        prop_assert_eq!(version("x", &[file(&a, &b)]) == version("x", &[file(&c, &d)]), same);
    }
}

#[test]
fn an_agent_has_its_own_tools_and_skills() {
    let mut input = input();
    input.agents[1].tools = [Tool::Read, Tool::WebFetch].into();
    input.agents[1].skills = vec![Skill {
        name: Slug::from_name("Birds", ""),
        description: "Use it for: \"birds\" --- #always".into(),
        content: "# Birds\n\nHerons first.".into(),
    }];
    let config = config(&input);
    let entries = &config["agents"]["entries"];
    assert_eq!(entries["ada"]["tools"], json!({ "deny": ["mosaic-bob__*"] }));
    assert_eq!(entries["ada"]["skills"], Value::Null);
    assert_eq!(entries["bob"]["tools"], json!({ "deny": ["write", "edit", "exec", "mosaic__*"] }));
    assert_eq!(entries["bob"]["skills"], json!(["mosaic", "birds"]));
    let files = render(&input).files;
    let skill = files.iter().find(|file| file.path == "workspace-bob/skills/birds/SKILL.md").unwrap();
    assert_eq!(
        skill.content,
        "---\nname: birds\ndescription: \"Use it for: \\\"birds\\\" --- #always\"\n---\n\n# Birds\n\nHerons first.\n"
    );
}

#[test]
fn each_agent_has_mosaics_tools_in_its_own_name() {
    let config = config(&input());
    let servers = &config["mcp"]["servers"];
    let names: Vec<&String> = servers.as_object().unwrap().keys().collect();
    assert_eq!(names, ["mosaic", "mosaic-bob"]);
    for (name, agent) in [("mosaic", "ada"), ("mosaic-bob", "bob")] {
        assert_eq!(servers[name]["headers"]["X-Mosaic-Agent"], agent);
        assert_eq!(servers[name]["headers"]["Authorization"], "Bearer ${OPENCLAW_GATEWAY_TOKEN}");
    }
    let files = render(&input()).files;
    let skill = |agent: &str| {
        let path = format!("workspace-{agent}/skills/mosaic/SKILL.md");
        files.iter().find(|file| file.path == path).unwrap().content.clone()
    };
    assert!(skill("ada").starts_with("---\nname: mosaic\ndescription: \"Lasting knowledge"));
    assert!(skill("ada").contains("`mosaic__findings_search`"));
    assert!(skill("bob").contains("`mosaic-bob__memory_set`") && !skill("bob").contains("`mosaic__"));
    // Mosaic's own agent has no other tools.
    let lister = &config["agents"]["entries"][SERVICE_AGENT];
    assert_eq!(
        lister["tools"],
        json!({ "alsoAllow": ["sessions", "sessions_list"], "deny": ["bundle-mcp"] })
    );
    assert!(Slug::try_from(SERVICE_AGENT.to_owned()).is_err(), "no user's agent can be it");
    // Providers accept the longest tool name.
    let longest = format!("mosaic-{}__conversations_search", "x".repeat(Slug::MAX));
    assert!(longest.len() <= 64, "{}", longest.len());
}
