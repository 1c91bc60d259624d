-- The ground everything else stands on: pgvector, the two functions that row-level security reads,
-- and the instance's own configuration.

create extension if not exists vector;

-- 'user', 'admin' or 'system'; an unset scope sees nothing.
create function app_scope() returns text language sql stable parallel safe
    return coalesce(current_setting('app.scope', true), '');

-- The acting user, null when nobody acts.
create function app_user() returns uuid language sql stable parallel safe
    return nullif(current_setting('app.user_id', true), '')::uuid;

create table system_config (
    key        text primary key,
    value      jsonb not null,
    version    bigint not null default 1,
    updated_at timestamptz not null default now()
);
comment on table system_config is 'Instance-wide facts: settings, onboarding state, instance id, key check. Secrets only in sealed form.';
comment on column system_config.key is 'Name of the fact, for example settings or onboarding.';
comment on column system_config.value is 'The fact as JSON.';
comment on column system_config.version is 'Counts changes: the value of If-Match.';
comment on column system_config.updated_at is 'Last change.';

alter table system_config enable row level security;
alter table system_config force row level security;
create policy everyone_reads on system_config for select using (app_scope() in ('user', 'admin', 'system'));
create policy admin_writes on system_config for update using (app_scope() in ('admin', 'system'));
create policy system_creates on system_config for insert with check (app_scope() = 'system');
