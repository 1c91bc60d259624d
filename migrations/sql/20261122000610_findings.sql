-- Findings: what people and agents save to find it again.

create table findings (
    id           uuid primary key,
    user_id      uuid not null references users on delete cascade,
    title        text,
    content      text not null,
    content_hash bytea not null,
    tags         text[] not null default '{}',
    source       text not null check (source in ('person', 'agent', 'chat')),
    chat_id      uuid,
    turn_id      uuid,
    agent_id     uuid,
    expires_at   timestamptz,
    created_at   timestamptz not null,
    updated_at   timestamptz not null,
    unique (user_id, content_hash)
);
create index findings_user on findings (user_id, created_at desc, id desc);
create index findings_expired on findings (expires_at) where expires_at is not null;
comment on table findings is 'What people and agents save to find it again.';
comment on column findings.id is 'UUIDv7; text form fnd_….';
comment on column findings.user_id is 'Whose.';
comment on column findings.title is 'A line; null when there is none.';
comment on column findings.content is 'The text.';
comment on column findings.content_hash is 'SHA-256 of the content without differences of white space and case: the same content is one finding.';
comment on column findings.tags is 'Sorted, lower case.';
comment on column findings.source is 'Who saved it: a person, an agent, or somebody out of a chat.';
comment on column findings.chat_id is 'The chat it comes from; may be gone by now.';
comment on column findings.turn_id is 'The turn it comes from; may be gone by now.';
comment on column findings.agent_id is 'The agent it comes from; may be gone by now.';
comment on column findings.expires_at is 'From when on nobody sees it; deleted some time after. Null = never.';
comment on column findings.created_at is 'When it was first saved.';
comment on column findings.updated_at is 'When it was last changed, or saved again.';

create table finding_links (
    user_id    uuid not null references users on delete cascade,
    finding_id uuid not null references findings on delete cascade,
    similar_id uuid not null references findings on delete cascade,
    score      real not null,
    primary key (finding_id, similar_id)
);
create index finding_links_similar on finding_links (similar_id);
comment on table finding_links is 'Findings that say nearly the same; both directions are stored. Made when a finding is embedded.';
comment on column finding_links.user_id is 'Whose; both are his.';
comment on column finding_links.finding_id is 'The one.';
comment on column finding_links.similar_id is 'The other.';
comment on column finding_links.score is 'Cosine of their meanings.';

do $$
declare t text;
begin
    foreach t in array array['findings', 'finding_links'] loop
        execute format('alter table %I enable row level security', t);
        execute format('alter table %I force row level security', t);
        execute format($p$create policy own on %I using ((select app_scope()) = 'user' and user_id = (select app_user()))$p$, t);
        execute format($p$create policy system on %I using ((select app_scope()) = 'system')$p$, t);
    end loop;
end $$;

-- The schedules are walled too: a plain owner must say that he acts for the product.
set local app.scope = 'system';
insert into schedules (name, kind, cron) values
    ('embed-pending', 'embed-pending', '*/5 * * * *'),
    ('prune-knowledge', 'prune-knowledge', '23 * * * *');
set local app.scope = '';
