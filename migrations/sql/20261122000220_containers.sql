-- Containers: what is wanted, what was seen, and the events that led from one to the other.

create table user_containers (
    id                 uuid primary key,
    user_id            uuid not null unique references users on delete cascade,
    desired            text not null default 'stopped' check (desired in ('running', 'stopped', 'removed')),
    generation         bigint not null default 0,
    observed           text not null default 'absent' check (observed in ('absent', 'starting', 'ready', 'stopped', 'failed')),
    stage              text not null default 'queued' check (stage in ('queued', 'creating', 'booting', 'loading', 'ready')),
    stage_since        timestamptz not null default now(),
    wanted_since       timestamptz,
    address            text,
    image              text,
    gateway_token      bytea,
    gateway_token_hash bytea unique,
    applied_version    text,
    applied_change     timestamptz,
    config_error       text,
    failure            jsonb,
    start_job          uuid,
    ready_at           timestamptz,
    last_used_at       timestamptz,
    created_at         timestamptz not null default now(),
    updated_at         timestamptz not null default now()
);
comment on table user_containers is 'The one OpenClaw container of each user.';
comment on column user_containers.id is 'UUIDv7; text form ctr_….';
comment on column user_containers.user_id is 'Whose container; one per user.';
comment on column user_containers.desired is 'What is wanted.';
comment on column user_containers.generation is 'Counts creates; a container of another generation is never talked to.';
comment on column user_containers.observed is 'What was last seen.';
comment on column user_containers.stage is 'How far the start has come, as a person is told.';
comment on column user_containers.stage_since is 'Since when it is in that stage.';
comment on column user_containers.wanted_since is 'When the present start was asked for.';
comment on column user_containers.address is 'Host address and port where OpenClaw answers; null while it does not.';
comment on column user_containers.image is 'Image of the present generation.';
comment on column user_containers.gateway_token is 'The container''s own token, sealed, purpose gateway_token.';
comment on column user_containers.gateway_token_hash is 'SHA-256 of it: how the internal port recognises the container. Null = revoked.';
comment on column user_containers.applied_version is 'Config version that the container reported to be in force.';
comment on column user_containers.applied_change is 'The newest change of its user''s providers and agents that it said it has, by their updated_at.';
comment on column user_containers.config_error is 'What OpenClaw said of the config it refused; null = none refused.';
comment on column user_containers.failure is 'Why it failed: {code, title, detail}; null = it did not.';
comment on column user_containers.start_job is 'The start-container job of the present start.';
comment on column user_containers.ready_at is 'When it last became ready.';
comment on column user_containers.last_used_at is 'Last chat activity.';
comment on column user_containers.created_at is 'Creation of the row.';
comment on column user_containers.updated_at is 'Last change of the row.';

create table system_containers (
    id                 uuid primary key,
    name               text not null unique,
    desired            text not null default 'stopped' check (desired in ('running', 'stopped', 'removed')),
    generation         bigint not null default 0,
    observed           text not null default 'absent' check (observed in ('absent', 'starting', 'ready', 'stopped', 'failed')),
    address            text,
    gateway_token      bytea,
    gateway_token_hash bytea unique,
    failure            jsonb,
    created_at         timestamptz not null default now(),
    updated_at         timestamptz not null default now()
);
comment on table system_containers is 'Containers of the instance itself, on the same machinery; none is needed yet.';
comment on column system_containers.id is 'UUIDv7; text form ctr_….';
comment on column system_containers.name is 'Its role.';
comment on column system_containers.desired is 'As in user_containers.';
comment on column system_containers.generation is 'As in user_containers.';
comment on column system_containers.observed is 'As in user_containers.';
comment on column system_containers.address is 'As in user_containers.';
comment on column system_containers.gateway_token is 'As in user_containers, sealed with the instance''s data key.';
comment on column system_containers.gateway_token_hash is 'As in user_containers.';
comment on column system_containers.failure is 'As in user_containers.';
comment on column system_containers.created_at is 'Creation of the row.';
comment on column system_containers.updated_at is 'Last change of the row.';

create table container_events (
    id           bigint generated always as identity primary key,
    container_id uuid not null references user_containers on delete cascade,
    user_id      uuid not null,
    generation   bigint not null,
    at           timestamptz not null default now(),
    what         text not null,
    detail       text not null default ''
);
create index container_events_container on container_events (container_id, id desc);
comment on table container_events is 'What happened to a container, written in the transaction that changed its row.';
comment on column container_events.id is 'Order of events.';
comment on column container_events.container_id is 'Which container.';
comment on column container_events.user_id is 'Whose container.';
comment on column container_events.generation is 'Its generation then.';
comment on column container_events.at is 'When.';
comment on column container_events.what is 'wanted, creating, booting, loading, ready, stopped, failed, removed, died, oom, config_applied, config_refused.';
comment on column container_events.detail is 'A plain sentence, never content.';

create table stage_timings (
    id    bigint generated always as identity primary key,
    stage text not null,
    ms    bigint not null,
    at    timestamptz not null default now()
);
create index stage_timings_stage on stage_timings (stage, id desc);
comment on table stage_timings is 'How long each stage of recent starts took on this instance: the source of "usually 9 s". Names nobody.';
comment on column stage_timings.id is 'Order.';
comment on column stage_timings.stage is 'queued, creating, booting or loading.';
comment on column stage_timings.ms is 'Milliseconds.';
comment on column stage_timings.at is 'When the stage ended.';

do $$
declare t text;
begin
    foreach t in array array['user_containers', 'container_events'] loop
        execute format('alter table %I enable row level security', t);
        execute format('alter table %I force row level security', t);
        execute format($p$create policy own on %I using (app_scope() = 'user' and user_id = app_user())$p$, t);
        execute format($p$create policy admin_reads on %I for select using (app_scope() = 'admin')$p$, t);
        execute format($p$create policy system on %I using (app_scope() = 'system')$p$, t);
    end loop;
end $$;

alter table system_containers enable row level security;
alter table system_containers force row level security;
create policy admin_reads on system_containers for select using (app_scope() = 'admin');
create policy system on system_containers using (app_scope() = 'system');

alter table stage_timings enable row level security;
alter table stage_timings force row level security;
create policy everyone_reads on stage_timings for select using (app_scope() in ('user', 'admin', 'system'));
create policy system on stage_timings using (app_scope() = 'system');
