-- jobs.again becomes jobs.rerun_requested. The old column stays until no process of a release that reads it can run; until
-- then a trigger keeps the two equal, whichever of them a process writes.

select set_config('app.scope', 'system', true);

alter table jobs add column rerun_requested boolean not null default false;
update jobs set rerun_requested = again where again;
comment on column jobs.rerun_requested is 'The same work was requested after this run began: it runs once more.';
comment on column jobs.again is 'Old name of rerun_requested, for processes of the release before. A trigger keeps the two equal.';

create function sync_rerun_requested() returns trigger language plpgsql as $$
begin
    if tg_op = 'INSERT' then
        -- They differ, so one of them was requested.
        new.again := true;
        new.rerun_requested := true;
    elsif new.again is distinct from old.again then
        new.rerun_requested := new.again;
    else
        new.again := new.rerun_requested;
    end if;
    return new;
end $$;
comment on function sync_rerun_requested() is 'Keeps jobs.again and jobs.rerun_requested equal while either name is in use.';

-- The condition keeps the function call off the claims and results that leave both columns as they are.
create trigger sync_rerun_requested
    before insert or update of again, rerun_requested on jobs
    for each row when (new.again is distinct from new.rerun_requested)
    execute function sync_rerun_requested();

-- As before, by the new name of the column.
create or replace function claim_jobs(p_lane text, p_kinds text[], p_worker uuid, p_lease interval, p_limit int)
returns table (id uuid, kind text, payload text, attempt int, failures int,
               acts_for text, owner_id uuid, owner_role text, trace_parent text)
language plpgsql as $$
#variable_conflict use_column
declare
    v_left int := p_limit;
    v_taken int;
    v_priority smallint;
begin
    -- Workers that claim from a lane with a limit take turns, so that the count is exact.
    perform from queues q where q.name = p_lane and q.concurrency is not null for no key update;
    v_left := job_room(p_lane, v_left);
    -- The probe costs little, and for an idle lane it is all that happens. Only priorities with a due job are claimed from.
    for v_priority in
        select level.priority from unnest('{2,1,0}'::smallint[]) as level (priority)
        cross join lateral (
            select from jobs j
            where j.state = 'queued' and j.lane = p_lane and j.priority = level.priority
                  and j.due_at <= now() and j.kind = any (p_kinds)
            order by j.due_at limit 1
        ) due
        order by 1 desc
    loop
        exit when coalesce(v_left, 0) <= 0;
        return query
            with picked as (
                select j.id, u.role, j.acts_for = 'user' and u.disabled_at is not null as disabled
                from jobs j left join users u on u.id = j.owner_id
                where j.state = 'queued' and j.lane = p_lane and j.priority = v_priority
                      and j.due_at <= now() and j.kind = any (p_kinds)
                order by j.due_at, j.id
                limit v_left
                for update of j skip locked
            ), changed as (
                update jobs j set
                    state = case when p.disabled then 'cancelled' else 'running' end,
                    attempt = j.attempt + (not p.disabled)::int,
                    lease_owner = case when not p.disabled then p_worker end,
                    lease_until = case when not p.disabled then now() + p_lease end,
                    started_at = case when p.disabled then j.started_at else now() end,
                    finished_at = case when p.disabled then now() end,
                    last_error = case when p.disabled then 'The account is disabled.' else j.last_error end,
                    progress = null,
                    rerun_requested = false
                from picked p where p.id = j.id
                returning j.*, p.role
            )
            select c.id, c.kind, c.payload::text, c.attempt, c.failures,
                   c.acts_for, c.owner_id, c.role, c.trace_parent
            from changed c where c.state = 'running'
            order by c.due_at, c.id;
        get diagnostics v_taken = row_count;
        v_left := v_left - v_taken;
    end loop;
end $$;
