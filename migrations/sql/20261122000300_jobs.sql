-- The durable queue: what waits, what runs, what became of it. Every time in these tables is the
-- database's own clock; a worker's clock never enters a row.

create table queues (
    name        text primary key,
    paused_at   timestamptz,
    concurrency int check (concurrency > 0),
    updated_at  timestamptz not null default now()
);
comment on table queues is 'Lanes: jobs of one lane share its slots. Read at every claim.';
comment on column queues.name is 'Name of the lane.';
comment on column queues.paused_at is 'Since when nothing is taken from it; null = open.';
comment on column queues.concurrency is 'Most jobs that run at once on the whole instance; null = as many as the processes together allow.';
comment on column queues.updated_at is 'Last change.';
insert into queues (name) values ('containers'), ('providers'), ('ingest'), ('maintenance');

create table workers (
    id           uuid primary key,
    host         text not null,
    pid          int not null,
    version      text not null,
    lanes        jsonb not null,
    started_at   timestamptz not null default now(),
    last_seen    timestamptz not null default now(),
    steady_since timestamptz not null default now(),
    stopped_at   timestamptz
);
create index workers_alive on workers (last_seen) where stopped_at is null;
comment on table workers is 'Worker processes, one row per start of a process.';
comment on column workers.id is 'UUIDv7; text form wrk_….';
comment on column workers.host is 'Name of its machine.';
comment on column workers.pid is 'Process id there.';
comment on column workers.version is 'Version it runs.';
comment on column workers.lanes is 'Its slots: {lane: concurrency}.';
comment on column workers.started_at is 'Start of the process.';
comment on column workers.last_seen is 'Last heartbeat.';
comment on column workers.steady_since is 'Since when its heartbeats come without a gap. Only a steady worker may take leases away from others: after an outage of the database everybody gets the time to renew his own.';
comment on column workers.stopped_at is 'Orderly end; null while it runs or when it was killed.';

-- UUIDv7 by the database's clock, so that jobs sort by creation whatever the clocks of the callers say.
create function new_job_id() returns uuid language sql volatile parallel safe as $$
    select encode(set_bit(set_bit(
        overlay(uuid_send(gen_random_uuid())
                placing substring(int8send((extract(epoch from clock_timestamp()) * 1000)::bigint) from 3)
                from 1 for 6), 52, 1), 53, 1), 'hex')::uuid
$$;

create table jobs (
    id                  uuid primary key default new_job_id(),
    kind                text not null,
    lane                text not null,
    owner_id            uuid references users on delete cascade,
    acts_for            text not null check (acts_for in ('user', 'system')),
    reason              text not null,
    payload             jsonb not null,
    state               text not null default 'queued'
                        check (state in ('queued', 'running', 'done', 'failed', 'dead', 'cancelled')),
    priority            smallint not null default 1 check (priority between 0 and 2),
    due_at              timestamptz not null default clock_timestamp(),
    attempt             int not null default 0,
    failures            int not null default 0,
    max_attempts        int not null check (max_attempts > 0),
    lost_leases         int not null default 0,
    unique_key          text,
    again               boolean not null default false,
    awaited             boolean not null default false,
    lease_owner         uuid,
    lease_until         timestamptz,
    cancel_requested_at timestamptz,
    progress            smallint check (progress between 0 and 100),
    last_error          text,
    trace_parent        text,
    created_at          timestamptz not null default clock_timestamp(),
    started_at          timestamptz,
    finished_at         timestamptz,
    check (acts_for = 'system' or owner_id is not null),
    check ((state = 'running') = (lease_owner is not null and lease_until is not null))
);
comment on table jobs is 'Work that survives crashes. A row is written in the transaction that makes the work necessary.';
comment on column jobs.id is 'UUIDv7; text form job_….';
comment on column jobs.kind is 'What is to be done; one file per kind in jobs/src/kinds.';
comment on column jobs.lane is 'Whose slots it uses: queues.name. No foreign key, because every insert would lock the lane''s row.';
comment on column jobs.owner_id is 'Whose thing it is about: he may see and cancel it.';
comment on column jobs.acts_for is 'With whose rights it runs: user = those of the owner, checked again at claim.';
comment on column jobs.reason is 'Why the system acts; empty for a user''s own job.';
comment on column jobs.payload is 'Ids only, by the kind''s schema; never secrets, never chat text.';
comment on column jobs.state is 'queued (also while it waits for a retry), running, done, failed (the handler gave up), dead (the queue gave up), cancelled.';
comment on column jobs.priority is '0 low, 1 normal, 2 high; higher ones of a lane start first.';
comment on column jobs.due_at is 'Not before. Moved by back-off.';
comment on column jobs.attempt is 'Counts claims. With lease_owner it is the fence: a result of another attempt does not count.';
comment on column jobs.failures is 'Attempts that ended with an error, a panic or a timeout.';
comment on column jobs.max_attempts is 'The job is dead when failures reach it.';
comment on column jobs.lost_leases is 'Attempts whose worker vanished; the job is dead at 20.';
comment on column jobs.unique_key is 'While the job is queued or running, another one with this key merges into it.';
comment on column jobs.again is 'Somebody asked for the same work after this run began: it runs once more.';
comment on column jobs.awaited is 'Somebody waits for the end: it is announced on mosaic_job.';
comment on column jobs.lease_owner is 'The worker that runs it; null unless running.';
comment on column jobs.lease_until is 'The job is taken over after this moment unless the worker renews.';
comment on column jobs.cancel_requested_at is 'When its end was asked for while it ran.';
comment on column jobs.progress is 'Per cent of the present attempt, as far as the handler tells.';
comment on column jobs.last_error is 'Why the last attempt failed, in a sentence fit for its owner.';
comment on column jobs.trace_parent is 'W3C traceparent of the request that asked for it.';
comment on column jobs.created_at is 'When it was enqueued.';
comment on column jobs.started_at is 'Start of the last attempt.';
comment on column jobs.finished_at is 'When it reached its final state.';

-- What the claim walks through: one probe per priority, and never over jobs that are not due.
create index jobs_ready on jobs (lane, priority, due_at, id) where state = 'queued';
create index jobs_running on jobs (lane) where state = 'running';
create unique index jobs_unique_key on jobs (unique_key) where state in ('queued', 'running');
create index jobs_owner on jobs (owner_id, id);
-- Queue tables live from dead rows: vacuum at a count, not at a fifth of a large history.
alter table jobs set (fillfactor = 85, autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 1000);

create table job_attempts (
    job_id      uuid not null references jobs on delete cascade,
    attempt     int not null,
    worker      uuid not null,
    started_at  timestamptz not null,
    finished_at timestamptz not null default now(),
    outcome     text not null check (outcome in ('done', 'retry', 'fail', 'cancelled', 'returned', 'lost')),
    error       text,
    primary key (job_id, attempt)
);
comment on table job_attempts is 'Attempts that have ended; the present one is the job''s own row.';
comment on column job_attempts.job_id is 'Which job.';
comment on column job_attempts.attempt is 'Which claim of it, from 1.';
comment on column job_attempts.worker is 'workers.id of the process that ran it.';
comment on column job_attempts.started_at is 'Claim.';
comment on column job_attempts.finished_at is 'End, or when the loss of the worker was noticed.';
comment on column job_attempts.outcome is 'done, retry, fail, cancelled, returned (handed back at a shutdown), lost (its worker vanished).';
comment on column job_attempts.error is 'Why, in a sentence fit for the owner.';

create table job_phases (
    id          bigint generated always as identity primary key,
    job_id      uuid not null references jobs on delete cascade,
    attempt     int not null,
    name        text not null,
    started_at  timestamptz not null default clock_timestamp(),
    finished_at timestamptz
);
create index job_phases_job on job_phases (job_id, attempt);
comment on table job_phases is 'Named steps of an attempt: the waterfall of the job board.';
comment on column job_phases.id is 'Order.';
comment on column job_phases.job_id is 'Which job.';
comment on column job_phases.attempt is 'Which attempt of it.';
comment on column job_phases.name is 'The step.';
comment on column job_phases.started_at is 'Its begin.';
comment on column job_phases.finished_at is 'Its end; null while it lasts.';

-- An admin sees that work exists, never what it is about.
create view job_overview with (security_invoker = true) as
    select id, kind, lane, owner_id, acts_for, reason, state, priority, due_at, attempt, failures, max_attempts,
           lost_leases, unique_key, lease_owner, lease_until, cancel_requested_at, progress, last_error,
           created_at, started_at, finished_at
    from jobs;
comment on view job_overview is 'Jobs without their payload: what users and admins read.';

alter table jobs enable row level security;
alter table jobs force row level security;
create policy own_reads on jobs for select using (app_scope() = 'user' and owner_id = app_user());
create policy own_enqueues on jobs for insert
    with check (app_scope() = 'user' and owner_id = app_user() and acts_for = 'user');
-- Cancelling and merging.
create policy own_changes on jobs for update using (app_scope() = 'user' and owner_id = app_user());
create policy admin_reads on jobs for select using (app_scope() = 'admin');
create policy admin_enqueues on jobs for insert with check (app_scope() = 'admin' and acts_for = 'system');
create policy admin_changes on jobs for update using (app_scope() = 'admin');
create policy system on jobs using (app_scope() = 'system');

do $$
declare t text;
begin
    foreach t in array array['job_attempts', 'job_phases'] loop
        execute format('alter table %I enable row level security', t);
        execute format('alter table %I force row level security', t);
        execute format($p$create policy with_its_job on %I for select using (exists (select from jobs where jobs.id = job_id))$p$, t);
        execute format($p$create policy system on %I using (app_scope() = 'system')$p$, t);
    end loop;
    foreach t in array array['queues', 'workers'] loop
        execute format('alter table %I enable row level security', t);
        execute format('alter table %I force row level security', t);
        execute format($p$create policy admin_reads on %I for select using (app_scope() = 'admin')$p$, t);
        execute format($p$create policy system on %I using (app_scope() = 'system')$p$, t);
    end loop;
end $$;
create policy admin_changes on queues for update using (app_scope() = 'admin');
