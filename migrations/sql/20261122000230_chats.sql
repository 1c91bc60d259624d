-- Chats, their turns, and the short-lived stream of events of a running turn.

create table chats (
    id         uuid primary key,
    user_id    uuid not null references users on delete cascade,
    title      text not null default '',
    agent_id   uuid references user_agent_configs on delete set null,
    branch     integer not null default 0,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    deleted_at timestamptz
);
create index chats_user on chats (user_id, updated_at desc, id) where deleted_at is null;
comment on table chats is 'Conversations in the chat.';
comment on column chats.id is 'UUIDv7; text form cht_….';
comment on column chats.user_id is 'Whose chat.';
comment on column chats.title is 'Title; the first words of the first message until renamed.';
comment on column chats.agent_id is 'The agent of the last turn.';
comment on column chats.branch is 'Counts fresh OpenClaw sessions: regenerate and edit begin a new one.';
comment on column chats.created_at is 'Creation.';
comment on column chats.updated_at is 'Last turn or rename.';
comment on column chats.deleted_at is 'Since when it is deleted (undo is possible for some time).';

create table turns (
    id                uuid primary key,
    chat_id           uuid not null references chats on delete cascade,
    user_id           uuid not null references users on delete cascade,
    seq               integer not null,
    branch            integer not null,
    agent_id          uuid references user_agent_configs on delete set null,
    question          text not null,
    answer            text not null default '',
    status            text not null default 'pending'
                      check (status in ('pending', 'running', 'done', 'stopped', 'failed', 'interrupted')),
    error             jsonb,
    usage             jsonb,
    tools             jsonb not null default '[]',
    replaced_at       timestamptz,
    idempotency_key   text,
    lease_fence       bigint not null default 0,
    lease_until       timestamptz,
    sent_at           timestamptz,
    stop_requested_at timestamptz,
    created_at        timestamptz not null default now(),
    finished_at       timestamptz,
    unique (chat_id, seq),
    unique (user_id, idempotency_key)
);
create unique index turns_one_running on turns (chat_id) where status in ('pending', 'running');
create index turns_unfinished on turns (lease_until) where status in ('pending', 'running');
comment on table turns is 'A question and its answer.';
comment on column turns.id is 'UUIDv7; text form trn_….';
comment on column turns.chat_id is 'The chat it belongs to.';
comment on column turns.user_id is 'Whose turn.';
comment on column turns.seq is 'Place in the chat, from 1.';
comment on column turns.branch is 'The chat''s branch it was sent on: names the OpenClaw session.';
comment on column turns.agent_id is 'The agent that answers.';
comment on column turns.question is 'The message as typed.';
comment on column turns.answer is 'The answer, folded together from turn_events at the end.';
comment on column turns.status is 'pending and running are not final; one such turn per chat.';
comment on column turns.error is 'Why it failed: {code, title, detail, retryable}.';
comment on column turns.usage is 'Tokens: {inputTokens, outputTokens}.';
comment on column turns.tools is 'Tool calls shown as cards.';
comment on column turns.replaced_at is 'Since when another turn stands in its place (regenerate, edit).';
comment on column turns.idempotency_key is 'The client''s Idempotency-Key, so that a repeated request finds this turn.';
comment on column turns.lease_fence is 'Counts drivers; writes of an older driver do not count.';
comment on column turns.lease_until is 'Until when the present driver holds the turn, by the database''s clock.';
comment on column turns.sent_at is 'When it was (about to be) sent to the agent: from here on never sent again.';
comment on column turns.stop_requested_at is 'When the user pressed Stop.';
comment on column turns.created_at is 'When it was accepted.';
comment on column turns.finished_at is 'When it ended.';

create table turn_events (
    turn_id uuid not null references turns on delete cascade,
    seq     integer not null,
    user_id uuid not null,
    kind    text not null,
    data    jsonb not null,
    at      timestamptz not null default now(),
    primary key (turn_id, seq)
);
comment on table turn_events is 'What a running turn streams, kept until some time after its end so that any replica can replay it.';
comment on column turn_events.turn_id is 'The turn.';
comment on column turn_events.seq is 'Order, from 1: the id of the server-sent event.';
comment on column turn_events.user_id is 'Whose turn.';
comment on column turn_events.kind is 'stage, delta, tool, usage, done or error.';
comment on column turn_events.data is 'The event''s JSON.';
comment on column turn_events.at is 'When it was written.';

do $$
declare t text;
begin
    foreach t in array array['chats', 'turns', 'turn_events'] loop
        execute format('alter table %I enable row level security', t);
        execute format('alter table %I force row level security', t);
        execute format($p$create policy own on %I using (app_scope() = 'user' and user_id = app_user())$p$, t);
        execute format($p$create policy system on %I using (app_scope() = 'system')$p$, t);
    end loop;
end $$;
