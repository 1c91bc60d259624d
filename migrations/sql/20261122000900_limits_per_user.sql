-- Limits of one person's container where they differ from everybody's, and what each container was really made with.

alter table users
    add column limits jsonb not null default '{}' check (jsonb_typeof(limits) = 'object');
comment on column users.limits is 'What this user''s container may use ({memoryMib, cpuMillis, pids, diskMib}); what is absent is as the instance''s setting says.';

alter table user_containers
    add column made_limits jsonb check (jsonb_typeof(made_limits) = 'object'),
    add column place_bytes bigint not null default 0 check (place_bytes >= 0);
comment on column user_containers.made_limits is 'The limits that the present generation was made with; null = made before they were noted.';
comment on column user_containers.place_bytes is 'How much memory its waiting start asks for; counts while place_wanted_at is set.';
