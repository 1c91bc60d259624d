-- Schedules: work that comes round by the clock. Which tick is due, and that it was taken, is decided here:
-- by the database's time, under the row's lock, in the transaction that enqueues the job.

create table schedules (
    name       text primary key,
    kind       text not null,
    cron       text not null,
    enabled    boolean not null default true,
    next_due   timestamptz,
    last_due   timestamptz,
    last_run   timestamptz,
    last_job   uuid,
    updated_at timestamptz not null default now()
);
comment on table schedules is 'What is enqueued by the clock, in UTC. One row, one job per tick, whatever the number of workers.';
comment on column schedules.name is 'Its name in the API.';
comment on column schedules.kind is 'The kind of job it enqueues; one that needs no payload.';
comment on column schedules.cron is 'When: minute hour day-of-month month day-of-week, with seconds before them if there are six.';
comment on column schedules.enabled is 'Off: nothing is enqueued until it is on again.';
comment on column schedules.next_due is 'The next tick; null = a worker reckons it when it next looks.';
comment on column schedules.last_due is 'The tick that was run last; ticks missed before it were not run.';
comment on column schedules.last_run is 'When a job was last enqueued, by the clock or by hand.';
comment on column schedules.last_job is 'That job; its row may be pruned by now.';
comment on column schedules.updated_at is 'Last change by an admin.';

insert into schedules (name, kind, cron) values
    ('prune-jobs', 'prune-jobs', '17 * * * *'),
    ('reap-idle', 'reap-idle', '* * * * *'),
    ('sweep-containers', 'sweep-containers', '* * * * *');

alter table schedules enable row level security;
alter table schedules force row level security;
create policy admin_reads on schedules for select using (app_scope() = 'admin');
create policy admin_changes on schedules for update using (app_scope() = 'admin');
create policy system on schedules using (app_scope() = 'system');
