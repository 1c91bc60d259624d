-- Conversations: what was said in the sessions of agents, taken in by jobs, and what people bring from elsewhere.

create table conversation_archive (
    id              uuid primary key,
    user_id         uuid not null references users on delete cascade,
    agent_id        uuid references user_agent_configs on delete set null,
    chat_id         uuid references chats on delete set null,
    session_key     text not null,
    title           text not null default '',
    messages        integer not null default 0,
    started_at      timestamptz,
    last_at         timestamptz,
    forgotten_until timestamptz,
    read_until      timestamptz,
    created_at      timestamptz not null default now(),
    updated_at      timestamptz not null default now(),
    unique (user_id, session_key)
);
create index conversation_archive_user on conversation_archive (user_id, last_at desc, id) where messages > 0;
create index conversation_archive_chat on conversation_archive (chat_id) where chat_id is not null;
comment on table conversation_archive is 'One session of an agent each: one branch of a chat with one agent, or a session from elsewhere.';
comment on column conversation_archive.id is 'UUIDv7; text form cnv_….';
comment on column conversation_archive.user_id is 'Whose conversation.';
comment on column conversation_archive.agent_id is 'The agent that spoke; null = unknown, or gone.';
comment on column conversation_archive.chat_id is 'The chat it was said in; null = it came from elsewhere.';
comment on column conversation_archive.session_key is 'OpenClaw''s key of the session, or its id as it was brought.';
comment on column conversation_archive.title is 'Title where there is no chat to take it from.';
comment on column conversation_archive.messages is 'How many messages there are; 0 = forgotten, shown to nobody.';
comment on column conversation_archive.started_at is 'When its first message was written.';
comment on column conversation_archive.last_at is 'When its last message was written.';
comment on column conversation_archive.forgotten_until is 'What was written until then was forgotten by its owner: it is not taken in again.';
comment on column conversation_archive.read_until is 'Of a session that is not a chat''s: when something last happened in it that is taken in, by its container''s clock.';
comment on column conversation_archive.created_at is 'When it was first taken in.';
comment on column conversation_archive.updated_at is 'When something was last taken in or forgotten.';

create table conversation_messages (
    id              uuid primary key,
    conversation_id uuid not null references conversation_archive on delete cascade,
    user_id         uuid not null,
    position        bigint generated always as identity,
    entry_id        text not null,
    role            text not null check (role in ('user', 'assistant', 'tool')),
    tool_name       text,
    text            text not null,
    turn_id         uuid references turns on delete set null,
    at              timestamptz not null,
    unique (conversation_id, entry_id)
);
create index conversation_messages_order on conversation_messages (conversation_id, at, position);
create index conversation_messages_turn on conversation_messages (turn_id) where turn_id is not null;
comment on table conversation_messages is 'What was said: each part of each entry of a session once.';
comment on column conversation_messages.id is 'UUIDv7; text form msg_….';
comment on column conversation_messages.conversation_id is 'The conversation.';
comment on column conversation_messages.user_id is 'Whose message.';
comment on column conversation_messages.position is 'Order of coming in: decides between messages of the same moment.';
comment on column conversation_messages.entry_id is 'Id of the entry in its session, with the number of the part behind it where it has several.';
comment on column conversation_messages.role is 'Whose words: user, assistant or tool.';
comment on column conversation_messages.tool_name is 'The tool, where a tool was called or answered.';
comment on column conversation_messages.text is 'The words; of a tool call its arguments as JSON.';
comment on column conversation_messages.turn_id is 'The turn it belongs to, where that is known.';
comment on column conversation_messages.at is 'When it was written, by the clock of where it was written.';

-- Which turns still have to be taken in stands with the turns: nothing is forgotten when a worker dies.
alter table turns add column archived_at timestamptz;
comment on column turns.archived_at is 'When what was said in it was taken into the archive; null = not yet.';
create index turns_unarchived on turns (user_id, sent_at)
    where archived_at is null and sent_at is not null and finished_at is not null;

do $$
declare t text;
begin
    foreach t in array array['conversation_archive', 'conversation_messages'] loop
        execute format('alter table %I enable row level security', t);
        execute format('alter table %I force row level security', t);
        execute format($p$create policy own on %I using (app_scope() = 'user' and user_id = app_user())$p$, t);
        execute format($p$create policy system on %I using (app_scope() = 'system')$p$, t);
    end loop;
end $$;

-- The schedules are walled too: a plain owner must say that he acts for the product.
set local app.scope = 'system';
insert into schedules (name, kind, cron) values ('sweep-session-logs', 'sweep-session-logs', '*/5 * * * *');
set local app.scope = '';
