-- Taking work. Functions, because a claim is one round trip however many priorities it looks at.

-- How many more jobs of a lane may start on this instance: 0 when it is paused or full.
create function job_room(p_lane text, p_wanted int) returns int language sql stable as $$
    select case
        when q.paused_at is not null then 0
        when q.concurrency is null then p_wanted
        else greatest(0, least(p_wanted, q.concurrency - (
            select count(*) from jobs j where j.state = 'running' and j.lane = p_lane)::int))
    end
    from queues q where q.name = p_lane
$$;

-- Up to p_limit due jobs of a lane, leased to p_worker. Jobs of a disabled user are cancelled instead.
create function claim_jobs(p_lane text, p_kinds text[], p_worker uuid, p_lease interval, p_limit int)
returns table (id uuid, kind text, payload text, attempt int, failures int,
               acts_for text, owner_id uuid, owner_role text, trace_parent text)
language plpgsql as $$
#variable_conflict use_column
declare
    v_left int := p_limit;
    v_taken int;
    v_priority smallint;
begin
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

-- Seconds until the next job of a lane is due (negative: overdue). Null when none waits or none may start.
create function next_job_due(p_lane text, p_kinds text[]) returns double precision language sql stable as $$
    select extract(epoch from min(first.due_at) - clock_timestamp())::double precision
    from generate_series(0, 2) as level (priority)
    cross join lateral (
        select j.due_at from jobs j
        where j.state = 'queued' and j.lane = p_lane and j.priority = level.priority and j.kind = any (p_kinds)
        order by j.due_at limit 1
    ) first
    where job_room(p_lane, 1) > 0
$$;

-- What a waiting person is told: jobs before his, slots that are taken, slots there are. Numbers only, so it
-- looks at everybody's jobs; the caller names a job that he can see. The scope is changed inside, because
-- only a superuser may attach it to the function.
create function job_queue_position(p_lane text, p_priority smallint, p_due_at timestamptz, p_id uuid)
returns table (ahead bigint, busy bigint, slots bigint)
language plpgsql set enable_seqscan = off as $$
declare
    v_scope text := app_scope();
begin
    perform set_config('app.scope', 'system', true);
    -- Beyond a thousand nobody counts.
    select count(*) into ahead from (
        select from jobs j
        where j.state = 'queued' and j.lane = p_lane and j.due_at <= now()
              and (j.priority > p_priority
                   or j.priority = p_priority and (j.due_at, j.id) < (p_due_at, p_id))
        limit 1000) before;
    select count(*) into busy from jobs j where j.state = 'running' and j.lane = p_lane;
    select least(q.concurrency, (
        select coalesce(sum((w.lanes ->> p_lane)::bigint), 0) from workers w
        where w.stopped_at is null and w.last_seen > now() - interval '30 seconds'))
    into slots from queues q where q.name = p_lane;
    perform set_config('app.scope', v_scope, true);
    return next;
end $$;
