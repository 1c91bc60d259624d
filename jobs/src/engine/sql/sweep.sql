with lapsed as (
    select j.id, j.attempt, j.lease_owner, j.started_at from jobs j
    where j.state = 'running' and j.lease_until < now()
          -- Only a steady worker may take leases away.
          and exists (
              select from workers w
              where w.id = $1 and w.last_seen > now() - make_interval(secs => $2::float8 * 2 / 3)
                    and w.steady_since < now() - make_interval(secs => $2))
    order by j.id
    limit 500
    for update of j skip locked
), requeued as (
    update jobs j set
        state = case when j.cancel_requested_at is not null then 'cancelled'
                     when j.lost_leases + 1 >= $3 then 'dead'
                     else 'queued' end,
        lost_leases = j.lost_leases + 1,
        lease_owner = null,
        lease_until = null,
        due_at = clock_timestamp(),
        finished_at = case when j.cancel_requested_at is not null or j.lost_leases + 1 >= $3 then now() end,
        last_error = case when j.lost_leases + 1 >= $3
                          then format('Its worker disappeared %s times while it ran.', j.lost_leases + 1)
                          else j.last_error end
    from lapsed l where l.id = j.id
    returning j.id, j.kind, j.lane, j.state, j.awaited
), attempts as (
    insert into job_attempts (job_id, attempt, worker, started_at, outcome, error)
    select l.id, l.attempt, l.lease_owner, l.started_at, 'lost', 'Its worker stopped responding.' from lapsed l
    on conflict do nothing
), phases as (
    update job_phases p set finished_at = clock_timestamp()
    from lapsed l where p.job_id = l.id and p.attempt = l.attempt and p.finished_at is null
)
select r.kind as "kind!",
       case when r.state = 'queued' then pg_notify('mosaic_jobs', r.lane)
            when r.awaited then pg_notify('mosaic_job', r.id::text) end as notified
from requeued r
