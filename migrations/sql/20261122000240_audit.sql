-- Who did what to what. Append-only.

create table audit_log (
    id         uuid primary key,
    at         timestamptz not null default now(),
    actor_id   uuid,
    actor_kind text not null check (actor_kind in ('user', 'admin', 'system', 'anonymous')),
    action     text not null,
    subject    text not null default '',
    owner_id   uuid,
    address    text not null default '',
    request_id text not null default '',
    outcome    text not null check (outcome in ('ok', 'denied', 'failed')),
    detail     jsonb not null default '{}'
);
create index audit_log_at on audit_log (at desc, id desc);
create index audit_log_owner on audit_log (owner_id, at desc);
comment on table audit_log is 'Append-only record of sign-ins, changes and refusals. No secrets, no content.';
comment on column audit_log.id is 'UUIDv7; text form aud_….';
comment on column audit_log.at is 'When.';
comment on column audit_log.actor_id is 'Who, null for system and anonymous.';
comment on column audit_log.actor_kind is 'In which capacity.';
comment on column audit_log.action is 'What, as noun.verb (provider.create).';
comment on column audit_log.subject is 'On what: an id or a name.';
comment on column audit_log.owner_id is 'Whose thing it was: he may read the entry.';
comment on column audit_log.address is 'From where.';
comment on column audit_log.request_id is 'The request it happened in.';
comment on column audit_log.outcome is 'ok, denied or failed.';
comment on column audit_log.detail is 'Before and after where that says something; secrets only as "changed".';

create function audit_log_is_append_only() returns trigger language plpgsql as $$
begin
    raise exception 'audit_log is append-only';
end $$;
create trigger append_only before update or delete or truncate on audit_log
    for each statement execute function audit_log_is_append_only();

alter table audit_log enable row level security;
alter table audit_log force row level security;
create policy own_reads on audit_log for select using (app_scope() = 'user' and (owner_id = app_user() or actor_id = app_user()));
create policy admin_reads on audit_log for select using (app_scope() = 'admin');
create policy own_appends on audit_log for insert with check (app_scope() in ('user', 'admin') and actor_id = app_user());
create policy system_appends on audit_log for insert with check (app_scope() = 'system');
create policy system_reads on audit_log for select using (app_scope() = 'system');
