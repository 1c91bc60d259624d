with chosen as (
    select id, unique_key from jobs
    where id = any($1)
          -- Over without success, or waiting for its next try.
          and (state in ('failed', 'dead', 'cancelled') or state = 'queued' and attempt > 0)
          -- What the product does with its own rights is not a user's to repeat.
          and (app_scope() <> 'user' or acts_for = 'user')
    order by id for update
), fit as (
    -- Of jobs with one key one can wait or run: the newest, and none where there is another already.
    select distinct on (coalesce(c.unique_key, c.id::text)) c.id from chosen c
    where not exists (select from jobs a where a.unique_key = c.unique_key and a.state in ('queued', 'running')
                                               and a.id <> c.id)
    order by coalesce(c.unique_key, c.id::text), c.id desc
), moved as (
    update jobs j set
        state = 'queued', due_at = clock_timestamp(), again = false,
        failures = case j.state when 'queued' then j.failures else 0 end,
        lost_leases = case j.state when 'queued' then j.lost_leases else 0 end,
        cancel_requested_at = null, finished_at = null, progress = null
    from fit f where f.id = j.id
    returning j.id, j.lane
), told as (
    select pg_notify('mosaic_jobs', lane) from (select distinct lane from moved) lanes
)
select m.id from moved m, (select count(*) from told) t
