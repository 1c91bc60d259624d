with chosen as (
    select id from jobs where state in ('queued', 'running') and id = any($1) order by id for update
), cancelled as (
    update jobs j set
        cancel_requested_at = coalesce(j.cancel_requested_at, now()),
        rerun_requested = false,
        state = case j.state when 'queued' then 'cancelled' else j.state end,
        finished_at = case j.state when 'queued' then now() end
    from chosen c where c.id = j.id
    returning j.id, j.state = 'cancelled' as ended, j.awaited
)
select ended as "ended!",
       -- To those who wait for the end, and to the worker that runs the job; both read again if they miss it.
       case when not ended then pg_notify('mosaic_job_cancel', id::text)
            when awaited then pg_notify('mosaic_job', id::text) end as notified
from cancelled
