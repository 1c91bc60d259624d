-- What the job board reads: lists that stay fast in a long history, recent ends, the standing of a lane.

-- The smallest id that a job enqueued at this moment can have: ids are UUIDv7 by the database's clock.
create function job_id_at(p_at timestamptz) returns uuid language sql immutable parallel safe
    return (lpad(to_hex((extract(epoch from p_at) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid;

-- Any choice of states, lanes and kinds is a few ranges of this index, each in the order of the list.
create index jobs_board on jobs (state, lane, kind, id);
-- Throughput, times and retention.
create index jobs_finished on jobs (finished_at) where finished_at is not null;

-- The planner takes row-level security for a filter that lets few rows through, and would sometimes sort a long
-- history for a page of it. The next two functions walk jobs_board in its own order, so it is not asked.

-- Everybody's jobs, newest first. Any filter is a choice among the few states, lanes and kinds that occur; each
-- combination is a range of jobs_board that is already in the order of the list.
create function job_list(p_states text[], p_lane text, p_kind text, p_part text, p_first uuid, p_end uuid, p_most bigint)
returns setof job_overview
language sql stable
set enable_seqscan = off set enable_bitmapscan = off set enable_sort = off
as $$
    with recursive occurring as (
        (select j.state, j.lane, j.kind from jobs j order by j.state, j.lane, j.kind limit 1)
        union all
        select n.state, n.lane, n.kind from occurring o
        cross join lateral (
            select j.state, j.lane, j.kind from jobs j
            where (j.state, j.lane, j.kind) > (o.state, o.lane, o.kind)
            order by j.state, j.lane, j.kind limit 1
        ) n
    ), wanted as (
        select * from occurring o
        where (p_states is null or o.state = any (p_states)) and (p_lane is null or o.lane = p_lane)
              and (p_kind is null or o.kind = p_kind) and (p_part is null or strpos(o.kind, p_part) > 0)
    )
    select page.* from wanted w
    cross join lateral (
        select v.* from job_overview v
        -- As rows, so that no other index has this order: walking all ids for a rare kind would be a long walk.
        where (v.state, v.lane, v.kind, v.id) >= (w.state, w.lane, w.kind, p_first)
              and (v.state, v.lane, v.kind, v.id) < (w.state, w.lane, w.kind, p_end)
        order by v.state desc, v.lane desc, v.kind desc, v.id desc limit p_most
    ) page
    order by page.id desc limit p_most
$$;

-- How many jobs stand where, each number counted up to p_most: a long history must not make the board slow.
create function job_counts(p_most bigint) returns table (state text, lane text, count bigint)
language sql stable
set enable_seqscan = off set enable_bitmapscan = off set enable_sort = off
as $$
    with recursive occurring as (
        (select j.state, j.lane from jobs j order by j.state, j.lane limit 1)
        union all
        select n.state, n.lane from occurring o
        cross join lateral (
            select j.state, j.lane from jobs j where (j.state, j.lane) > (o.state, o.lane)
            order by j.state, j.lane limit 1
        ) n
    )
    select o.state, o.lane, (
        select count(*) from (
            select from jobs j where j.state = o.state and j.lane = o.lane order by j.kind, j.id limit p_most) counted)
    from occurring o
$$;

-- Discarding: what is over may be taken out of the history before its time.
create policy own_discards on jobs for delete
    using (app_scope() = 'user' and owner_id = app_user() and state not in ('queued', 'running'));
create policy admin_discards on jobs for delete
    using (app_scope() = 'admin' and state not in ('queued', 'running'));

-- What a waiting person is told of a lane: whether it is paused, and when a worker that serves it was last
-- seen. It names nobody, so users may ask; the scope is changed inside as in job_queue_position.
create function job_lane_standing(p_lane text)
returns table (paused_at timestamptz, worker_seen timestamptz, asked_at timestamptz)
language plpgsql as $$
declare
    v_scope text := app_scope();
begin
    perform set_config('app.scope', 'system', true);
    select q.paused_at into paused_at from queues q where q.name = p_lane;
    select max(w.last_seen) into worker_seen from workers w where w.lanes ? p_lane;
    asked_at := clock_timestamp();
    perform set_config('app.scope', v_scope, true);
    return next;
end $$;
