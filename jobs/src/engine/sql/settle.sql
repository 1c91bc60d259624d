with given as (
    select * from unnest($2::uuid[], $3::int[], $4::text[], $5::float8[], $6::text[])
                  as g (id, attempt, outcome, delay_secs, reason)
), held as (
    select j.id, j.attempt, j.kind, j.lane, j.started_at,
           greatest(0, extract(epoch from j.started_at - greatest(j.due_at, j.created_at)))::float8 as wait_secs,
           extract(epoch from clock_timestamp() - j.started_at)::float8 as run_secs,
           j.rerun_requested, g.outcome, g.delay_secs, g.reason,
           case
               when g.outcome = 'done' then 'done'
               when g.outcome = 'fail' then 'failed'
               -- It was asked to stop and did not finish, whatever outcome the handler returned.
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
    -- From the locked row, not from the table: a request may have been committed while this statement waited for the lock.
    select h.*, h.rerun_requested and h.state <> 'queued' as rerun from held h
), settled as (
    update jobs j set
        -- Requested again while it ran: a fresh start, if this run ended the job. A job that is retried anyway keeps its
        -- failures and its delay; otherwise repeated requests would keep it alive for ever.
        state = case when e.rerun then 'queued' else e.state end,
        failures = case when e.rerun then 0 else j.failures + (e.outcome = 'retry')::int end,
        lost_leases = case when e.rerun then 0 else j.lost_leases end,
        cancel_requested_at = case when e.rerun then null else j.cancel_requested_at end,
        rerun_requested = false,
        due_at = case when not e.rerun and e.state <> 'queued' then j.due_at
                      when e.rerun then clock_timestamp()
                      else clock_timestamp() + make_interval(secs => e.delay_secs) end,
        lease_owner = null,
        lease_until = null,
        last_error = case when e.outcome = 'done' then null else coalesce(e.reason, j.last_error) end,
        progress = case when e.outcome = 'done' then 100 else j.progress end,
        finished_at = case when not e.rerun and e.state <> 'queued' then now() end
    from ended e where e.id = j.id
    returning j.id, j.lane, j.state, j.due_at, j.awaited
), attempts as (
    insert into job_attempts (job_id, attempt, worker, started_at, outcome, error)
    select h.id, h.attempt, $1, h.started_at, h.outcome, h.reason from held h
    on conflict do nothing
), phases as (
    update job_phases p set finished_at = clock_timestamp()
    from held h where p.job_id = h.id and p.attempt = h.attempt and p.finished_at is null
)
select s.id as "id!", s.state as "state!: JobState", h.kind as "kind!", h.lane as "lane!",
       h.wait_secs as "wait_secs!", h.run_secs as "run_secs!",
       -- For the metrics: how the attempt ended, or the job if it ended too.
       case when h.state = 'queued' then h.outcome else h.state end as "result!",
       -- Other workers may claim it now: it was handed back, or it left a free slot in a lane with a limit.
       case when s.state = 'queued' and s.due_at <= clock_timestamp()
                 or exists (select from queues q where q.name = s.lane and q.concurrency is not null)
            then pg_notify('mosaic_jobs', s.lane) end as workers_notified,
       case when s.awaited and s.state <> 'queued' then pg_notify('mosaic_job', s.id::text) end as waiters_notified
from settled s join held h on h.id = s.id
