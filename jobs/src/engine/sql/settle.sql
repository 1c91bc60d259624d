with given as (
    select * from unnest($2::uuid[], $3::int[], $4::text[], $5::float8[], $6::text[])
                  as g (id, attempt, outcome, pause, reason)
), held as (
    select j.id, j.attempt, j.kind, j.lane, j.started_at,
           greatest(0, extract(epoch from j.started_at - greatest(j.due_at, j.created_at)))::float8 as waited,
           extract(epoch from clock_timestamp() - j.started_at)::float8 as ran, j.again as asked_again, g.outcome, g.pause, g.reason,
           case
               when g.outcome = 'done' then 'done'
               when g.outcome = 'fail' then 'failed'
               -- Asked to end and did not finish, however it put that.
               when g.outcome = 'cancelled' or j.cancel_requested_at is not null then 'cancelled'
               when g.outcome = 'retry' and j.failures + 1 >= j.max_attempts then 'dead'
               else 'queued'
           end as state
    from jobs j join given g on g.id = j.id
    -- The fence.
    where j.state = 'running' and j.attempt = g.attempt and j.lease_owner = $1
    order by j.id
    for update of j
), ended as (
    -- From the locked row, not from the table: a wish may have committed while this statement waited for it.
    select h.*, h.asked_again and h.state <> 'queued' as again from held h
), moved as (
    update jobs j set
        -- Asked for again while it ran: a fresh start where this run ended. One that is tried again anyway
        -- keeps its failures and its pause, or asking would keep it alive for ever.
        state = case when h.again then 'queued' else h.state end,
        failures = case when h.again then 0 else j.failures + (h.outcome = 'retry')::int end,
        lost_leases = case when h.again then 0 else j.lost_leases end,
        cancel_requested_at = case when h.again then null else j.cancel_requested_at end,
        again = false,
        due_at = case when not h.again and h.state <> 'queued' then j.due_at
                      when h.again then clock_timestamp()
                      else clock_timestamp() + make_interval(secs => h.pause) end,
        lease_owner = null,
        lease_until = null,
        last_error = case when h.outcome = 'done' then null else coalesce(h.reason, j.last_error) end,
        progress = case when h.outcome = 'done' then 100 else j.progress end,
        finished_at = case when not h.again and h.state <> 'queued' then now() end
    from ended h where h.id = j.id
    returning j.id, j.lane, j.state, j.due_at, j.awaited
), attempts as (
    insert into job_attempts (job_id, attempt, worker, started_at, outcome, error)
    select h.id, h.attempt, $1, h.started_at, h.outcome, h.reason from held h
    on conflict do nothing
), phases as (
    update job_phases p set finished_at = clock_timestamp()
    from held h where p.job_id = h.id and p.attempt = h.attempt and p.finished_at is null
)
select m.id, m.state, h.kind, h.lane, h.waited, h.ran,
       case when h.state = 'queued' then h.outcome else h.state end as became,
       -- Others may take it now: it was handed back, or it made room in a lane with a limit.
       case when m.state = 'queued' and m.due_at <= clock_timestamp()
                 or exists (select from queues q where q.name = m.lane and q.concurrency is not null)
            then pg_notify('mosaic_jobs', m.lane) end,
       case when m.awaited and m.state <> 'queued' then pg_notify('mosaic_job', m.id::text) end
from moved m join held h on h.id = m.id
