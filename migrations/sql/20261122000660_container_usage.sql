-- How much memory each container uses, as last measured: for admins, and for its owner.

create table container_usage (
    container_id uuid primary key references user_containers on delete cascade,
    user_id      uuid not null references users on delete cascade,
    memory_bytes bigint not null,
    measured_at  timestamptz not null default now()
);
comment on table container_usage is 'The latest measurement of each container that ran then.';
comment on column container_usage.container_id is 'Which container.';
comment on column container_usage.user_id is 'Whose container.';
comment on column container_usage.memory_bytes is 'Memory in use, without what the kernel would give back at once.';
comment on column container_usage.measured_at is 'When.';

alter table container_usage enable row level security;
alter table container_usage force row level security;
create policy own on container_usage for select using (app_scope() = 'user' and user_id = app_user());
create policy admin_reads on container_usage for select using (app_scope() = 'admin');
create policy system on container_usage using (app_scope() = 'system');

-- The row-level security of that table binds its owner too.
select set_config('app.scope', 'system', true);
insert into schedules (name, kind, cron) values ('measure-containers', 'measure-containers', '* * * * *');
select set_config('app.scope', '', true);
