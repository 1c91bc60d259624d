-- What a user brings and makes: LLM accounts and agents.

create table llm_providers (
    id             uuid primary key,
    user_id        uuid not null references users on delete cascade,
    slug           text not null check (slug ~ '^[a-z0-9-]{1,32}$'),
    kind           text not null,
    name           text not null,
    base_url       text,
    api_key        bytea,
    key_ends_in    text,
    key_generation integer not null default 1,
    models         jsonb not null default '[]',
    last_test      jsonb,
    version        bigint not null default 1,
    created_at     timestamptz not null default now(),
    updated_at     timestamptz not null default now(),
    unique (user_id, slug)
);
comment on table llm_providers is 'LLM accounts with their keys.';
comment on column llm_providers.id is 'UUIDv7; text form prv_….';
comment on column llm_providers.user_id is 'Whose account.';
comment on column llm_providers.slug is 'Immutable short name, unique per user; model references begin with it.';
comment on column llm_providers.kind is 'One of domain::provider::ProviderKind.';
comment on column llm_providers.name is 'Display name.';
comment on column llm_providers.base_url is 'Own endpoint; null = the kind''s usual one.';
comment on column llm_providers.api_key is 'Sealed with the user''s data key, purpose provider_api_key; null = none.';
comment on column llm_providers.key_ends_in is 'Last four characters of the key, to tell keys apart.';
comment on column llm_providers.key_generation is 'Counts keys: OpenClaw parks a rejected key under its provider id, a new key gets a new id.';
comment on column llm_providers.models is 'JSON array of {id}.';
comment on column llm_providers.last_test is 'Result of the last connection test: steps, cause, time. No secrets, no upstream text.';
comment on column llm_providers.version is 'Counts changes: the value of If-Match.';
comment on column llm_providers.created_at is 'Creation.';
comment on column llm_providers.updated_at is 'Last change.';

create table user_agent_configs (
    id          uuid primary key,
    user_id     uuid not null references users on delete cascade,
    slug        text not null check (slug ~ '^[a-z0-9-]{1,32}$'),
    name        text not null,
    model       text not null,
    fallbacks   text[] not null default '{}',
    personality jsonb not null default '{}',
    version     bigint not null default 1,
    created_at  timestamptz not null default now(),
    updated_at  timestamptz not null default now(),
    unique (user_id, slug)
);
comment on table user_agent_configs is 'Agents: name, models, personality.';
comment on column user_agent_configs.id is 'UUIDv7; text form agt_….';
comment on column user_agent_configs.user_id is 'Whose agent.';
comment on column user_agent_configs.slug is 'Immutable short name, unique per user; the agent''s id inside OpenClaw.';
comment on column user_agent_configs.name is 'Display name.';
comment on column user_agent_configs.model is '<provider slug>/<model id>.';
comment on column user_agent_configs.fallbacks is 'Further model references, tried in order.';
comment on column user_agent_configs.personality is 'JSON {soul, identity, user}.';
comment on column user_agent_configs.version is 'Counts changes: the value of If-Match.';
comment on column user_agent_configs.created_at is 'Creation.';
comment on column user_agent_configs.updated_at is 'Last change.';

do $$
declare t text;
begin
    foreach t in array array['llm_providers', 'user_agent_configs'] loop
        execute format('alter table %I enable row level security', t);
        execute format('alter table %I force row level security', t);
        execute format($p$create policy own on %I using (app_scope() = 'user' and user_id = app_user())$p$, t);
        execute format($p$create policy system on %I using (app_scope() = 'system')$p$, t);
    end loop;
end $$;
