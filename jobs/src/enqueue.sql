with fresh as materialized (
    select new_job_id() as id
), enqueued as (
    insert into jobs (id, kind, lane, owner_id, acts_for, reason, payload, priority, due_at, max_attempts,
                      unique_key, trace_parent)
    select id, $1, $2, $3, $4, $5, $6, $7,
           coalesce($8::timestamptz, clock_timestamp() + make_interval(secs => $9)), $10, $11, $12
    from fresh
    on conflict (unique_key) where state in ('queued', 'running') do update set
        due_at = case jobs.state when 'queued' then least(jobs.due_at, excluded.due_at) else jobs.due_at end,
        priority = greatest(jobs.priority, excluded.priority),
        rerun_requested = jobs.state = 'running',
        -- The stronger right: what the product must do is not cancelled with the account of the user who asked first.
        acts_for = case when excluded.acts_for = 'system' then 'system' else jobs.acts_for end,
        reason = case when jobs.acts_for = 'user' and excluded.acts_for = 'system' then excluded.reason else jobs.reason end
    returning id, lane, state, due_at
)
select e.id as "id!", e.id <> f.id as "merged!",
       case when e.state = 'queued' and e.due_at < clock_timestamp() + make_interval(secs => $13)
            then pg_notify('mosaic_jobs', e.lane) end as notified
from enqueued e, fresh f
