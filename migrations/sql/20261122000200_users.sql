-- People, how they sign in, and the wrapped key that seals their secrets.

create table users (
    id           uuid primary key,
    username     text not null,
    display_name text not null,
    role         text not null check (role in ('user', 'admin')),
    disabled_at  timestamptz,
    created_at   timestamptz not null default now()
);
create unique index users_username on users (lower(username));
comment on table users is 'Accounts.';
comment on column users.id is 'UUIDv7; text form usr_….';
comment on column users.username is 'Sign-in name, unique without regard to case.';
comment on column users.display_name is 'Name shown in the UI.';
comment on column users.role is 'user or admin.';
comment on column users.disabled_at is 'Since when the account is shut; null = open.';
comment on column users.created_at is 'Creation.';

create table breakglass_users (
    user_id       uuid primary key references users on delete cascade,
    password_hash text not null,
    changed_at    timestamptz not null default now()
);
comment on table breakglass_users is 'Local admins that work without any identity provider.';
comment on column breakglass_users.user_id is 'The account.';
comment on column breakglass_users.password_hash is 'Argon2id in PHC format.';
comment on column breakglass_users.changed_at is 'Last change of the password.';

create table sessions (
    id           uuid primary key,
    user_id      uuid not null references users on delete cascade,
    token_hash   bytea not null unique,
    created_at   timestamptz not null default now(),
    last_seen_at timestamptz not null default now(),
    expires_at   timestamptz not null,
    user_agent   text not null default '',
    address      text not null default ''
);
create index sessions_user on sessions (user_id);
comment on table sessions is 'Browser sessions; the cookie holds a reference token.';
comment on column sessions.id is 'UUIDv7; text form ses_….';
comment on column sessions.user_id is 'Whose session.';
comment on column sessions.token_hash is 'SHA-256 of the token; the token itself is stored nowhere.';
comment on column sessions.created_at is 'Sign-in.';
comment on column sessions.last_seen_at is 'Last request, to the minute.';
comment on column sessions.expires_at is 'Absolute end.';
comment on column sessions.user_agent is 'Browser as it named itself, clipped.';
comment on column sessions.address is 'Network address of the sign-in.';

create table api_tokens (
    id           uuid primary key,
    user_id      uuid not null references users on delete cascade,
    name         text not null,
    token_hash   bytea not null unique,
    ends_in      text not null,
    scopes       text[] not null,
    created_at   timestamptz not null default now(),
    expires_at   timestamptz,
    last_used_at timestamptz
);
create index api_tokens_user on api_tokens (user_id);
comment on table api_tokens is 'Bearer tokens for programs.';
comment on column api_tokens.id is 'UUIDv7; text form tok_….';
comment on column api_tokens.user_id is 'Whose token.';
comment on column api_tokens.name is 'What the user called it.';
comment on column api_tokens.token_hash is 'SHA-256 of the token; the token itself is shown once and stored nowhere.';
comment on column api_tokens.ends_in is 'Last four characters, to tell tokens apart.';
comment on column api_tokens.scopes is 'What it may do: chat, knowledge, jobs.';
comment on column api_tokens.created_at is 'Creation.';
comment on column api_tokens.expires_at is 'End of validity; null = until revoked.';
comment on column api_tokens.last_used_at is 'Last use, to the minute.';

create table user_keys (
    user_id    uuid primary key references users on delete cascade,
    key_id     text not null,
    wrapped    bytea not null,
    updated_at timestamptz not null default now()
);
comment on table user_keys is 'One data key per user, wrapped by a key derived from MOSAIC_SECRET_KEY.';
comment on column user_keys.user_id is 'Whose key.';
comment on column user_keys.key_id is 'Id of the instance key that wraps it.';
comment on column user_keys.wrapped is 'The wrapped data key (AES-256-GCM).';
comment on column user_keys.updated_at is 'Last (re-)wrapping.';

alter table users enable row level security;
alter table users force row level security;
create policy own on users for select using (app_scope() = 'user' and id = app_user());
create policy admin_reads on users for select using (app_scope() = 'admin');
create policy admin_updates on users for update using (app_scope() = 'admin');
create policy system on users using (app_scope() = 'system');

alter table breakglass_users enable row level security;
alter table breakglass_users force row level security;
create policy system on breakglass_users using (app_scope() = 'system');

do $$
declare t text;
begin
    foreach t in array array['sessions', 'api_tokens', 'user_keys'] loop
        execute format('alter table %I enable row level security', t);
        execute format('alter table %I force row level security', t);
        execute format($p$create policy own on %I using (app_scope() = 'user' and user_id = app_user())$p$, t);
        execute format($p$create policy system on %I using (app_scope() = 'system')$p$, t);
    end loop;
end $$;
