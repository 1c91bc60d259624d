with chosen as (
    select id, unique_key from jobs
    where id = any($1)
          -- Ended without success, or waiting for its next attempt.
          and (state in ('failed', 'dead', 'cancelled') or state = 'queued' and attempt > 0)
          -- A user may not repeat what the product does with its own rights.
          and (app_scope() <> 'user' or acts_for = 'user')
    order by id for update
), eligible as (
    -- Of several jobs with one key only one may wait or run: the newest, and none if another job already does.
    select distinct on (coalesce(c.unique_key, c.id::text)) c.id from chosen c
    where not exists (select from jobs a where a.unique_key = c.unique_key and a.state in ('queued', 'running')
                                               and a.id <> c.id)
    order by coalesce(c.unique_key, c.id::text), c.id desc
), retried as (
    update jobs j set
        state = 'queued', due_at = clock_timestamp(), rerun_requested = false,
        failures = case j.state when 'queued' then j.failures else 0 end,
        lost_leases = case j.state when 'queued' then j.lost_leases else 0 end,
        cancel_requested_at = null, finished_at = null, progress = null
    from eligible e where e.id = j.id
    returning j.id, j.lane
), notified as (
    select pg_notify('mosaic_jobs', lane) from (select distinct lane from retried) lanes
)
select r.id as "id!" from retried r, (select count(*) from notified) n
