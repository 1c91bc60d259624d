-- Sign-in with an OpenID Connect provider: its configuration, who is who, and what may be used once only.

create table oidc_provider (
    id              uuid primary key,
    only_one        boolean not null default true unique check (only_one),
    issuer          text not null,
    client_id       text not null,
    client_secret   bytea,
    label           text not null,
    scopes          text[] not null,
    auto_provision  boolean not null,
    allowed_domains text[] not null,
    allowed_groups  text[] not null,
    groups_claim    text not null,
    admin_groups    text[] not null,
    updated_at      timestamptz not null default now()
);
comment on table oidc_provider is 'The one identity provider, if there is one.';
comment on column oidc_provider.id is 'UUIDv7, new for every issuer; the sealed secret is bound to it.';
comment on column oidc_provider.only_one is 'Always true: there is at most one row.';
comment on column oidc_provider.issuer is 'Issuer exactly as the provider spells it.';
comment on column oidc_provider.client_id is 'Mosaic''s id at the provider.';
comment on column oidc_provider.client_secret is 'Sealed with the instance''s data key; null = public client with PKCE alone.';
comment on column oidc_provider.label is 'What the sign-in button says.';
comment on column oidc_provider.scopes is 'Scopes that are asked for besides openid.';
comment on column oidc_provider.auto_provision is 'Whether an unknown person gets an account.';
comment on column oidc_provider.allowed_domains is 'Domains of verified e-mail addresses that may come in; empty = any.';
comment on column oidc_provider.allowed_groups is 'Groups of which one is needed to come in; empty = any.';
comment on column oidc_provider.groups_claim is 'Claim that lists a person''s groups.';
comment on column oidc_provider.admin_groups is 'Groups whose members are admins, looked at in every sign-in; empty = roles are left alone.';
comment on column oidc_provider.updated_at is 'Last change.';

create table oidc_identities (
    issuer       text not null,
    subject      text not null,
    user_id      uuid not null references users on delete cascade,
    email        text,
    created_at   timestamptz not null default now(),
    last_used_at timestamptz not null default now(),
    primary key (issuer, subject)
);
create index oidc_identities_user on oidc_identities (user_id);
comment on table oidc_identities is 'Which account belongs to which person at which identity provider.';
comment on column oidc_identities.issuer is 'The provider (iss).';
comment on column oidc_identities.subject is 'The person there (sub); never reused by the provider.';
comment on column oidc_identities.user_id is 'The account here.';
comment on column oidc_identities.email is 'E-mail address at the last sign-in, for an admin to recognise the person.';
comment on column oidc_identities.created_at is 'First sign-in.';
comment on column oidc_identities.last_used_at is 'Last sign-in.';

create table oidc_flows (
    browser_hash bytea primary key,
    expires_at   timestamptz not null
);
comment on table oidc_flows is 'Sign-ins that a browser has begun and not ended; each ends once.';
comment on column oidc_flows.browser_hash is 'SHA-256 of the token in the browser''s cookie, from which state, nonce and verifier are derived.';
comment on column oidc_flows.expires_at is 'Until when it may end.';

create table oidc_logouts (
    issuer     text not null,
    token_id   text not null,
    expires_at timestamptz not null,
    primary key (issuer, token_id)
);
comment on table oidc_logouts is 'Logout tokens that were obeyed: each counts once.';
comment on column oidc_logouts.issuer is 'Who signed it (iss).';
comment on column oidc_logouts.token_id is 'Its id (jti).';
comment on column oidc_logouts.expires_at is 'From then on it would be refused for its age.';

do $$
declare t text;
begin
    foreach t in array array['oidc_provider', 'oidc_identities', 'oidc_flows', 'oidc_logouts'] loop
        execute format('alter table %I enable row level security', t);
        execute format('alter table %I force row level security', t);
        execute format($p$create policy system on %I using (app_scope() = 'system')$p$, t);
    end loop;
end $$;
create policy admin on oidc_provider using (app_scope() = 'admin');
create policy own on oidc_identities for select using (app_scope() = 'user' and user_id = app_user());
