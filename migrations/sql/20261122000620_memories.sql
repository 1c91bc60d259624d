-- What agents remember: JSON values by key, with versions to compare by and the history of each key.

create table agent_memories (
    user_id    uuid not null references users on delete cascade,
    agent_id   uuid references user_agent_configs on delete cascade,
    key        text collate "C" not null,
    value      jsonb,
    version    bigint not null,
    expires_at timestamptz,
    updated_at timestamptz not null,
    unique nulls not distinct (user_id, agent_id, key)
);
create index agent_memories_expired on agent_memories (expires_at) where expires_at is not null;
comment on table agent_memories is 'What agents remember.';
comment on column agent_memories.user_id is 'Whose.';
comment on column agent_memories.agent_id is 'Which agent''s; null = shared by all of the user''s.';
comment on column agent_memories.key is 'Its name; sorts bytewise, so that a prefix is a range.';
comment on column agent_memories.value is 'Any JSON; null (SQL) = deleted, the row keeps the version going.';
comment on column agent_memories.version is 'Counts writes and deletions of the key, from 1; never goes back while history is kept.';
comment on column agent_memories.expires_at is 'From when on it counts as deleted; null = never.';
comment on column agent_memories.updated_at is 'Last write or deletion.';

create table agent_memory_history (
    user_id  uuid not null references users on delete cascade,
    agent_id uuid references user_agent_configs on delete cascade,
    key      text collate "C" not null,
    version  bigint not null,
    value    jsonb,
    by       text not null check (by in ('person', 'agent')),
    at       timestamptz not null,
    unique nulls not distinct (user_id, agent_id, key, version)
);
comment on table agent_memory_history is 'The latest versions of each key.';
comment on column agent_memory_history.user_id is 'Whose.';
comment on column agent_memory_history.agent_id is 'As in agent_memories.';
comment on column agent_memory_history.key is 'The key.';
comment on column agent_memory_history.version is 'Its version then.';
comment on column agent_memory_history.value is 'What it was set to; null (SQL) = it was deleted.';
comment on column agent_memory_history.by is 'Who did it: a person or an agent.';
comment on column agent_memory_history.at is 'When.';

do $$
declare t text;
begin
    foreach t in array array['agent_memories', 'agent_memory_history'] loop
        execute format('alter table %I enable row level security', t);
        execute format('alter table %I force row level security', t);
        execute format($p$create policy own on %I using ((select app_scope()) = 'user' and user_id = (select app_user()))$p$, t);
        execute format($p$create policy system on %I using ((select app_scope()) = 'system')$p$, t);
    end loop;
end $$;
