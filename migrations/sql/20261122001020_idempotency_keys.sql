-- A client that got no answer asks again under the same Idempotency-Key: what was made then is the answer. Messages keep
-- theirs in their own row (turns.idempotency_key), for as long as they live.
create table idempotency_keys (
    user_id    uuid not null references users on delete cascade,
    key        text not null check (length(key) between 1 and 200),
    made       text not null,
    subject    uuid not null,
    digest     bytea not null,
    created_at timestamptz not null default clock_timestamp(),
    primary key (user_id, key)
);
create index idempotency_keys_age on idempotency_keys (user_id, created_at);
create index idempotency_keys_subject on idempotency_keys (user_id, subject);
comment on table idempotency_keys is 'Requests that made something, by the key that the client gave them; kept for 30 days.';
comment on column idempotency_keys.user_id is 'Whose request.';
comment on column idempotency_keys.key is 'The client''s Idempotency-Key.';
comment on column idempotency_keys.made is 'What was made: chat, agent, provider, API token.';
comment on column idempotency_keys.subject is 'Its id.';
comment on column idempotency_keys.digest is 'SHA-256 of what was asked for, without secrets: tells a repetition from another request.';
comment on column idempotency_keys.created_at is 'When it was made.';

alter table idempotency_keys enable row level security;
alter table idempotency_keys force row level security;
create policy own on idempotency_keys using (app_scope() = 'user' and user_id = app_user());
create policy system on idempotency_keys using (app_scope() = 'system');
