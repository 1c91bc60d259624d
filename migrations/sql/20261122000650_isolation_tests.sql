-- What the isolation self-test found, for admins.

create table isolation_tests (
    job_id      uuid primary key,
    asked_at    timestamptz not null default clock_timestamp(),
    started_at  timestamptz,
    finished_at timestamptz,
    enforced    boolean,
    summary     text not null default '',
    checks      jsonb not null default '[]'
);
create index isolation_tests_asked on isolation_tests (asked_at desc);
comment on table isolation_tests is 'Runs of the isolation self-test; the latest ones are kept.';
comment on column isolation_tests.job_id is 'The job that runs it; its row may be pruned by now.';
comment on column isolation_tests.asked_at is 'When it was (last) asked for.';
comment on column isolation_tests.started_at is 'Begin of the last attempt.';
comment on column isolation_tests.finished_at is 'When it had a result; null = it has none yet.';
comment on column isolation_tests.enforced is 'Whether agents are kept from what they must not reach; null = it could not be shown.';
comment on column isolation_tests.summary is 'The result in one sentence.';
comment on column isolation_tests.checks is 'JSON array of domain::isolation::Check. Addresses of this host, nothing of users.';

alter table isolation_tests enable row level security;
alter table isolation_tests force row level security;
create policy admin_reads on isolation_tests for select using (app_scope() = 'admin');
create policy admin_asks on isolation_tests for insert with check (app_scope() = 'admin');
create policy admin_asks_again on isolation_tests for update using (app_scope() = 'admin');
create policy system on isolation_tests using (app_scope() = 'system');
