-- An agent of the instance itself is the agent of an account that nobody signs in as: its container is that account's row
-- in user_containers, and here stands what such an account is for.
-- contract: no release ever wrote or read the table of before.
drop table system_containers;

create table system_containers (
    user_id    uuid primary key references users on delete cascade,
    purpose    text not null default '',
    made_by    uuid references users on delete set null,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
create index system_containers_made_by on system_containers (made_by);
comment on table system_containers is 'Accounts that nobody signs in as: each has one of the instance''s own agents, which admins keep.';
comment on column system_containers.user_id is 'The account; its name is the agent''s, its container stands in user_containers.';
comment on column system_containers.purpose is 'What it is for, in its admins'' words.';
comment on column system_containers.made_by is 'The admin who made it; null when his account is gone.';
comment on column system_containers.created_at is 'Creation of the row.';
comment on column system_containers.updated_at is 'Last change of the row.';

alter table system_containers enable row level security;
alter table system_containers force row level security;
create policy own_reads on system_containers for select using (app_scope() = 'user' and user_id = app_user());
create policy admin_reads on system_containers for select using (app_scope() = 'admin');
create policy system on system_containers using (app_scope() = 'system');

-- Whose doing it is: the acting user's own, or that of the admin who acts for his account.
create function app_hand() returns uuid language sql stable parallel safe
    return coalesce(nullif(current_setting('app.hand_id', true), '')::uuid, app_user());
alter policy own_appends on audit_log with check (app_scope() in ('user', 'admin') and actor_id = app_hand());
