-- Three columns of user_containers get names that say what they hold:
--   place_wanted_at -> admission_requested_at, place_bytes -> requested_bytes, put_to_sleep -> stopped_by_user.
-- The old columns stay until no process of a release that uses them can run; until then a trigger keeps each pair equal,
-- whichever of the two a process writes.
--
-- The release after this one drops what is left of the old names, in a migration of its own:
--   drop trigger sync_admission_columns on user_containers; drop function sync_admission_columns();
--   alter table user_containers drop column place_wanted_at, drop column place_bytes, drop column put_to_sleep;

select set_config('app.scope', 'system', true);

alter table user_containers
    add column admission_requested_at timestamptz,
    add column requested_bytes bigint not null default 0 check (requested_bytes >= 0),
    add column stopped_by_user boolean not null default false;
update user_containers
    set admission_requested_at = place_wanted_at, requested_bytes = place_bytes, stopped_by_user = put_to_sleep
    where place_wanted_at is not null or place_bytes <> 0 or put_to_sleep;

comment on column user_containers.admission_requested_at is 'Since when its start waits for memory; null = it does not. The longest waiting starts first.';
comment on column user_containers.requested_bytes is 'How much memory its waiting start asks for; counts while admission_requested_at is set.';
comment on column user_containers.stopped_by_user is 'Its owner stopped it: until their next message only they start it again.';
comment on column user_containers.place_wanted_at is 'Old name of admission_requested_at, for processes of the release before. A trigger keeps the two equal.';
comment on column user_containers.place_bytes is 'Old name of requested_bytes, for processes of the release before. A trigger keeps the two equal.';
comment on column user_containers.put_to_sleep is 'Old name of stopped_by_user, for processes of the release before. A trigger keeps the two equal.';

create function sync_admission_columns() returns trigger language plpgsql as $$
begin
    -- A column that differs from what the row had is the one that was written.
    if tg_op = 'INSERT' then
        new.admission_requested_at := coalesce(new.admission_requested_at, new.place_wanted_at);
        new.requested_bytes := greatest(new.requested_bytes, new.place_bytes);
        new.stopped_by_user := new.stopped_by_user or new.put_to_sleep;
    else
        if new.place_wanted_at is distinct from old.place_wanted_at then
            new.admission_requested_at := new.place_wanted_at;
        end if;
        if new.place_bytes is distinct from old.place_bytes then
            new.requested_bytes := new.place_bytes;
        end if;
        if new.put_to_sleep is distinct from old.put_to_sleep then
            new.stopped_by_user := new.put_to_sleep;
        end if;
    end if;
    new.place_wanted_at := new.admission_requested_at;
    new.place_bytes := new.requested_bytes;
    new.put_to_sleep := new.stopped_by_user;
    return new;
end $$;
comment on function sync_admission_columns() is 'Keeps the old and the new names of three columns of user_containers equal while either is in use.';

-- The condition keeps the function call off updates that leave each pair equal.
create trigger sync_admission_columns
    before insert or update of place_wanted_at, place_bytes, put_to_sleep,
        admission_requested_at, requested_bytes, stopped_by_user on user_containers
    for each row when (new.place_wanted_at is distinct from new.admission_requested_at
        or new.place_bytes <> new.requested_bytes or new.put_to_sleep <> new.stopped_by_user)
    execute function sync_admission_columns();
