-- A claim no longer waits for the disk: that was a third of the time from asking to starting.
--
-- What a crash of Postgres may lose are claims of the last fraction of a second of which nothing else is written
-- yet (every later commit that waits for the disk writes them too). Such a job is queued again: another worker
-- claims it, and the first one, no longer its lease_owner, is fenced; or the same worker claims it again and
-- knows the attempt that it runs already.

-- Up to p_limit due jobs of a lane, leased to p_worker. Jobs of a disabled user are cancelled instead.
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
    perform set_config('synchronous_commit', 'off', true);
    -- Claimers of a lane with a limit of its own go one by one, so that the count is true.
    perform from queues q where q.name = p_lane and q.concurrency is not null for no key update;
    v_left := job_room(p_lane, v_left);
    -- The probe costs little and an idle lane ends here; only where something is due is it worth a claim.
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
                select j.id, u.role, j.acts_for = 'user' and u.disabled_at is not null as shut
                from jobs j left join users u on u.id = j.owner_id
                where j.state = 'queued' and j.lane = p_lane and j.priority = v_priority
                      and j.due_at <= now() and j.kind = any (p_kinds)
                order by j.due_at, j.id
                limit v_left
                for update of j skip locked
            ), changed as (
                update jobs j set
                    state = case when p.shut then 'cancelled' else 'running' end,
                    attempt = j.attempt + (not p.shut)::int,
                    lease_owner = case when not p.shut then p_worker end,
                    lease_until = case when not p.shut then now() + p_lease end,
                    started_at = case when p.shut then j.started_at else now() end,
                    finished_at = case when p.shut then now() end,
                    last_error = case when p.shut then 'The account is disabled.' else j.last_error end,
                    progress = null,
                    again = false
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
