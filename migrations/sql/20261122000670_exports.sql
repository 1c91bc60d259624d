-- What people take home: archives of their data, for a day.

create table exports (
    job_id      uuid primary key,
    user_id     uuid not null references users on delete cascade,
    draft       uuid,
    created_at  timestamptz not null default clock_timestamp(),
    size_bytes  bigint,
    expires_at  timestamptz
);
create index exports_user on exports (user_id, created_at desc);
comment on table exports is 'Archives of users'' data, made by a job.';
comment on column exports.job_id is 'The job that makes it; its row may be pruned by now.';
comment on column exports.user_id is 'Whose data.';
comment on column exports.draft is 'The pieces of the present attempt; those of an earlier one do not count.';
comment on column exports.created_at is 'When it was (last) asked for.';
comment on column exports.size_bytes is 'Size of the whole archive; null = it is not whole yet.';
comment on column exports.expires_at is 'From then on it is not handed out any more; null = it is not whole yet.';

create table export_pieces (
    job_id  uuid not null references exports on delete cascade,
    draft   uuid not null,
    seq     integer not null,
    user_id uuid not null,
    bytes   bytea not null,
    primary key (job_id, draft, seq)
);
-- It is compressed already.
alter table export_pieces alter column bytes set storage external;
comment on table export_pieces is 'The bytes of an archive in order.';
comment on column export_pieces.job_id is 'Which archive.';
comment on column export_pieces.draft is 'Which attempt wrote it.';
comment on column export_pieces.seq is 'Order, from 0.';
comment on column export_pieces.user_id is 'Whose data.';
comment on column export_pieces.bytes is 'At most a megabyte of a gzipped tar.';

do $$
declare t text;
begin
    foreach t in array array['exports', 'export_pieces'] loop
        execute format('alter table %I enable row level security', t);
        execute format('alter table %I force row level security', t);
        execute format($p$create policy own on %I using (app_scope() = 'user' and user_id = app_user())$p$, t);
        execute format($p$create policy system on %I using (app_scope() = 'system')$p$, t);
    end loop;
end $$;

-- The row-level security of that table binds its owner too.
select set_config('app.scope', 'system', true);
insert into schedules (name, kind, cron) values ('prune-exports', 'prune-exports', '27 * * * *');
select set_config('app.scope', '', true);
